// config: flags over variables over file over defaults; all problems at once, each with its origin.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixture, runBridge, tempDir, type BridgeOptions } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeftAfterEach } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()

function fileWith(name: string, content: string | object): string {
  const path = join(tempDir(), name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

/** `key` → value and origin, as `--print-config` shows them. */
async function printed(args: readonly string[], options?: BridgeOptions): Promise<Record<string, string>> {
  const run = await runBridge([...args, '--print-config', '--', 'true'], options)
  expect([run.code, run.stderr]).toEqual([0, ''])
  const rows = run.stdout.trimEnd().split('\n')
  return Object.fromEntries(
    rows
      .map((row) => /^([\w-]+): (.*?) +# (.*)$/.exec(row)?.slice(1) ?? [row])
      .map(([key = '', value, origin]) => [key, `${value} of ${origin}`]),
  )
}

test('cli.config: flags over variables over file over defaults', async () => {
  const file = fileWith('bridge.yaml', 'port: 1111\nidle: 1m\nmax-sessions: 11\nwarm: 3\n')
  const env = { MCP_BRIDGE_PORT: '2222', MCP_BRIDGE_IDLE: '2m', MCP_BRIDGE_DRAIN: '' }
  const config = await printed(['--config', file, '--port', '3333'], { env })
  expect(config).toMatchObject({
    port: '3333 of flag --port',
    idle: '2m of variable MCP_BRIDGE_IDLE',
    'max-sessions': `11 of file ${file}`,
    warm: `3 of file ${file}`,
    drain: '5s of default',
    'max-body': '16MiB of default',
    command: '[true] of flag --',
  })
})

test.each([
  [
    'bridge.yaml',
    (command: string[]) => `port: 0\ncommand: ${JSON.stringify(command)}\nenv: { FROM: the file }\n`,
  ],
  ['bridge.json', (command: string[]) => ({ port: 0, command, env: ['FROM=the file'] })],
])('cli.config: %s names command and all', async (name, content) => {
  const file = fileWith(name, content(fixture('echo')))
  const bridge = await bridged(['--config', file])
  expect(textOf(await (await openStreamable(bridge)).call('env', { name: 'FROM' }))).toBe('the file')
})

test('cli.config: MCP_BRIDGE_CONFIG names the file, whose paths are meant from where it is', async () => {
  const file = fileWith('bridge.yaml', { cwd: 'tools', 'token-file': 'tokens' })
  const folder = join(file, '..')
  const config = await printed([], { env: { MCP_BRIDGE_CONFIG: file } })
  expect(config).toMatchObject({
    cwd: `${join(folder, 'tools')} of file ${file}`,
    'token-file': `${join(folder, 'tokens')} of file ${file}`,
  })
})

test('cli.config: every option has a variable', async () => {
  const env = {
    MCP_BRIDGE_HOST: '::1',
    MCP_BRIDGE_MCP_PATH: '/a/mcp/',
    MCP_BRIDGE_ALLOW_ORIGIN: 'https://a.example,https://b.example',
    MCP_BRIDGE_MAX_BODY: '1k',
    MCP_BRIDGE_CORS: 'true',
    MCP_BRIDGE_ON_CRASH: 'exit',
    MCP_BRIDGE_HEADER_ENV: 'X-Key=API_KEY',
  }
  expect(await printed([], { env })).toMatchObject({
    host: '"::1" of variable MCP_BRIDGE_HOST',
    'mcp-path': '/a/mcp of variable MCP_BRIDGE_MCP_PATH',
    'allow-origin': '["https://a.example", "https://b.example"] of variable MCP_BRIDGE_ALLOW_ORIGIN',
    'max-body': '1KiB of variable MCP_BRIDGE_MAX_BODY',
    cors: 'true of variable MCP_BRIDGE_CORS',
    'on-crash': 'exit of variable MCP_BRIDGE_ON_CRASH',
    'header-env': '[x-key=API_KEY] of variable MCP_BRIDGE_HEADER_ENV',
  })
})

test('cli.config: --print-config masks token and variables, wherever they come from', async () => {
  const file = fileWith('bridge.yaml', 'env: { FILE_KEY: s3cret-file }\n')
  const fromFlags = await runBridge([
    ...['--token', 's3cret-flag', '--env', 'FLAG_KEY=s3cret-env'],
    ...['--config', file, '--print-config', '--', 'true'],
  ])
  const fromElsewhere = await runBridge(['--config', file, '--print-config', '--', 'true'], {
    env: { MCP_BRIDGE_TOKEN: 's3cret-variable' },
  })
  for (const { code, stdout, stderr } of [fromFlags, fromElsewhere]) {
    expect(code).toBe(0)
    expect(stdout + stderr).not.toContain('s3cret')
    expect(stdout).toMatch(/^token: \*\*\* +# (flag --token|variable MCP_BRIDGE_TOKEN)$/m)
  }
  expect(fromFlags.stdout).toMatch(/^env: { FLAG_KEY: \*\*\* }/m)
  expect(fromElsewhere.stdout).toMatch(/^env: { FILE_KEY: \*\*\* }/m)
})

describe('cli.config: problems', () => {
  test('of flags, variables and file are listed together, each with its origin', async () => {
    const file = fileWith('bridge.yaml', 'idel: 5m\nmax-body: huge\n')
    const run = await runBridge(['--config', file, '--port', '70000', '--warm', 'many'], {
      env: { MCP_BRIDGE_DRAIN: '5' },
    })
    expect(run.code).toBe(2)
    const [title, ...problems] = run.stderr
      .trimEnd()
      .split('\n')
      .map((line) => line.trim())
    expect(title).toBe('mcp-bridge: the configuration has 6 problems:')
    expect(problems.toSorted()).toEqual(
      [
        `file ${file}, idel: there is no such option; did you mean idle?`,
        `file ${file}, max-body: "huge" is not a size: write 1024, 64KiB or 16MiB`,
        'flag --port: "70000" is not a whole number from 0 to 65535',
        'flag --warm: "many" is not a whole number from 0 to 64',
        'name the command after "--", or a file with --servers',
        'variable MCP_BRIDGE_DRAIN: "5" has no unit: write 5ms or 5s',
      ].toSorted(),
    )
  })

  test.each([
    [['--prot', '80', '--', 'true'], /unknown option '--prot'[^]*did you mean --port\?/i],
    [['npx', '-y', 'server'], /put "--" before the command: mcp-bridge -- npx -y server/],
    [['--stdio', 'npx -y server'], /the command goes behind "--"[^]*mcp-bridge -- npx -y server/],
    [['--port', '0'], /name the command after "--"/],
    [['--children', 'some', '--', 'true'], /flag --children: write session, shared, pool/],
    [['--config', '/no/such.yaml', '--', 'true'], /file \/no\/such\.yaml cannot be read: ENOENT/],
    [
      ['--token-file', '/no/tokens', '--port', '0', '--', 'true'],
      /the token file \/no\/tokens cannot be read/,
    ],
  ])('%j', async (args, message) => {
    const run = await runBridge(args)
    expect([run.code, run.stdout]).toEqual([2, ''])
    expect(run.stderr).toMatch(message)
    expect(run.stderr).not.toMatch(/^ {4}at /m)
  })
})

test('cli.config: an environment file that is not there is named', async () => {
  const args = ['--port', '0', '--', 'true']
  const byVariable = await runBridge(args, { env: { MCP_BRIDGE_ENV_FILE: '/no/env' } })
  expect([byVariable.code, byVariable.stdout]).toEqual([2, ''])
  expect(byVariable.stderr).toContain('the environment file /no/env cannot be read')
  // Node has a flag of that name, finds it behind the script too, and is the first to complain.
  const byFlag = await runBridge(['--env-file', '/no/env', ...args])
  expect(byFlag.code).not.toBe(0)
  expect(byFlag.stderr).toMatch(/^.*\/no\/env.*\n/)
})

test('cli.config: an unknown variable warns, those that Kubernetes sets for a service of our name do not', async () => {
  const env = {
    MCP_BRIDGE_MAX_SESION: '5',
    MCP_BRIDGE_PORT: 'tcp://10.0.0.1:8000',
    MCP_BRIDGE_SERVICE_HOST: '10.0.0.1',
    MCP_BRIDGE_PORT_8000_TCP_ADDR: '10.0.0.1',
  }
  const bridge = await bridged(['--', ...fixture('echo')], { env })
  const warnings = bridge.logs.filter(({ msg }) => msg === 'configuration')
  expect(warnings).toMatchObject([
    {
      level: 'warn',
      reason: 'variable MCP_BRIDGE_MAX_SESION is not an option; did you mean MCP_BRIDGE_MAX_SESSIONS?',
    },
  ])
  expect(await printed([], { env })).toMatchObject({ port: '8000 of default' })
})
