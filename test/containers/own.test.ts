// A tool of one's own, from the packed tarball on: a recipe, an image, a container.
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cleanTemp, tempDir } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { outcomeOf, registryEnv, run } from '../e2e/command.ts'
import { installed, pack } from '../e2e/tarball.ts'
import { PATIENT, textOf, withClient } from './client.ts'
import { addressOf, ca, docker, stateOf } from './docker.ts'
import { untilHealthy, USER } from './service.ts'

const UV = 'uv==0.13.9'
const TOKEN = 'own-token'
const certificates = ca === undefined ? [] : ['--ca', ca]
let folder: string
let env: Record<string, string>
let bridge: string

beforeAll(async () => {
  env = registryEnv(tempDir())
  const project = await installed(await pack(), env)
  bridge = join(project, 'node_modules/.bin/mcp-bridge')
  folder = tempDir()
  await run(['python3', '-m', 'venv', join(folder, 'venv')], { env })
  await run([join(folder, 'venv/bin/pip'), 'install', '--quiet', UV], { env })
  for (const [name, value] of Object.entries(process.env)) {
    if (name.startsWith('DOCKER_')) env[name] = value ?? ''
  }
  env['PATH'] = [join(folder, 'venv/bin'), dirname(process.execPath), process.env['PATH']].join(':')
}, 600_000)

afterAll(cleanTemp)

/** Its stdout; a build may take minutes on a busy machine. */
function command(...args: readonly string[]): Promise<string> {
  return run([bridge, ...args], { env, cwd: folder, withinMs: 900_000 })
}

/** A tool in one file: what a person has who has no package. */
const SCRIPT = `#!/opt/mcp-bridge/bin/node
const tools = [{ name: 'shout', description: 'Shouts', inputSchema: { type: 'object' } }]
const answers = {
  initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'own', version: '1' } }),
  'tools/list': () => ({ tools }),
  'tools/call': ({ arguments: { text } }) => ({ content: [{ type: 'text', text: text.toUpperCase() }] }),
  ping: () => ({}),
}
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  const answer = answers[method]
  if (id !== undefined && answer) console.log(JSON.stringify({ jsonrpc: '2.0', id, result: answer(params) }))
})
`

interface Own {
  kind: string
  /** Makes what the source names; gives the source. */
  source: () => Promise<string> | string
  call: [tool: string, args: Record<string, unknown>, expected: string]
}

