import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { BridgeError } from '../errors.ts'
import type { Config, Server } from './config.ts'
import { loadConfig, type LoadOptions } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'mcp-bridge-servers-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function fileOf(content: unknown, name = 'mcp.json'): string {
  const path = join(folder, String(++files), name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

function load(options: LoadOptions) {
  return loadConfig({ env: {}, ...options })
}

async function serversOf(...paths: string[]): Promise<NonNullable<Config['servers']>> {
  return (await load({ flags: { servers: paths } })).config.servers ?? {}
}

async function problemsOf(options: LoadOptions): Promise<string[]> {
  const error = await load(options).catch((error: unknown) => error)
  if (!(error instanceof BridgeError) || error.code !== 'config_invalid') throw new Error('no problem')
  return error.message.split('\n  ').slice(1)
}

const state = ({ state, reason }: Server) => (reason === undefined ? state : `${state}: ${reason}`)
const states = (servers: Record<string, Server>) =>
  Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, state(server)]))

const mcpServers = (entries: object) => ({ mcpServers: entries })
const GOOD = { command: 'node', args: ['good.js'] }

test('every entry is served under its own name, as its editor leaves the file', async () => {
  const text = `\uFEFF// of the team
    { "mcpServers": { "Git_1.x": { "command": "uvx", "args": ["mcp-server-git"], }, /* more */ }, }`
  const servers = await serversOf(fileOf(text))
  expect(servers['Git_1.x']?.config).toMatchObject({
    ...{ command: ['uvx', 'mcp-server-git'], mcpPath: '/Git_1.x/mcp', ssePath: '/Git_1.x/sse' },
  })
})

describe('several files', () => {
  test('are one list; of a name that stands in two the later counts, and that is said', async () => {
    const first = fileOf(mcpServers({ a: GOOD, b: { command: 'old' } }))
    const second = fileOf(mcpServers({ B: { command: 'new' } }))
    const { config, warnings, files: read } = await load({ flags: { servers: [first, second] } })
    expect(Object.keys(config.servers ?? {})).toEqual(['a', 'B'])
    expect(config.servers?.['B']).toMatchObject({
      config: { command: ['new'] },
      notes: [`in place of that of ${first}`],
    })
    expect(warnings).toEqual([`B of ${second} is served in place of that of ${first}`])
    expect(read).toEqual([first, second])
  })

  test('can be named by a variable, and by the config file, from where that is', async () => {
    const [one, two] = [fileOf(mcpServers({ a: GOOD })), fileOf(mcpServers({ b: GOOD }))]
    const { config } = await load({ env: { MCP_BRIDGE_SERVERS: `${one},${two}` } })
    expect(Object.keys(config.servers ?? {})).toEqual(['a', 'b'])
    writeFileSync(join(dirname(one), 'bridge.yaml'), 'servers: mcp.json')
    const other = await load({ configFile: join(dirname(one), 'bridge.yaml') })
    expect(Object.keys(other.config.servers ?? {})).toEqual(['a'])
    expect(other.files).toEqual([join(dirname(one), 'bridge.yaml'), one])
  })

  test('without a server are said to be', async () => {
    const empty = fileOf(mcpServers({}))
    expect((await load({ flags: { servers: [empty] } })).warnings).toEqual([`there is no server in ${empty}`])
  })
})

describe('names', () => {
  test('that are no part of a path are made one, and that is said', async () => {
    const servers = await serversOf(
      fileOf(
        mcpServers({ 'Mémoire (team)': GOOD, 记忆: { command: 'npx', args: ['-y', '@x/mcp-memory@1'] } }),
      ),
    )
    expect(Object.keys(servers)).toEqual(['Memoire-team', 'mcp-memory'])
    expect(servers['Memoire-team']?.notes).toEqual([
      'its name "Mémoire (team)" is no part of a path: it is Memoire-team here',
    ])
  })

  test('of two that are one path the second is wrong, and names the first', async () => {
    expect(
      states(await serversOf(fileOf(mcpServers({ git: GOOD, GIT: GOOD, 'a b': GOOD, 'a-b': GOOD })))),
    ).toEqual({
      ...{ git: 'on', 'GIT (2)': 'wrong: git has the same path: rename one of the two' },
      ...{ 'a-b': 'on', 'a-b (2)': 'wrong: a b has the same path: rename one of the two' },
    })
  })

  test('of the projects of Claude Code, each in its own folder', async () => {
    const projects = { '/home/me/a': mcpServers({ x: GOOD, y: GOOD }) }
    const servers = await serversOf(fileOf({ ...mcpServers({ x: GOOD }), projects }, '.claude.json'))
    expect(states(servers)).toEqual({
      ...{ x: 'on', y: 'on', 'x of /home/me/a': 'wrong: x has the same path: rename one of the two' },
    })
    expect([servers['x']?.config?.cwd, servers['y']?.config?.cwd]).toEqual([undefined, '/home/me/a'])
  })
})

