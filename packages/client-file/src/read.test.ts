import { expect, test } from 'vitest'
import { dockerEnvFile, dotenv } from './env-file.ts'
import { partsOf } from './placeholder.ts'
import { readClientFile, type ClientFile } from './read.ts'
import { commandWords, wordsOf } from './words.ts'

function servers(entries: object, path = 'mcp.json'): ClientFile {
  return readClientFile(JSON.stringify({ mcpServers: entries }), path)
}

test('Claude Desktop, Claude Code and Cursor: mcpServers; VS Code: servers, inputs, comments', () => {
  const desktop = servers({ a: { command: 'npx', args: ['-y', 'x'], env: { K: 'v' }, disabled: false } })
  expect(desktop.entries).toMatchObject([
    { name: 'a', transport: 'stdio', command: ['npx', '-y', 'x'], env: { K: 'v' }, isDisabled: false },
  ])
  const vscode = `{
    // what is asked for
    "inputs": [{ "type": "promptString", "id": "key", "description": "A // key", "password": true, }],
    "servers": { "c": { "type": "stdio", "command": "uvx", "args": ["tool"], "env": { "KEY": "\${input:key}" } }, },
    /* done */
  }`
  const { client, entries, inputs } = readClientFile(vscode, 'mcp.json')
  expect(inputs).toEqual([{ id: 'key', description: 'A // key', isSecret: true, fallback: undefined }])
  expect([client, entries.map(({ name }) => name)]).toEqual(['vscode', ['c']])
  expect(readClientFile('{"mcp": {"servers": {"x": {}}}}', 'settings.json').entries).toHaveLength(1)
})

test('a file as editors leave it: a mark at its beginning, comments and commas at the end, any key, every digit', () => {
  const text =
    '\uFEFF{ "mcpServers": { "toString": { "command": "x", "args": ["http://h/*", 1.50, 9007199254740993, -0, 1e3,], }, } } // end'
  expect(readClientFile(text, 'mcp.json').entries).toMatchObject([
    { name: 'toString', command: ['x', 'http://h/*', '1.50', '9007199254740993', '-0', '1e3'], env: {} },
  ])
  for (const broken of ['', '{"mcpServers": {} /* open', '{"mcpServers": {}} x', '{"mcpServers": {"a" {}}}'])
    expect(() => readClientFile(broken, 'mcp.json')).toThrow(/^mcp\.json is no JSON: line 1: [a-z ]+$/)
})

test('a file that is none says so, and repeats nothing of it', () => {
  expect(() => readClientFile('{"mcpServers": hunter2', 'x.json')).toThrow(
    /^x\.json is no JSON: line 1: invalid symbol$/,
  )
  expect(() => readClientFile('a = hunter2', 'x.toml')).toThrow(/^x\.toml is no TOML: line 1$/)
  expect(() => readClientFile('a: 1\nb: [hunter2', 'x.yaml')).toThrow(
    /^x\.yaml is no YAML: line 2: bad indent$/,
  )
  expect(() => readClientFile('extensions: &a [*a, *a]', 'x.yaml')).toThrow(/is no YAML: an alias \(\*name\)/)
  expect(() => readClientFile('{}', 'x.json')).toThrow('has none of mcpServers, servers')
  expect(() => readClientFile('['.repeat(50_000), 'x.json')).toThrow(/is no JSON$/)
})

test('one bad entry stops no other, and each says what is wrong with it', () => {
  const odd = {
    '//': 'a comment',
    _comment: ['another one'],
    text: 'x',
    list: [],
    empty: {},
    args: { command: 'npx', args: { a: 1 } },
    nested: { command: 'npx', args: [['x']] },
    env: { command: 'npx', env: ['A=b'] },
    good: { command: 'npx', args: ['x'] },
  }
  const { entries } = servers(odd)
  expect(Object.fromEntries(entries.map(({ name, problem }) => [name, problem]))).toEqual({
    text: 'it is no object',
    list: 'it is no object',
    empty: 'it has neither a command nor an address',
    args: 'args is no list',
    nested: 'args holds something that is no text',
    env: 'env is no object',
    good: undefined,
  })
})

