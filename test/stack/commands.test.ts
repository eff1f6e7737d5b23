// ./tools on the running stack: a package becomes a running, registered, verified tool, and goes again without a trace.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '@mcp-bridge/testkit'
import { afterAll, describe, expect, test } from 'vitest'
import { launch, type Program } from '../e2e/command.ts'
import {
  change,
  compose,
  failures,
  gateway,
  PATIENCE_MS,
  place,
  read,
  setting,
  sh,
  startedAt,
  tried,
  verify,
} from './stack.ts'

const PACKAGE = '@modelcontextprotocol/server-sequential-thinking'
const [OLD, NEW] = ['2026.7.4', '2026.8.31']
const PROJECT = place.env['COMPOSE_PROJECT_NAME'] ?? ''
const THOUGHT = { thought: 'one', thoughtNumber: 1, totalThoughts: 1, nextThoughtNeeded: false }

afterAll(async () => {
  await tried(['./tools', 'remove', 'thinking', '--volumes'])
  rmSync(join(place.folder, 'broken'), { recursive: true, force: true })
})

test('the tools of the stack are listed', async () => {
  const listed = await sh(['./tools', 'list'])
  expect(listed).toMatch(/^SERVICE +ALIAS +VERSION +STATE +FROM/)
  expect(listed).toMatch(/^postgres-mcp +db +0\.3\.0 +healthy +docker-compose\.yml$/m)
  expect(listed).toMatch(/^time +time +\S+ +healthy +docker-compose\.yml$/m)
})

describe('one of npm', () => {
  test('added by one command: it runs, is registered and verified, and it is said who may use it', async () => {
    const before = await traces()
    const source = `npx:${PACKAGE}@${OLD}`
    const said = await sh(
      ['./tools', 'add', source, '--name', 'thinking', '--network', 'none', '--env', 'THINKING_NOTE'],
      { THINKING_NOTE: 'by the environment' },
    )
    expect(said).toMatch(/discovery +thinking REST +1 tools/)
    expect(said).toContain('thinking runs: mcp-bridge/')
    expect(said).toContain('Everybody with a key may use all its 1 tools: people/thinking/bridge.yaml')
    expect(said).toContain('It has no way out to the Internet.')
    expect(await compose('exec', '-T', 'thinking', 'printenv', 'THINKING_NOTE')).toBe('by the environment\n')
    expect(await gateway().call('thinking-sequentialthinking', THOUGHT)).toContain('thoughtHistoryLength')
    expect(await sh(['./tools', 'list'])).toMatch(
      new RegExp(`^thinking +thinking +${OLD} +healthy +added/thinking$`, 'm'),
    )
    expect(failures(await verify())).toEqual([])
    expect(await traces()).not.toEqual(before)
  })

  test('the proxy has a way to it, whenever it comes', async () => {
    const files = setting('COMPOSE_FILE').replace('docker-compose.yml', '$&:proxy/compose.yaml')
    const config = await sh(['docker', 'compose', 'config', '--format', 'json'], { COMPOSE_FILE: files })
    const { services } = JSON.parse(config) as { services: { caddy: { networks: object } } }
    expect(Object.keys(services.caddy.networks)).toContain('tool-thinking')
  })

  test('updated; an update without anything newer does nothing; and back', async () => {
    expect(await sh(['./tools', 'update', 'thinking', NEW])).toContain(`(${OLD} → ${NEW})`)
    expect(await gateway().call('thinking-sequentialthinking', THOUGHT)).toContain('thoughtHistoryLength')
    const started = await startedAt('thinking')
    expect(await sh(['./tools', 'update', 'thinking', NEW])).toBe(`thinking is at ${NEW} already\n`)
    expect(await startedAt('thinking')).toBe(started)
    expect(await sh(['./tools', 'list'])).toMatch(new RegExp(`^thinking .* ${NEW} .* ${OLD}$`, 'm'))
    await sh(['./tools', 'rollback', 'thinking'])
    expect(await sh(['./tools', 'list'])).toMatch(
      new RegExp(`^thinking .* ${OLD} +healthy +added/thinking$`, 'm'),
    )
    expect(failures(await verify(['--only', 'thinking']))).toEqual([])
  })

  test('all that are behind are updated; one that nobody knows stops none', async () => {
    const back = ghost()
    try {
      const { code, stdout, stderr } = await tried(['./tools', 'update', '--all'])
      expect(stdout).toMatch(new RegExp(`^thinking +${OLD} +${NEW} +./tools update thinking$`, 'm'))
      expect(stdout).toMatch(/^ghost +\? +\? +\S/m)
      expect(stdout).toContain(`(${OLD} → ${NEW})`)
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/not updated: .*ghost/) })
    } finally {
      back()
    }
  })

  test('removed: nothing of it is left, and prune takes its images', async () => {
    expect(await sh(['./tools', 'remove', 'thinking'])).toContain('thinking is gone')
    expect(Object.values(await traces()).join('\n')).not.toContain('thinking')
    // What was there before this stack is not its own, nor are images that run.
    const build = `docker build --quiet --label mcp-bridge.stack=${PROJECT} --tag mcp-bridge/gone:1 -`
    await sh(['sh', '-c', `echo 'FROM mcp-bridge-base:0.1.0' | ${build}`])
    const said = await sh(['./tools', 'prune'])
    expect(said).toContain('removed mcp-bridge/gone:1 (')
    expect(said).toMatch(
      /\d images removed, \d+ MB\. What Docker keeps for its next builds: docker builder prune/,
    )
    const left = ['docker', 'image', 'ls', '--quiet', '--filter', `label=mcp-bridge.stack=${PROJECT}`]
    expect(await sh(left)).toBe('')
    expect(failures(await verify())).toEqual([])
  })
})

