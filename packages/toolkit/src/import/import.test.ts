import { parseEnv } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ToolkitError } from '../errors.ts'
import { parseClientFile } from './client-file.ts'
import { parseCommand } from './command.ts'
import { envLine, valuesOf } from './values.ts'

test('Claude Desktop, Claude Code and Cursor: mcpServers; VS Code: servers, inputs, comments', () => {
  const desktop = {
    mcpServers: { a: { command: 'npx', args: ['-y', 'x'], env: { K: 'v' }, disabled: false } },
  }
  expect(parseClientFile(JSON.stringify(desktop), 'claude_desktop_config.json').entries).toEqual([
    { name: 'a', command: ['npx', '-y', 'x'], env: { K: 'v' }, url: undefined },
  ])
  const code = { mcpServers: { b: { type: 'http', url: 'https://example.com/mcp' } } }
  expect(parseClientFile(JSON.stringify(code), '.mcp.json').entries).toMatchObject([
    { name: 'b', command: [], url: 'https://example.com/mcp' },
  ])
  const vscode = `{
    // what is asked for
    "inputs": [{ "type": "promptString", "id": "key", "description": "A // key", "password": true, }],
    "servers": { "c": { "type": "stdio", "command": "uvx", "args": ["tool"], "env": { "KEY": "\${input:key}" } }, },
    /* done */
  }`
  const { entries, inputs } = parseClientFile(vscode, 'mcp.json')
  expect(inputs).toEqual([{ id: 'key', description: 'A // key', isSecret: true }])
  expect(entries.map(({ name }) => name)).toEqual(['c'])
  expect(parseClientFile(JSON.stringify({ mcp: { servers: {} } }), 'settings.json').entries).toEqual([])
})

test('a file as editors leave it: a mark at its beginning, comments and commas at the end, any key', () => {
  const text =
    '\uFEFF{ "mcpServers": { "toString": { "command": "x", "args": ["http://h/*", 1.50, 9007199254740993,], }, } } // end'
  expect(parseClientFile(text, 'mcp.json').entries).toEqual([
    { name: 'toString', command: ['x', 'http://h/*', '1.5', '9007199254740992'], env: {}, url: undefined },
  ])
  for (const broken of ['', '{"mcpServers": {} /* open', '{"mcpServers": {}} x', '{"mcpServers": {"a" {}}}'])
    expect(() => parseClientFile(broken, 'mcp.json')).toThrow(/^mcp\.json is no JSON$/)
})

test('a file that is none says so, and repeats nothing of it', () => {
  expect(() => parseClientFile('{"mcpServers": hunter2', 'x.json')).toThrow(/^x\.json is no JSON$/)
  expect(() => parseClientFile('{}', 'x.json')).toThrow('neither mcpServers nor servers')
  expect(() => parseClientFile('{"mcpServers": {"a": {"args": "x"}}}', 'x.json')).toThrow('mcpServers.a.args')
})

test('what a command means', () => {
  const node = { runtime: 'node', package: '@s/p' }
  expect(parseCommand(['npx', '-y', '@s/p@latest', '/data', '-v'])).toEqual({
    source: { ...node, version: undefined },
    args: ['/data', '-v'],
  })
  expect(parseCommand(['cmd', '/c', 'npx', '--yes', '@s/p@1.0.0'])).toMatchObject({
    source: { ...node, version: '1.0.0' },
  })
  expect(parseCommand(['npx', '-p', '@s/p@1.0.0', 'other', 'x'])).toMatchObject({
    entry: 'other',
    args: ['x'],
  })
  expect(parseCommand(['npx', '--package=@s/p', '--', 'other'])).toMatchObject({ source: node })
  expect(parseCommand(['/usr/bin/uvx', '--from', 'pkg==1.0', '--with', 'mcp<2', 'cmd', 'a'])).toEqual({
    source: { runtime: 'python', package: 'pkg', version: '1.0' },
    entry: 'cmd',
    with: ['mcp<2'],
    args: ['a'],
  })
  expect(parseCommand(['uv', 'tool', 'run', 'pkg@1.0'])).toMatchObject({
    source: { package: 'pkg', version: '1.0' },
  })
  expect(parseCommand(['go', 'run', 'example.com/x@v1.0.0'])).toMatchObject({ source: { runtime: 'go' } })
  expect(
    parseCommand(['docker', 'run', '-i', '--rm', '-e', 'KEY', '-v', '/a:/b', '--name=x', 'tool:1.0', 'a']),
  ).toEqual({
    source: { runtime: 'image', package: 'tool:1.0' },
    args: ['a'],
  })
  expect(parseCommand(['/opt/tool', 'x'])).toEqual({
    source: { runtime: 'binary', file: '/opt/tool' },
    args: ['x'],
  })
})

test.for([
  ['node', 'server.js'],
  ['python', '-m', 'x'],
  ['/usr/bin/node', 'x.js'],
  ['npx', '-c', 'id'],
  ['npx'],
  [''],
])('no image can be made of %s', (command) => {
  expect(() => parseCommand(command)).toThrow(
    /a program of this machine|hands a text to a shell|names no package/,
  )
})

test('secrets are known by their name, by what they hold, or because the file says so', () => {
  const env = {
    API_KEY: 'k',
    REGION: 'eu',
    DATABASE_URL: 'postgres://u:p@h/d',
    GRAFANA_URL: 'http://h:3000',
    FROM_INPUT: '${input:x}',
    FROM_ENV: '${env:HOME_REGION}',
    WITH_DEFAULT: '${OTHER:-eu}',
    WITH_SECRET_DEFAULT: '${OTHER:-sk-12345678}',
    FROM_SECRET_ENV: '${env:GITHUB_TOKEN}',
  }
  const values = valuesOf(env, [{ id: 'x', description: 'Ask me', isSecret: true }])
  expect(Object.fromEntries(values.map(({ name, isSecret, value }) => [name, [isSecret, value]]))).toEqual({
    API_KEY: [true, 'k'],
    REGION: [false, 'eu'],
    DATABASE_URL: [true, 'postgres://u:p@h/d'],
    GRAFANA_URL: [false, 'http://h:3000'],
    FROM_INPUT: [true, undefined],
    FROM_ENV: [false, undefined],
    WITH_DEFAULT: [false, 'eu'],
    WITH_SECRET_DEFAULT: [true, 'sk-12345678'],
    FROM_SECRET_ENV: [true, undefined],
  })
})

test('a secret is read back as it was', () => {
  const value = fc
    .string({ maxLength: 40 })
    .filter((text) => !/[\n\r\0]/.test(text) && !(/'/.test(text) && /`/.test(text)))
  fc.assert(
    fc.property(value, (text) => {
      expect(parseEnv(envLine('A', text))).toEqual({ A: text })
    }),
  )
  // Whatever it is: refused, or one variable with this value.
  const nasty = fc.array(fc.constantFrom("'", '"', '`', '\n', '\r', '\\', '#', '=', ' ', 'B=c', '$', '\\n'))
  fc.assert(
    fc.property(nasty, (parts) => {
      const text = parts.join('')
      let line: string
      try {
        line = envLine('A', text)
      } catch (error) {
        expect(error).toBeInstanceOf(ToolkitError)
        return
      }
      expect(parseEnv(line)).toEqual({ A: text })
    }),
  )
})