function own(text: string) {
  return load({ configFile: fileOf(text, 'bridge.yaml'), env: { KEY: 'k', HOME: '/home/me' } })
}

describe('files of other proxies are read as they are', () => {
  const tools = { command: 'uvx', args: ['mcp-server-fetch'] }

  test('mcp-proxy --named-server-config', async () => {
    const fetch = { ...tools, disabled: false, timeout: 60, transportType: 'stdio' }
    const github = { ...tools, disabled: true }
    expect(states(await serversOf(fileOf(mcpServers({ fetch, github }), 'named.json')))).toEqual({
      ...{ fetch: 'on', github: 'off: it is switched off in the file' },
    })
  })

  test('mcp-proxy of TBXark, whose filters are kept', async () => {
    const content = {
      mcpProxy: { baseURL: 'https://mcp.example', addr: ':9090', type: 'streamable-http' },
      ...mcpServers({
        fetch: { ...tools, options: { logEnabled: true, toolFilter: { mode: 'block', list: ['a*'] } } },
        only: { ...tools, options: { toolFilter: { mode: 'allow', list: ['b'] } } },
        odd: { ...tools, options: { toolFilter: { mode: 'maybe', list: ['b'] } } },
        away: { url: 'https://mcp.example/mcp', transportType: 'streamable-http' },
      }),
    }
    const servers = await serversOf(fileOf(content, 'config.json'))
    expect(states(servers)).toEqual({
      ...{ fetch: 'on', only: 'on', away: 'remote' },
      odd: 'wrong: options.toolFilter has a mode that is not known',
    })
    expect(servers['fetch']?.config?.toolsDeny).toEqual([String.raw`a\*`])
    expect(servers['fetch']?.notes).toEqual(['has no meaning here: options.logEnabled'])
    expect(servers['only']?.config?.toolsAllow).toEqual(['b'])
  })

  test('mcpo --config', async () => {
    const entries = {
      fetch: { ...tools, disabledTools: ['drop'] },
      away: {
        type: 'streamable-http',
        url: 'https://mcp.example/mcp',
        headers: { Authorization: 'Bearer x' },
      },
    }
    const servers = await serversOf(fileOf(mcpServers(entries), 'config.json'))
    expect(states(servers)).toEqual({ fetch: 'on', away: 'remote' })
    expect(servers['fetch']?.config?.toolsDeny).toEqual(['drop'])
  })
})

describe('servers in our own file', () => {
  test('have every option of a tool, under each of its names', async () => {
    const { config } = await own(`
idle: 9s
servers:
  git:
    command: [./git.sh, --key, '\${KEY}', 1.10]
    cwd: work
    env: { VERSION: 1.10, BIG: 9007199254740993, KEY: '\${KEY}', ON: true }
    children: shared
    warm: 2
    max-sessions: 3
    callTimeoutMs: 4s
    tools-allow: 'get_*'
    era: legacy
    start: eager
  off: { command: [x], enabled: false }
`)
    const { git, off } = config.servers ?? {}
    expect(git).toMatchObject({ state: 'on', start: 'eager', shown: './git.sh --key ${KEY} 1.10' })
    expect(git?.config).toMatchObject({
      env: { VERSION: '1.10', BIG: '9007199254740993', KEY: 'k', ON: 'true' },
      ...{ children: 'shared', warm: 2, maxSessions: 3, callTimeoutMs: 4000, idleMs: 9000 },
      ...{ toolsAllow: ['get_*'], era: 'legacy' },
    })
    const cwd = git?.config?.cwd ?? ''
    expect(cwd).toMatch(/^\/.*\/work$/)
    expect(git?.config?.command).toEqual([join(cwd, 'git.sh'), '--key', 'k', '1.10'])
    expect(state(off as Server)).toBe('off: it is switched off in the file')
  })

  test('are wrong one by one', async () => {
    const { config } = await own(`
servers:
  text: npx
  words: { command: npx -y x }
  twice: { command: [x], idle: 1s, idle-ms: 2s }
  odd: { command: [x], idel: 1s }
  port: { command: [x], port: 80 }
  asked: { command: [x, '\${OTHER}'] }
  lacking: { command: [x], env-file: none.env }
  good: { command: [x] }
`)
    expect(states(config.servers ?? {})).toMatchObject({
      text: 'wrong: write a map of options: { command: [npx, -y, server] }',
      words: expect.stringContaining('wrong: command: write a list'),
      twice: 'wrong: idle-ms: is there twice, under two names',
      odd: expect.stringContaining('wrong: idel: there is no such option'),
      port: 'wrong: port: is for all servers together',
      asked: 'off: set OTHER',
      lacking: expect.stringMatching(/^wrong: its file of variables \/.*\/none\.env cannot be read: ENOENT$/),
      good: 'on',
    })
  })

  test('are no number', async () => {
    const configFile = fileOf('servers: 1', 'bridge.yaml')
    expect(await problemsOf({ configFile })).toEqual([
      `file ${configFile}: write the name of a file, or a map from names to options`,
    ])
  })
})

