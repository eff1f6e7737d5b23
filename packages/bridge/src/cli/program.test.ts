import { expect, test } from 'vitest'
import { OPTIONS } from '../config/options.ts'
import { BridgeError } from '../errors.ts'
import type { Connect } from './commands/connect.ts'
import { parseArgs } from './program.ts'

const parse = (...argv: string[]) => parseArgs(argv, { version: '1.2.3' })

function refusal(...argv: string[]): { message: string; hint: string | undefined } {
  try {
    parse(...argv)
  } catch (error) {
    if (error instanceof BridgeError && error.code === 'config_invalid')
      return { message: error.message, hint: error.hint }
    throw error
  }
  throw new Error('was accepted')
}

function textOf(...argv: string[]): string {
  const invocation = parse(...argv)
  if (!('text' in invocation)) throw new Error(`is ${invocation.command}`)
  return invocation.text
}

test('what stands after the first -- is the command, as it stands', () => {
  expect(parse('--port', '80', '--', 'npx', '-y', 'x', '--port', '9', '--', '', '--help')).toEqual({
    command: 'serve',
    flags: { port: '80' },
    child: ['npx', '-y', 'x', '--port', '9', '--', '', '--help'],
    printConfig: false,
  })
  expect(parse('--', 'check')).toMatchObject({ command: 'serve', child: ['check'] })
  expect(parse()).toEqual({ command: 'serve', flags: {}, child: [], printConfig: false })
})

test('every option of the table is a flag, under its key', () => {
  for (const { key, flag, kind } of OPTIONS) {
    const isList = kind === 'list' || kind === 'pairs'
    const expected = kind === 'boolean' ? true : isList ? ['v', 'w'] : 'w'
    const argv = kind === 'boolean' ? [flag] : [flag, 'v', `${flag}=w`]
    expect(parse(...argv, '--', 'x')).toMatchObject({ flags: { [key]: expected } })
  }
})

test('--config and --print-config are no options of the config', () => {
  expect(parse('--config', 'a.yaml', '--print-config')).toEqual({
    command: 'serve',
    flags: {},
    child: [],
    printConfig: true,
    configFile: 'a.yaml',
  })
})

test('connect takes one URL, and says what is wrong with it', () => {
  const { command, url, headers, ...rest } = parse(
    'connect',
    'https://x.example/mcp',
    '--header',
    'X-Team:  a: b',
  ) as Connect
  expect([command, url.href, headers]).toEqual(['connect', 'https://x.example/mcp', { 'x-team': 'a: b' }])
  expect(rest).toEqual({ tokenFile: undefined, caFile: undefined })
  expect(refusal('connect').message).toBe('connect needs the URL of a server')
  expect(refusal('connect', 'tools.lan').message).toBe('"tools.lan" is not a URL')
  expect(refusal('connect', 'ftp://tools.lan').message).toBe('"ftp://tools.lan" is not a URL')
  expect(refusal('connect', 'http://ann:secret@tools.lan').message).not.toContain('secret')
  expect(refusal('connect', 'http://a', 'http://b').message).toContain('one URL')
  expect(refusal('connect', 'http://a', '--header', 'X-Team').message).toContain('--header')
  expect(refusal('connect', 'http://a', '--', 'x').message).toContain('one URL')
})

test('a command without -- is told where to put it', () => {
  expect(refusal('npx', '-y', 'foo').message).toBe('put "--" before the command: mcp-bridge -- npx -y foo')
  expect(refusal('npx', '--help').message).toBe('put "--" before the command: mcp-bridge -- npx --help')
  expect(refusal('sh', '-c', "echo 'a'").message).toContain(String.raw`mcp-bridge -- sh -c 'echo '\''a'\'''`)
  expect(refusal('check', 'npx', 'foo').message).toBe(
    'put "--" before the command: mcp-bridge check -- npx foo',
  )
  const withToken = refusal('--token', 'hunter2', 'npx').message
  expect(withToken).toBe('put "--" before the command: mcp-bridge [options] -- npx')
})

test('other stray words', () => {
  expect(refusal('foo', '--', 'bar').message).toContain('"foo" before "--"')
  expect(refusal('--port', '1', 'check', '--', 'x')).toEqual({
    message: '"check" must come first',
    hint: 'write: mcp-bridge check …',
  })
  expect(refusal('healthcheck', 'foo').message).toBe('healthcheck takes no command, but got "foo"')
  expect(refusal('healthcheck', '--', 'x').message).toContain('takes no command')
})

test('an unknown flag is refused with the nearest', () => {
  expect(refusal('--prot', '80', '--', 'x')).toEqual({
    message: "unknown option '--prot'",
    hint: 'did you mean --port?',
  })
  expect(refusal('--ssePath', '/x', '--', 'x').hint).toBe('did you mean --sse-path?')
  expect(refusal('--xyzzy', '--', 'x')).toEqual({ message: "unknown option '--xyzzy'", hint: undefined })
  expect(refusal('check', '--formt', 'json', '--', 'x').hint).toBe('did you mean --format?')
  expect(refusal('--port').message).toBe("option '--port <number>' argument missing")
})