test('names as people have them', () => {
  const text =
    '{"mcpServers": {"__proto__": {"command": "a"}, "记忆": {"command": "b"}, "": {"command": "c"}, "x": {"command": "d"}, "x": {"command": "e"}}}'
  const { entries } = readClientFile(text, 'mcp.json')
  expect(entries.map(({ name, command }) => [name, ...command])).toEqual([
    ...[
      ['__proto__', 'a'],
      ['记忆', 'b'],
      ['', 'c'],
      ['x', 'e'],
    ],
  ])
  expect(entries.at(-1)?.notes).toEqual(['its name stands twice in the file: the last counts'])
  const toml = '[mcp_servers.__proto__]\ncommand = "a"\n[mcp_servers."a b".env]\n__proto__ = "v"\n'
  const [first, second] = readClientFile(toml, 'config.toml').entries
  expect([first?.name, first?.command, second?.name]).toEqual(['__proto__', ['a'], 'a b'])
  expect(Object.entries(second?.env ?? {})).toEqual([['__proto__', 'v']])
})

test('the projects of one file of Claude Code', () => {
  const projects = { '/home/me/a': { mcpServers: { x: { command: 'a' } } }, '/home/me/b': { mcpServers: {} } }
  const { entries } = readClientFile(
    JSON.stringify({ mcpServers: { x: { command: 'b' } }, projects }),
    '/home/me/.claude.json',
  )
  expect(entries.map(({ name, project }) => [name, project])).toEqual([
    ['x', undefined],
    ['x', '/home/me/a'],
  ])
})

test.for([
  ['/w/.vscode/mcp.json', '/w'],
  ['/w/.cursor/mcp.json', '/w'],
  ['/w/.junie/mcp/mcp.json', '/w'],
  ['/w/.mcp.json', '/w'],
  ['C:\\w\\.vscode\\mcp.json', 'C:\\w'],
  ['/w/team.mcp.json', undefined],
  ['/w/mcp.json', undefined],
])('the folder that is open with %s', ([path, workspace]) => {
  expect(servers({ a: { command: 'x' } }, path).workspace).toBe(workspace)
})

const variable = (name: string, fallback?: string) => ({ kind: 'variable', name, fallback })
const folder = (name: string) => ({ kind: 'folder', folder: name })
const foreign = (text: string) => ({ kind: 'foreign', text })

test('what placeholders mean', () => {
  for (const [text, ...parts] of [
    ['${input:a-b}', { kind: 'input', id: 'a-b' }],
    ['${env:NAME}', variable('NAME')],
    ['${NAME}', variable('NAME')],
    ['${NAME:-a:b}', variable('NAME', 'a:b')],
    ['${NAME:-}', variable('NAME', '')],
    ['${workspaceFolder:api}/x', folder('workspace'), { kind: 'text', text: '/x' }],
    ['${env:HOME}', folder('home')],
    ['a${/}b', { kind: 'text', text: 'a' }, { kind: 'text', text: '/' }, { kind: 'text', text: 'b' }],
    ['${command:pick}', foreign('${command:pick}')],
    ['${workspaceFolderBasename}', foreign('${workspaceFolderBasename}')],
    ['${env:PATH}', { kind: 'machine', name: 'PATH', text: '${env:PATH}' }],
    ['$NAME $$ ${', { kind: 'text', text: '$NAME $$ ${' }],
  ] as const)
    expect(partsOf(text)).toEqual(parts)
  expect(partsOf('$NAME', { isBare: true })).toEqual([variable('NAME')])
})

test('a command in one text', () => {
  expect(wordsOf(`npx -y 'a b' "c \\"d" e\\ f ""`)).toEqual(['npx', '-y', 'a b', 'c "d', 'e f', ''])
  expect(commandWords('C:\\Program Files\\nodejs\\npx.cmd')).toEqual(['C:\\Program Files\\nodejs\\npx.cmd'])
})

test('files of variables, with a mark at their beginning', () => {
  expect(dotenv('\uFEFFA=1\r\nB="two words" # why\n')).toEqual({ A: '1', B: 'two words' })
  expect(dockerEnvFile('\uFEFFA="1"\n# no\n\nB\n')).toEqual(['A="1"', 'B'])
})