describe('put back without a trace', () => {
  test('one that is interrupted', async () => {
    const before = await traces()
    const { started, output } = await starting()
    const second = await tried(['./tools', 'remove', 'time'])
    expect(second).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(
          `another change of this stack runs: ./tools add npx:${PACKAGE}\\S* \\(process ${started.pid}, since`,
        ),
      ),
    })
    process.kill(-started.pid, 'SIGINT')
    expect(await started.exited).toMatchObject({ code: 130 })
    expect(output.stderr).toContain('Everything is put back as it was.')
    expect(await traces()).toEqual(before)
  })

  test('one that was killed, by the next change', async () => {
    const before = await traces()
    const { started } = await starting()
    process.kill(-started.pid, 'SIGKILL')
    await started.exited
    const { code, stderr } = await tried(['./tools', 'rollback', 'time'])
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /the last change, of thinking, was cut short[^]*put back as it was[^]*time could go back to/,
      ),
    })
    expect(await traces()).toEqual(before)
  })
})

test('one that ends at its start is given up at once, with its own reason', async () => {
  mkdirSync(join(place.folder, 'broken/lock'), { recursive: true })
  const recipe =
    'name: broken\ntitle: X\ndescription: d\nruntime: binary\nversion: "1"\nentry: program\nnetwork: none\nchildren: shared\n'
  writeFileSync(join(place.folder, 'broken/recipe.yaml'), recipe)
  writeFileSync(
    join(place.folder, 'broken/lock/program'),
    '#!/bin/sh\necho "no licence was found; the following arguments are required: transport" >&2\nexit 1\n',
  )
  const before = await traces()
  const { code, stderr } = await tried(['./tools', 'add', 'broken'])
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(
      /^mcp-bridge: [^]*no licence was found[^]*mcp-broken does not start: see above\./m,
    ),
  })
  expect(stderr.match(/no licence was found/g)).toHaveLength(1)
  expect(stderr).toContain('"stdio" makes it speak stdio: ./tools add … -- stdio\n')
  expect(await traces()).toEqual(before)
  rmSync(join(place.folder, 'broken'), { recursive: true })
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
  expect(stderr).toContain('mcp-broken does not pass its verification: see above.\n')
  expect(stderr).toContain('Everything is put back as it was.')
  expect(await traces()).toEqual(before)
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
    [['rollback', 'time'], 'there is nothing that time could go back to'],
    [['add', 'notion', '--env', 'NOT_SET_ANYWHERE'], 'NOT_SET_ANYWHERE is not in the environment'],
    [['remove', 'time'], 'belongs to docker-compose.yml'],
  ] as const) {
    const { code, stderr } = await tried(['./tools', ...args])
    expect({ args, code, stderr }).toEqual({
      args,
      code: expect.toBeOneOf([1, 2]),
      stderr: expect.stringContaining(message),
    })
  }
  expect(await traces()).toEqual(before)
})

/** `./tools add` that has come as far as the start of the tool. */
async function starting(): Promise<Program> {
  const words = ['./tools', 'add', `npx:${PACKAGE}@${OLD}`, '--name', 'thinking', '--network', 'none']
  const program = await launch(words, { cwd: place.folder, env: place.env })
  await eventually(() => program.output.stderr.includes('starting thinking'), {
    what: 'the tool to be started',
    withinMs: PATIENCE_MS,
  })
  return program
}

/** A tool that stands in the files only, of a package that is in no registry. Gives what takes it away. */
function ghost(): () => void {
  const folder = join(place.folder, 'added/ghost')
  mkdirSync(folder, { recursive: true })
  const recipe = read('added/thinking/recipe.yaml').replace(
    PACKAGE,
    '@modelcontextprotocol/ghost-of-a-server',
  )
  writeFileSync(join(folder, 'recipe.yaml'), recipe)
  for (const file of ['lock/package.json', 'lock/package-lock.json']) {
    mkdirSync(join(folder, 'lock'), { recursive: true })
    writeFileSync(join(folder, file), read(`added/thinking/${file}`))
  }
  writeFileSync(
    join(folder, 'compose.yaml'),
    'services: { ghost: { image: "mcp-bridge/ghost:1", network_mode: none, labels: { mcp-bridge.tool: ghost } } }\n',
  )
  const back = change(
    '.env',
    'COMPOSE_FILE=docker-compose.yml',
    'COMPOSE_FILE=docker-compose.yml:added/ghost/compose.yaml',
  )
  return () => {
    back()
    rmSync(folder, { recursive: true })
  }
}

/** Everything a tool could leave behind. */
async function traces(): Promise<Record<string, string>> {
  const label = `label=com.docker.compose.project=${PROJECT}`
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