test('--stdio, a habit from supergateway, is answered with what to write', () => {
  const hint = 'mcp-bridge -- npx -y @scope/server /data'
  expect(refusal('--stdio', 'npx -y @scope/server /data', '--outputTransport', 'sse').hint).toBe(hint)
  expect(refusal('--stdio=npx -y @scope/server /data').hint).toBe(hint)
  expect(refusal('--stdio').hint).toBe('mcp-bridge -- <command>')
  expect(parse('--', 'x', '--stdio')).toMatchObject({ child: ['x', '--stdio'] })
})

test('check', () => {
  expect(parse('check', '--', 'npx', 'x')).toEqual({
    command: 'check',
    flags: {},
    child: ['npx', 'x'],
    format: 'table',
  })
  const argv = [
    'check',
    '--format',
    'json',
    '--env',
    'A=1',
    '--pass-env',
    'B',
    '--start-timeout',
    '5s',
    '--config',
    'c.yaml',
  ]
  expect(parse(...argv, '--', 'x')).toEqual({
    command: 'check',
    flags: { env: ['A=1'], passEnv: ['B'], startTimeoutMs: '5s' },
    child: ['x'],
    format: 'json',
    configFile: 'c.yaml',
  })
  expect(refusal('check', '--format', 'xml', '--', 'x').message).toContain('Allowed choices are table, json')
  expect(refusal('check', '--port', '80', '--', 'x').message).toBe("unknown option '--port'")
})

test('check of servers: all of a file, or one by its name', () => {
  const flags = { servers: ['a.json', 'b.json'] }
  const argv = ['check', '--servers', 'a.json', '--servers', 'b.json']
  const all = { command: 'check', flags, child: [], format: 'table' }
  expect(parse(...argv)).toEqual(all)
  expect(parse(...argv, 'git')).toEqual({ ...all, name: 'git' })
  expect(parse('check', '--config', 'c.yaml', 'git')).toMatchObject({ configFile: 'c.yaml', name: 'git' })
  expect(refusal(...argv, 'npx', 'git').message).toContain('put "--" before the command')
})

test('servers', () => {
  expect(parse('servers', 'a.json', 'b.json')).toEqual({
    command: 'servers',
    files: ['a.json', 'b.json'],
    format: 'table',
  })
  expect(parse('servers', '--format', 'json', '--config', 'c.yaml')).toEqual({
    ...{ command: 'servers', files: [], format: 'json', configFile: 'c.yaml' },
  })
  expect(refusal('servers', 'a.json', '--', 'x').message).toBe('servers takes files and no command')
})

test('healthcheck', () => {
  expect(parse('healthcheck')).toEqual({ command: 'healthcheck', flags: {} })
  expect(parse('healthcheck', '--host', '::1', '--port', '80', '--timeout', '3s')).toEqual({
    command: 'healthcheck',
    flags: { host: '::1', port: 80, timeoutMs: 3000 },
  })
  const url = 'https://tools.example/bridge'
  expect(parse('healthcheck', '--url', url)).toEqual({ command: 'healthcheck', flags: { url } })
  expect(refusal('healthcheck', '--port', '0').message).toBe(
    'flag --port: "0" is not a whole number from 1 to 65535',
  )
  expect(refusal('healthcheck', '--timeout', '3').message).toBe(
    'flag --timeout: "3" has no unit: write 3ms or 3s',
  )
  expect(refusal('healthcheck', '--url', 'tools.example').message).toContain('is not a URL')
})

test('the version', () => {
  for (const flag of ['--version', '-v']) expect(parse(flag)).toEqual({ command: 'version', text: '1.2.3\n' })
})

test('the help is short, grouped, and names every option on one line', () => {
  const help = textOf('--help')
  const lines = help.trimEnd().split('\n')
  expect(lines.length).toBeLessThanOrEqual(84)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120)
  for (const { flag, default: fallback } of OPTIONS) {
    const line = lines.filter((text) => text.startsWith(`  ${flag} `))
    expect(line).toHaveLength(1)
    expect(line[0]).toContain(fallback === undefined ? flag : `[${fallback}]`)
  }
  for (const flag of ['--config', '--print-config', '-v, --version', '-h, --help'])
    expect(help).toContain(`\n  ${flag} `)
  const titles = lines.filter((line) => /^[A-Z][a-z ]+:?$/.test(line))
  expect(titles).toEqual(['Listening', 'Tool', 'Sessions and limits', 'Access', 'Running', 'Commands:'])
  expect(help).toMatch(/^ {2}check .*\n {2}servers .*\n {2}connect .*\n {2}healthcheck /m)
  expect(help).toContain('Example: mcp-bridge ')
  expect(textOf('-h')).toBe(help)
  expect(textOf('help')).toBe(help)
})

test('each subcommand has a help of its own', () => {
  expect(textOf('check', '--help')).toMatch(
    /^Usage: mcp-bridge check \[options\] -- <command>[^]*--format <table\|json> /,
  )
  expect(textOf('healthcheck', '--help')).toMatch(
    /^Usage: mcp-bridge healthcheck \[options\]\n[^]*--url <url> /,
  )
})
