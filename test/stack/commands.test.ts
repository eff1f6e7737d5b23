// ./tools on the running stack: a package becomes a running, registered, verified tool, and goes again without a trace.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { becomesWell, compose, failures, gateway, place, read, sh, tried, verify } from './stack.ts'

const PACKAGE = '@modelcontextprotocol/server-sequential-thinking'
const [OLD, NEW] = ['2026.7.4', '2026.8.31']
const THOUGHT = { thought: 'one', thoughtNumber: 1, totalThoughts: 1, nextThoughtNeeded: false }

afterAll(async () => {
  await tried(['./tools', 'remove', 'thinking', '--volumes'])
  rmSync(join(place.folder, 'broken'), { recursive: true, force: true })
  await becomesWell()
})

test('the tools of the stack are listed', async () => {
  const listed = await sh(['./tools', 'list'])
  expect(listed).toMatch(/^SERVICE +ALIAS +VERSION +STATE +FROM/)
  expect(listed).toMatch(/^postgres-mcp +db +0\.3\.0 +healthy +docker-compose\.yml$/m)
  expect(listed).toMatch(/^time +time +\S+ +healthy +docker-compose\.yml$/m)
})

describe('one of npm', () => {
  test('added by one command: it runs, is registered and verified', async () => {
    const before = await traces()
    const source = `npx:${PACKAGE}@${OLD}`
    const said = await sh(['./tools', 'add', source, '--name', 'thinking', '--network', 'none'])
    expect(said).toMatch(/discovery +thinking REST +1 tools/)
    expect(said).toContain('thinking runs: mcp-bridge/')
    expect(await gateway().call('thinking-sequentialthinking', THOUGHT)).toContain('thoughtHistoryLength')
    expect(await sh(['./tools', 'list'])).toMatch(
      new RegExp(`^thinking +thinking +${OLD} +healthy +added/thinking$`, 'm'),
    )
    expect(failures(await verify())).toEqual([])
    expect(await traces()).not.toEqual(before)
  })

  test('updated, and back', async () => {
    await sh(['./tools', 'update', 'thinking', NEW])
    expect(await sh(['./tools', 'list'])).toMatch(new RegExp(`^thinking .* ${NEW} .* ${OLD}$`, 'm'))
    expect(await gateway().call('thinking-sequentialthinking', THOUGHT)).toContain('thoughtHistoryLength')
    await sh(['./tools', 'rollback', 'thinking'])
    expect(await sh(['./tools', 'list'])).toMatch(new RegExp(`^thinking .* ${OLD} .* ${NEW}$`, 'm'))
    expect(failures(await verify(['--only', 'thinking']))).toEqual([])
  })

  test('removed: nothing of it is left', async () => {
    expect(await sh(['./tools', 'remove', 'thinking'])).toContain('thinking is gone')
    expect(Object.values(await traces()).join('\n')).not.toContain('thinking')
    expect(failures(await verify())).toEqual([])
  })
})

test('one that does not pass its verification is put back without a trace', async () => {
  mkdirSync(join(place.folder, 'broken/lock'), { recursive: true })
  const recipe = read('images/time/recipe.yaml')
    .replace(/^name: .*/m, 'name: broken')
    .replace(/^( +expect: ).*/m, '$1words that no clock says')
  writeFileSync(join(place.folder, 'broken/recipe.yaml'), recipe)
  writeFileSync(join(place.folder, 'broken/lock/requirements.txt'), read('images/time/lock/requirements.txt'))
  const before = await traces()
  const { code, stdout, stderr } = await tried(['./tools', 'add', 'broken'])
  expect(code).toBe(1)
  expect(stdout).toContain('answered without "words that no clock says"')
  expect(stderr).toContain('mcp-broken does not pass its verification: everything is put back as it was.')
  expect(await traces()).toEqual(before)
  expect(failures(await verify())).toEqual([])
})

test('what cannot be is refused, and nothing changes', async () => {
  const before = await traces()
  for (const [args, message] of [
    [['add', 'no-such-tool'], 'is no tool of the catalogue'],
    [['add', 'time'], 'time is there already'],
    // What would be merged over a service of the stack: one that runs, one of the toolbox, one of the proxy.
    [['add', 'git', '--name', 'postgres'], 'the service postgres is a name of the stack itself'],
    [['add', 'git', '--name', 'toolbox'], 'the service toolbox is a name of the stack itself'],
    [['add', 'git', '--name', 'caddy'], 'the service caddy is a name of the stack itself'],
    [['add', 'git', '--alias', 'egress'], 'the alias egress is a name of the stack itself'],
    [['add', 'time', '--name', 'clock', '--alias', 'time'], 'the alias time is taken'],
    [['add', 'time', '--name', 'clock', '--alias', 'a-b'], 'is no alias'],
    [['add', 'notion'], '--env'],
    [['update', 'nothing'], 'there is no tool "nothing"'],
    [['rollback', 'time'], 'was never updated'],
    [['remove', 'time'], 'belongs to docker-compose.yml'],
  ] as const) {
    const { code, stderr } = await tried(['./tools', ...args])
    expect({ args, code, stderr }).toEqual({ args, code: 2, stderr: expect.stringContaining(message) })
  }
  expect(await traces()).toEqual(before)
})

/** Everything a tool could leave behind. */
async function traces(): Promise<Record<string, string>> {
  const label = `label=com.docker.compose.project=${place.env['COMPOSE_PROJECT_NAME'] ?? ''}`
  const docker = async (...args: string[]) => sorted(await sh(['docker', ...args, '--filter', label]))
  // Not those that ran a command and are being removed.
  const lasting = ['--filter', 'label=com.docker.compose.oneoff=False']
  return {
    env: read('.env'),
    litellm: read('config/litellm.yaml'),
    people: sorted(await sh(['find', 'people', '-type', 'f'])),
    added: await sh(['sh', '-c', 'find added -type f 2>/dev/null || true']),
    services: sorted(await compose('config', '--services')),
    containers: await docker(
      'ps',
      '--all',
      ...lasting,
      '--format',
      '{{.Label "com.docker.compose.service"}}',
    ),
    networks: await docker('network', 'ls', '--format', '{{.Name}}'),
    volumes: await docker('volume', 'ls', '--format', '{{.Name}}'),
  }
}

/** Neither Docker nor Compose keeps an order. */
function sorted(list: string): string {
  return list.split('\n').toSorted().join('\n')
}