const OWN: Own[] = [
  {
    kind: 'npx',
    source: () => 'npx:@modelcontextprotocol/server-everything@2026.8.31',
    call: ['echo', { message: 'hi' }, 'Echo: hi'],
  },
  {
    kind: 'uvx',
    source: () => 'uvx:mcp-server-time==2026.10.19',
    call: ['get_current_time', { timezone: 'Asia/Tokyo' }, 'Asia/Tokyo'],
  },
  {
    kind: 'binary',
    source: () => {
      writeFileSync(join(folder, 'shout'), SCRIPT)
      return 'binary:./shout'
    },
    call: ['shout', { text: 'hi' }, 'HI'],
  },
  {
    kind: 'image',
    source: async () => {
      const context = join(folder, 'theirs')
      mkdirSync(context)
      writeFileSync(join(context, 'tool.cjs'), SCRIPT)
      const lines = [
        'FROM node:24-trixie-slim',
        'COPY tool.cjs /srv/tool.cjs',
        'USER node',
        'ENTRYPOINT []',
        'CMD ["node", "/srv/tool.cjs"]',
      ]
      writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`)
      await docker('build', '--quiet', '--tag', 'mcp-bridge-test-theirs:1.0', context)
      return 'image:mcp-bridge-test-theirs:1.0'
    },
    call: ['shout', { text: 'hi' }, 'HI'],
  },
]

test.for(OWN)(
  'own: $kind, from its name to an answer',
  async ({ kind, source: make, call: [tool, args, expected] }) => {
    const source = await make()
    const name = `own-${kind}`
    await command('image', 'init', source, '--name', name, '--network', 'none', '--output', name)
    const lock = join(folder, name, 'lock')
    const locks = (): string[] =>
      (existsSync(lock) ? readdirSync(lock) : []).map((file) => readFileSync(join(lock, file), 'utf8'))
    const before = locks()
    expect(before.join('')).not.toMatch(/"resolved"|--index-url/)
    await command('image', 'init', '--relock', name)
    expect(locks()).toEqual(before)
    const built = JSON.parse(
      await command('image', 'build', name, '--format', 'json', '--name', name, ...certificates),
    ) as { tag: string }
    // The same recipe and lock are the same image: nothing is built, nothing is called otherwise.
    const again = JSON.parse(await command('image', 'build', name, '--dry-run', '--format', 'json')) as {
      tag: string
    }
    expect(again.tag).toBe(built.tag)
    const container = `mcp-bridge-test-${name}-${process.pid}`
    await docker('network', 'create', '--internal', container)
    try {
      await docker(
        ...['run', '--detach', '--name', container, '--network', container, '--user', USER, '--read-only'],
        ...['--tmpfs', '/tmp:mode=1777', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
        ...['-e', `MCP_BRIDGE_TOKEN=${TOKEN}`, built.tag],
      )
      await untilHealthy(container)
      const base = `http://${await addressOf(container, container)}:8000`
      for (const path of ['/mcp', '/sse'] as const) {
        const text = await withClient(base, path, TOKEN, (client) =>
          textOf(client.callTool({ name: tool, arguments: args }, undefined, PATIENT)),
        )
        expect(text).toContain(expected)
      }
      await expect(withClient(base, '/mcp', 'wrong', (client) => client.ping())).rejects.toThrow(
        /401|unauthorized/i,
      )
      await docker('stop', container)
      expect((await stateOf(container)).ExitCode).toBe(0)
    } finally {
      await docker('rm', '--force', '--volumes', container)
      await docker('network', 'rm', container)
    }
  },
)

test('own: Docker alone, without uv and Go, makes the same lock', async () => {
  const bare = tempDir()
  for (const name of ['node', 'docker'])
    symlinkSync((await run(['which', name], { env })).trim(), join(bare, name))
  const sources = {
    uvx: 'uvx:mcp-server-time==2026.10.19',
    go: 'go:github.com/modelcontextprotocol/go-sdk/examples/server/memory@v1.8.0',
  }
  for (const [kind, source] of Object.entries(sources)) {
    const made = async (name: string, path?: string) => {
      const init = ['image', 'init', source, '--name', kind, '--output', name, ...certificates]
      const given = path === undefined ? env : { ...env, PATH: path }
      await run([bridge, ...init], { env: given, cwd: folder, withinMs: 900_000 })
      const lock = join(folder, name, 'lock')
      return readdirSync(lock).map((file) => [file, readFileSync(join(lock, file), 'utf8')])
    }
    expect(await made(`bare-${kind}`, bare)).toEqual(await made(`here-${kind}`))
  }
  const nothing = { ...env, PATH: tempDir() }
  symlinkSync(process.execPath, join(nothing.PATH, 'node'))
  const { code, stderr } = await outcomeOf([bridge, 'image', 'init', sources.uvx, '--output', 'none'], {
    env: nothing,
    cwd: folder,
  })
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/neither uv nor Docker is here[^]*→ install uv \(https:.*\) or Docker/),
  })
})

test('own: what is hostile is refused before anything is asked or written', async () => {
  const empty = tempDir()
  for (const source of [
    'npx:x@1.0.0\nRUN id',
    'npx:x@1.0.0;id',
    'uvx:$(id)==1',
    'go:x/../y@v1.0.0',
    'image:x:1 AS y',
  ]) {
    const { code, stderr } = await outcomeOf(
      [bridge, 'image', 'init', source, '--output', join(empty, 'x')],
      { env },
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mcp-bridge: the (package|version|image) /)
  }
  expect(existsSync(join(empty, 'x'))).toBe(false)
})