describe('a file that cannot be read is a problem of the whole, and nothing of it is repeated', () => {
  test.each([
    ['mcp.json', '{"mcpServers": {"a": {"command": hunter2}}}', /mcp\.json is no JSON: line 1: /],
    [
      'mcp.json',
      '{\n"mcpServers": {\n"a": {"command" "hunter2"}}}',
      /mcp\.json is no JSON: line 3: colon expected/,
    ],
    ['config.toml', 'a = 1\n[mcp_servers.hunter2', /config\.toml is no TOML: line 2$/],
    ['mcp.json', '{"hunter2": {}}', /mcp\.json has none of mcpServers, servers, /],
    [
      'bridge.yaml',
      'servers: { a: { command: [hunter2] } }',
      /is a file of the bridge: give it with --config /,
    ],
  ])('%s: %s', async (name, text, problem) => {
    const problems = await problemsOf({ flags: { servers: [fileOf(text, name)] } })
    expect(problems).toEqual([expect.stringMatching(problem)])
    expect(problems[0]).toMatch(/^flag --servers: /)
    expect(problems[0]).not.toContain('hunter2')
  })

  test('one that is not there, and one that is a folder', async () => {
    expect(await problemsOf({ flags: { servers: ['/nowhere.json', folder] } })).toEqual([
      'flag --servers: /nowhere.json cannot be read: ENOENT',
      `flag --servers: ${folder} cannot be read: EISDIR`,
    ])
  })

  test('one of a client, given as a config file', async () => {
    const configFile = fileOf(mcpServers({ a: GOOD }))
    expect(await problemsOf({ configFile, command: ['x'] })).toEqual([
      `file ${configFile}, mcpServers: is part of a client's file: give that with --servers ${configFile}`,
    ])
  })
})

test('what a placeholder stands for is in no reason, no note and no shown command', async () => {
  const env = { SECRET: 'hunter2' }
  const entries = {
    a: { command: 'x', args: ['--key', '${SECRET}', '${NOT_SET}'] },
    b: { command: 'x', args: ['${SECRET}'] },
    c: { command: 'x', env: { A: '${SECRET}', MCP_BRIDGE_X: '${SECRET}' } },
    d: { command: '${SECRET}', args: {} },
  }
  const { config } = await load({ env, flags: { servers: [fileOf(mcpServers(entries))] } })
  for (const { config: _, ...told } of Object.values(config.servers ?? {}))
    expect(JSON.stringify(told)).not.toContain('hunter2')
})

test('whatever stands in one entry, the other is served, and nothing throws', async () => {
  const key = fc.oneof(
    fc.constantFrom('command', 'args', 'env', 'url', 'type', 'cwd', 'envFile', 'disabled', 'disabledTools'),
    fc.string(),
  )
  const value = fc.oneof(fc.jsonValue(), fc.string(), fc.constantFrom('${A}', '${input:x}', '${', '~', '.'))
  const entry = fc.oneof(fc.jsonValue(), fc.dictionary(key, value))
  const path = fileOf('')
  await fc.assert(
    fc.asyncProperty(fc.string(), entry, async (name, bad) => {
      fc.pre(name.toLowerCase() !== 'good')
      const entries = { good: GOOD, ...Object.fromEntries([[name, bad]]) }
      for (const content of [mcpServers(entries), { servers: entries }]) {
        writeFileSync(path, JSON.stringify(content))
        expect((await serversOf(path))['good']?.config?.command).toEqual(['node', 'good.js'])
      }
      const configFile = path
      writeFileSync(path, JSON.stringify({ servers: { ...entries, good: { command: ['x'] } } }))
      expect((await load({ configFile })).config.servers?.['good']?.config?.command).toEqual(['x'])
    }),
  )
})
