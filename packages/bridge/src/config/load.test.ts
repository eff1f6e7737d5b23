import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { BridgeError } from '../errors.ts'
import { loadAddress, loadConfig, parseConfig, type Loaded, type LoadOptions } from './load.ts'
import { isLoopback } from './loopback.ts'
import { OPTIONS } from './options.ts'
import { printConfig } from './print.ts'
import { configSchema } from './schema.ts'

const folder = mkdtempSync(join(tmpdir(), 'mcp-bridge-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const command = ['npx', '-y', 'server']

function load(options: LoadOptions): Promise<Loaded> {
  return loadConfig({ command, env: {}, ...options })
}

/** The lines of the complaint, without its title. */
function problemsOf(options: LoadOptions): Promise<string[]> {
  return complaint(() => load(options))
}

async function complaint(run: () => unknown): Promise<string[]> {
  try {
    await run()
  } catch (error) {
    if (error instanceof BridgeError && error.code === 'config_invalid')
      return error.message.split('\n  ').slice(1)
    throw error
  }
  return []
}

let files = 0
function fileOf(text: string, name = 'bridge.yaml'): string {
  const path = join(folder, `${++files}-${name}`)
  writeFileSync(path, text)
  return path
}

test('what nobody has set has its default', async () => {
  const { config, origins, warnings } = await load({})
  expect(config).toEqual({
    command,
    host: '127.0.0.1',
    port: 8000,
    ssePath: '/sse',
    messagePath: '/messages',
    mcpPath: '/mcp',
    children: 'session',
    recycleAfter: 0,
    replicas: {},
    toolsAllow: [],
    toolsDeny: [],
    readOnly: false,
    clients: {},
    maxSessions: 1000,
    maxChildren: 64,
    idleMs: 300_000,
    startTimeoutMs: 120_000,
    callTimeoutMs: 0,
    progressEveryMs: 0,
    maxBodyBytes: 16_777_216,
    maxLineBytes: 67_108_864,
    maxBufferBytes: 8_388_608,
    maxReplayBytes: 1_048_576,
    maxCalls: 1024,
    drainMs: 5000,
    allowOrigin: [],
    allowHost: [],
    cors: false,
    insecure: false,
    metrics: false,
    auditRequired: false,
    auditArguments: [],
    env: {},
    envFile: [],
    passEnv: [],
    headerEnv: [],
    onePage: false,
    compat: [],
    era: 'auto',
    onCrash: 'restart',
    onToolChange: 'refuse',
    logLevel: 'info',
  })
  expect(origins).toMatchObject({ command: 'flag --', port: 'default', token: 'default' })
  expect(warnings).toEqual([])
})

test('every key but the command and the clients has one option, under names of its own', () => {
  const keys = Object.keys(configSchema.shape).filter((key) => key !== 'command' && key !== 'clients')
  expect(OPTIONS.map(({ key }) => key).toSorted()).toEqual(keys.toSorted())
  for (const name of ['flag', 'env', 'fileKey'] as const)
    expect(new Set(OPTIONS.map((row) => row[name])).size).toBe(keys.length)
  expect(OPTIONS.find(({ key }) => key === 'maxBodyBytes')).toMatchObject({
    flag: '--max-body',
    env: 'MCP_BRIDGE_MAX_BODY',
    fileKey: 'max-body',
    default: '16MiB',
  })
})

test('flags win over variables, variables over the file, the file over defaults', async () => {
  const configFile = fileOf('port: 1\nidle: 1m\nwarm: 3\nmaxBodyBytes: 1024\nmaxLine: 2k\ncors: true\n')
  const env = { MCP_BRIDGE_PORT: '2', MCP_BRIDGE_IDLE: '2m', MCP_BRIDGE_CONFIG: '/not/read' }
  const { config, origins } = await load({ configFile, env, flags: { port: '3', drainMs: undefined } })
  expect(config).toMatchObject({
    port: 3,
    idleMs: 120_000,
    warm: 3,
    maxBodyBytes: 1024,
    maxLineBytes: 2048,
    cors: true,
  })
  expect(origins).toMatchObject({
    port: 'flag --port',
    idleMs: 'variable MCP_BRIDGE_IDLE',
    warm: `file ${configFile}`,
    drainMs: 'default',
  })
})

test('lists and pairs are read from every source', async () => {
  const fromEnv = (
    await load({
      env: {
        MCP_BRIDGE_ALLOW_ORIGIN: 'https://a.example, https://b.example:8443/\nhttp://c.example',
        MCP_BRIDGE_ENV: 'A=1,2\nB=x=y\n',
        MCP_BRIDGE_HEADER_ENV: 'X-GitHub-Token=GITHUB_TOKEN',
        MCP_BRIDGE_CORS: 'Yes',
      },
    })
  ).config
  expect(fromEnv.allowOrigin).toEqual(['https://a.example', 'https://b.example:8443/', 'http://c.example'])
  expect(fromEnv.env).toEqual({ A: '1,2', B: 'x=y' })
  expect(fromEnv.headerEnv).toEqual([{ header: 'x-github-token', name: 'GITHUB_TOKEN' }])
  expect(fromEnv.cors).toBe(true)

  const configFile = fileOf(
    'env: { A: 1, B: true, C: "" }\npass-env: [GH_*]\nheader-env: { X-Key: KEY }\nport:\n',
  )
  const fromFile = (await load({ configFile })).config
  expect(fromFile.env).toEqual({ A: '1', B: 'true', C: '' })
  expect(fromFile.passEnv).toEqual(['GH_*'])
  expect(fromFile.headerEnv).toEqual([{ header: 'x-key', name: 'KEY' }])
  expect(fromFile.port).toBe(8000)

  const fromFlags = (
    await load({
      flags: { env: ['A=1', 'B=2=3'], headerEnv: ['X-A=A'], allowHost: ['tools.example'] },
    })
  ).config
  expect(fromFlags.env).toEqual({ A: '1', B: '2=3' })
  expect(fromFlags.allowHost).toEqual(['tools.example'])
})

test('a comma separates in a flag and in an item of a list, as in a text', async () => {
  const flags = {
    allowHost: ['a.example, b.example', 'c.example'],
    allowOrigin: ['https://a.example,*'],
    headerEnv: ['X-A=A,X-B=B'],
    passEnv: ['A_*,!A_KEY'],
    toolsAllow: ['{a,b},c'],
    env: ['A=1,2'],
    envFile: ['a,b.env'],
  }
  const configFile = fileOf('tools-deny: ["a,b", c]\n')
  expect((await load({ flags })).config).toMatchObject({
    allowHost: ['a.example', 'b.example', 'c.example'],
    allowOrigin: ['https://a.example', '*'],
    headerEnv: [
      { header: 'x-a', name: 'A' },
      { header: 'x-b', name: 'B' },
    ],
    passEnv: ['A_*', '!A_KEY'],
    toolsAllow: ['{a,b}', 'c'],
    env: { A: '1,2' },
    envFile: ['a,b.env'],
  })
  expect((await load({ configFile })).config.toolsDeny).toEqual(['a', 'b', 'c'])
})

test.each(['toolsAllow', 'toolsDeny', 'passEnv', 'allowHost', 'allowOrigin', 'headerEnv', 'envFile'])(
  '%s: a text of nothing is no list of nothing, which would let everything through',
  async (key) => {
    for (const value of ['', ' , ', [''], ['a', ''], [',']])
      expect([value, (await problemsOf({ flags: { [key]: value } })).length > 0]).toEqual([value, true])
    expect(await problemsOf({ flags: { [key]: [] } })).toEqual([])
  },
)

test('a host is named as it stands in a request: no pattern, no letters that browsers write otherwise', async () => {
  expect(
    await problemsOf({ flags: { allowHost: ['a.example', 'A_b.example', '[::1]:80', '10.0.0.1', '*'] } }),
  ).toEqual([])
  for (const host of ['*.example', 'bücher.example', 'http://a.example', 'a b'])
    expect([host, (await problemsOf({ flags: { allowHost: [host] } })).length]).toEqual([host, 1])
})

test('a glob that nobody can read is refused, wherever it stands', async () => {
  const flags = { toolsDeny: ['a', '@(b|c)'], passEnv: ['{A'], toolsAllow: '[' }
  expect((await problemsOf({ flags })).toSorted()).toEqual([
    'flag --pass-env: the glob "{A" has a { without a }',
    'flag --tools-allow: the glob "[" has a [ without a ]',
    'flag --tools-deny: the glob "@(b|c)" has a (, which means nothing here: write \\(',
  ])
  const configFile = fileOf('clients: { ann: { token: t, tools-deny: "{a" } }')
  expect((await problemsOf({ configFile })).join()).toContain('clients: the glob "{a" has a { without a }')
})

test('a file of JSON, also one named by a variable; paths in it are meant from where it is', async () => {
  const json =
    '{\n\t"command": ["server", "--depth", 3],\n\t"env-file": ["a.env", "/b.env"],\n\t"tokenFile": "t", "cwd": ".."\n}'
  const { config, origins } = await load({
    command: [],
    env: { MCP_BRIDGE_CONFIG: fileOf(json, 'bridge.json') },
  })
  expect(config.command).toEqual(['server', '--depth', '3'])
  expect(origins['command']).toMatch(/^file .*bridge\.json$/)
  expect(config).toMatchObject({
    envFile: [join(folder, 'a.env'), '/b.env'],
    tokenFile: join(folder, 't'),
    cwd: join(folder, '..'),
  })
  expect((await load({ flags: { cwd: 'here' } })).config.cwd).toBe('here')
  expect((await load({ configFile: fileOf('command: [other]') })).config.command).toEqual(command)
})

test('all problems are reported together, each with its origin', async () => {
  const configFile = fileOf('idel: 5m\nwarm: 65\nallow-host: [a, "b/c"]\n')
  const env = { MCP_BRIDGE_IDLE: '300', MCP_BRIDGE_LOG_LEVEL: 'loud' }
  const flags = { port: 'eighty', host: '0.0.0.0', children: 'some', maxBodyBytes: '1TB' }
  expect((await problemsOf({ command: [], configFile, env, flags })).toSorted()).toEqual(
    [
      `file ${configFile}, idel: there is no such option; did you mean idle?`,
      'name the command after "--", or a file with --servers',
      'flag --port: "eighty" is not a whole number from 0 to 65535',
      'flag --children: write session, shared, pool',
      `file ${configFile}, warm: 65 is not a whole number from 0 to 64`,
      'variable MCP_BRIDGE_IDLE: "300" has no unit: write 300ms or 300s',
      'flag --max-body: "1TB" is not a size: write 1024, 64KiB or 16MiB',
      `file ${configFile}, allow-host: write host names such as tools.example, or *`,
      'variable MCP_BRIDGE_LOG_LEVEL: write trace, debug, info, warn, error, silent',
      '--host 0.0.0.0 is reachable by others: set --token or --token-file, or --insecure to serve without (variables: MCP_BRIDGE_TOKEN, MCP_BRIDGE_TOKEN_FILE)',
    ].toSorted(),
  )
  await expect(load({ flags: { port: '-1' } })).rejects.toThrow(
    'the configuration has a problem:\n  flag --port: "-1"',
  )
})

test.each([
  ['[1, 2', /, line 1: /],
  ['- port', / is not a map of options/],
  ['port: 1\nport: 2', /, line 2: Map keys must be unique/],
  ['port: 1\nallow-host: *', /, line 2: text that begins with \* must be put in quotes/],
  ['token: *secret', /: text that begins with \* must be put in quotes/],
  ['token: "sec ret" "sec ret"', /, line 1: Unexpected/],
  ['idle: 1m\nidleMs: 2', /, idleMs: is there twice/],
  ['command: npx -y server', /, command: write a list: \[npx, -y, server\]/],
  ['env: [A]', /, env: item 1 is not KEY=VALUE/],
  ['token: "sec ret"', /, token: holds white space/],
])('the file %j is refused', async (text, problem) => {
  const problems = await problemsOf({ command: [], flags: {}, configFile: fileOf(text) })
  expect(problems).toContainEqual(expect.stringMatching(problem))
  expect(problems.join()).not.toMatch(/sec ?ret/)
})

test('a file that is not there is a problem, an empty one is not', async () => {
  expect(await problemsOf({ configFile: '/notFound.yaml' })).toEqual([
    'file /notFound.yaml cannot be read: ENOENT',
  ])
  expect((await load({ configFile: fileOf('') })).config.port).toBe(8000)
})

test('an unknown variable only warns; what Kubernetes and the bridge itself set is no news', async () => {
  const { config, warnings } = await load({
    env: {
      MCP_BRIDGE_IDEL: '1m',
      MCP_BRIDGE_PORT: 'tcp://10.0.0.1:8000',
      MCP_BRIDGE_SERVICE_HOST: '10.0.0.1',
      MCP_BRIDGE_SERVICE_PORT: '8000',
      MCP_BRIDGE_SERVICE_PORT_HTTP: '8000',
      MCP_BRIDGE_PORT_8000_TCP: 'tcp://10.0.0.1:8000',
      MCP_BRIDGE_PORT_8000_TCP_ADDR: '10.0.0.1',
      MCP_BRIDGE_PORT_53_UDP_PROTO: 'udp',
      MCP_BRIDGE_FILES_PORT: 'udp://10.0.0.1:53',
      MCP_BRIDGE_CHILD_MARK: 'x',
      OTHER: 'y',
    },
  })
  expect(config.port).toBe(8000)
  expect(warnings).toEqual(['variable MCP_BRIDGE_IDEL is not an option; did you mean MCP_BRIDGE_IDLE?'])
  expect((await load({ env: { MCP_BRIDGE_CHILDREN: 'session' } })).origins['children']).toBe(
    'variable MCP_BRIDGE_CHILDREN',
  )
})

test('where it listens is known without what it serves', () => {
  const env = { MCP_BRIDGE_SERVERS: '/notFound.json', MCP_BRIDGE_PORT: '9' }
  expect(loadAddress({ env, flags: { host: '::1' } })).toMatchObject({ host: '::1', port: 9 })
})

test('an empty variable means "not set", but for a token', async () => {
  expect(
    (await load({ env: { MCP_BRIDGE_PORT: '', MCP_BRIDGE_ENV: '', MCP_BRIDGE_CONFIG: '' } })).config.port,
  ).toBe(8000)
  expect(await problemsOf({ env: { MCP_BRIDGE_TOKEN: '' } })).toEqual(['variable MCP_BRIDGE_TOKEN: is empty'])
})

test.each(['0.0.0.0', '::', '[::]', '192.168.1.5', 'tools.example', '128.0.0.1'])(
  '%s asks for a token',
  async (host) => {
    expect(await problemsOf({ flags: { host } })).toEqual([
      expect.stringContaining('is reachable by others: set --token or'),
    ])
    expect(await problemsOf({ flags: { host, token: 'secret' } })).toEqual([])
    expect(await problemsOf({ flags: { host, tokenFile: '/tokens' } })).toEqual([])
    expect(await problemsOf({ flags: { host, insecure: true } })).toEqual([])
  },
)

test('where a variable says the host, the problem names it', async () => {
  const [problem] = await problemsOf({ env: { MCP_BRIDGE_HOST: '0.0.0.0' } })
  expect(problem).toMatch(/^variable MCP_BRIDGE_HOST: --host 0\.0\.0\.0 is reachable/)
})

test.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.9.9.9', '::1', '[::1]'])(
  '%s does not',
  async (host) => {
    expect(await problemsOf({ flags: { host, cors: true } })).toEqual([])
    expect(isLoopback(host.replaceAll(/[[\]]/g, ''))).toBe(true)
  },
)

test('paths lose a trailing slash, differ from each other, and leave the health checks alone', async () => {
  expect((await load({ flags: { mcpPath: '/a/mcp/', ssePath: '/' } })).config).toMatchObject({
    mcpPath: '/a/mcp',
    ssePath: '/',
  })
  for (const mcpPath of ['mcp', '', '/a b', '/a?b', '/a#b', '//a', '/:id', '/*x', '/.', '/a/../b', '/a/.']) {
    expect(await problemsOf({ flags: { mcpPath } })).toHaveLength(1)
  }
  expect(await problemsOf({ flags: { mcpPath: '/healthz' } })).toEqual([
    'flag --mcp-path: /healthz and /readyz are taken',
  ])
  expect(await problemsOf({ flags: { mcpPath: '/SSE/' } })).toEqual([
    'flag --mcp-path: /SSE is the path of --sse-path already',
  ])
})

test('a web page is named as its browser names it, also where it has no host', async () => {
  const allowOrigin = [
    'https://a.example',
    'HTTPS://a.example:8443/',
    'http://[::1]:80',
    'app://editor',
    'null',
    'file://',
    '*',
  ]
  expect((await load({ flags: { allowOrigin } })).config.allowOrigin).toEqual(allowOrigin)
  for (const origin of [
    'a.example',
    'https://',
    'https://a.example/x',
    'https://*.example',
    'file:///x',
    'nul',
    'https://a;b',
  ])
    expect([origin, (await problemsOf({ flags: { allowOrigin: [origin] } })).length]).toEqual([origin, 1])
})

test('a header for the child must not be one that means something here', async () => {
  const problemOf = async (item: string, more = {}) =>
    (await problemsOf({ flags: { headerEnv: [item], ...more } })).join()
  expect(await problemOf('Host=A')).toBe(
    'flag --header-env: host has a meaning of its own: choose another header',
  )
  for (const header of ['Mcp-Session-Id', 'content-type', 'Origin'])
    expect(await problemOf(`${header}=A`)).toContain('meaning of its own')
  for (const item of ['X-A', 'X A=B', 'X-A=', '=B', 'X-A=1B'])
    expect(await problemOf(item)).toContain('write HEADER=NAME')
  expect((await problemsOf({ flags: { headerEnv: ['X-A=A', 'X-B=A'] } })).join()).toContain(
    'A is set by two headers',
  )
  expect(await problemsOf({ flags: { headerEnv: ['X-A=A', 'x-a=B'] } })).toEqual([])
  expect(await problemOf('Authorization=A')).toBe('')
  expect(await problemOf('Authorization=A', { token: 's' })).toContain(
    'authorization carries the token of the bridge',
  )
  expect(await problemOf('X-API-Key=A', { tokenFile: 's' })).toContain(
    'x-api-key carries the token of the bridge',
  )
})

test('a header sets no variable that decides what a program loads, runs or trusts', async () => {
  for (const name of ['LD_PRELOAD', 'NODE_OPTIONS', 'PATH', 'npm_config_registry', 'https_proxy']) {
    const problem = `${name} steers what a program loads or whom it trusts: set it yourself, with --env`
    expect(await problemsOf({ flags: { headerEnv: [`X-A=${name}`] } })).toEqual([
      `flag --header-env: ${problem}`,
    ])
    expect(await problemsOf({ flags: { env: [`${name}=x`] } })).toEqual([])
    const configFile = fileOf(`clients: { ann: { token: t, env: { ${name}: x } } }`)
    expect(await problemsOf({ configFile })).toEqual([])
  }
})

test('the variables of the bridge are for no command, whoever asks', async () => {
  const problem = 'MCP_BRIDGE_TOKEN is a variable of the bridge: no command gets it'
  expect(await problemsOf({ flags: { env: ['MCP_BRIDGE_TOKEN=x'] } })).toEqual([`flag --env: ${problem}`])
  expect(await problemsOf({ flags: { headerEnv: ['X-A=MCP_BRIDGE_TOKEN'] } })).toEqual([
    `flag --header-env: ${problem}`,
  ])
  const configFile = fileOf('clients: { ann: { token: t, env: { MCP_BRIDGE_TOKEN: x } } }')
  expect(await problemsOf({ configFile })).toEqual([`file ${configFile}, clients: ${problem}`])
  expect((await problemsOf({ flags: { passEnv: ['A', 'MCP_BRIDGE_TOKEN'] } })).join()).toContain(
    'are not handed on',
  )
  expect(await problemsOf({ flags: { passEnv: ['*', 'MCP_*', '!MCP_BRIDGE_TOKEN'] } })).toEqual([])
})

test('a pair without a name is not repeated: it may be the secret itself', async () => {
  expect(await problemsOf({ flags: { env: ['A=1', 'hunter2'] } })).toEqual([
    'flag --env: item 2 is not KEY=VALUE (to hand on a variable that is set here, use --pass-env)',
  ])
})

test('the result is frozen, all the way down', async () => {
  const { config } = await load({ flags: { env: ['A=1'], headerEnv: ['X-A=A'] } })
  const parts = [config, config.command, config.env, config.allowHost, config.headerEnv, config.headerEnv[0]]
  expect(parts.map((part) => Object.isFrozen(part))).toEqual(parts.map(() => true))
  // A default is not shared between two bridges of one process.
  expect((await load({})).config.command).not.toBe(command)
})

test('the library has the same defaults and checks', async () => {
  const config = parseConfig({
    command: ['x'],
    port: 0,
    idleMs: '30s',
    drainMs: 250,
    headerEnv: [{ header: 'X-A', name: 'A' }],
  })
  expect(config).toMatchObject({
    port: 0,
    idleMs: 30_000,
    drainMs: 250,
    headerEnv: [{ header: 'x-a', name: 'A' }],
  })
  const { origins: _, ...loaded } = await load({ command: ['x'] })
  expect(parseConfig({ command: ['x'], cwd: undefined })).toEqual(loaded.config)
  const wrong = { command: [], idelMs: 3, port: -1 }
  expect(await complaint(() => parseConfig(wrong))).toEqual([
    'option idelMs: there is no such option; did you mean idleMs?',
    'option port: -1 is not a whole number from 0 to 65535',
    'option command: name the command after "--", or a file with --servers',
  ])
})

test('printed: each value with who set it, and no secret', async () => {
  const flags = {
    token: 'hunter2',
    env: ['PASSWORD=hunter3', 'B=1'],
    headerEnv: ['X-A=A'],
    allowOrigin: ['*'],
  }
  const { config, origins } = await load({ flags, env: { MCP_BRIDGE_IDLE: '90s' } })
  const text = printConfig(config, origins)
  expect(text).not.toMatch(/hunter/)
  expect(text).toMatch(/^command: \[npx, "-y", server\] +# flag --$/m)
  expect(text).toMatch(/^token: \*\*\* +# flag --token$/m)
  expect(text).toMatch(/^env: \{ PASSWORD: \*\*\*, B: \*\*\* \} +# flag --env$/m)
  expect(text).toMatch(/^header-env: \[x-a=A\] +# flag --header-env$/m)
  expect(text).toMatch(/^allow-origin: \["\*"\] +# flag --allow-origin$/m)
  expect(text).toMatch(/^idle: 90s +# variable MCP_BRIDGE_IDLE$/m)
  expect(text).toMatch(/^max-body: 16MiB +# default$/m)
  expect(text).not.toMatch(/undefined|^cwd/m)
  expect(
    new Set(
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.lastIndexOf('   # ')),
    ).size,
  ).toBe(1)
})

test('a printed token is no token when it is loaded again', async () => {
  const { config, origins } = await load({ flags: { token: 'hunter2' } })
  expect((await problemsOf({ configFile: fileOf(printConfig(config, origins)) })).join()).toContain(
    'must be put in quotes',
  )
})

test('what is printed can be loaded again', async () => {
  const first = await load({
    flags: { allowOrigin: ['*'], headerEnv: ['X-A=A'], passEnv: ['GH_*'], idleMs: '90s', cwd: '/a b' },
  })
  const second = await load({ command: [], configFile: fileOf(printConfig(first.config, first.origins)) })
  expect(second.config).toEqual(first.config)
})
