import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { readClientFile } from '@mcp-bridge/client-file'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { placeOf } from './place.ts'
import { importFile, type Imported, type ImportOptions } from './project.ts'

const catalogue = fileURLToPath(new URL('../../catalogue', import.meta.url))
const assets = { catalogue, base: '', bundle: '', version: '0.1.0', bases: new Map<string, string>() }

const options: ImportOptions = {
  ...{ assets, project: 'mcp-test', bind: '127.0.0.1', port: 8808 },
  place: placeOf('/nowhere/mcp.json', undefined),
  tokenOf: () => undefined,
  say: () => {},
}

/** Only of tools of the catalogue: nothing is asked of a registry. */
function imported(mcpServers: object, tokens: Record<string, string> = {}): Promise<Imported> {
  return importFile(readClientFile(JSON.stringify({ mcpServers }), '/nowhere/mcp.json'), {
    ...options,
    tokenOf: (service, principal) => tokens[`${service}:${principal}`],
  })
}

const FILES = {
  command: 'npx',
  args: ['-y', '@modelcontextprotocol/server-filesystem', '/home/me/notes', '/srv/notes'],
}
const CLOCK = { command: 'uvx', args: ['mcp-server-time'] }

test('a tool of the catalogue keeps its recipe; what the client adds comes on top', async () => {
  const notion = {
    command: 'npx',
    args: ['@notionhq/notion-mcp-server', '--flag'],
    env: { NOTION_TOKEN: 'ntn_$1', EXTRA: 'x$y' },
  }
  const { files, secrets, tools, leftOut } = await imported({ 'My Notes': notion })
  expect(leftOut).toEqual([])
  expect(tools).toMatchObject([{ name: 'my-notes', notes: ['recipe of the catalogue'] }])
  const recipe = parse(files.get('images/my-notes/recipe.yaml')?.toString() ?? '') as Record<string, unknown>
  expect(recipe).toMatchObject({
    name: 'my-notes',
    args: ['--flag'],
    children: 'pool',
    tools: expect.any(Array),
  })
  expect(secrets.get('secrets/mcp-my-notes.env')).toContain("NOTION_TOKEN='ntn_$1'")
  const compose = files.get('compose.yaml')?.toString() ?? ''
  expect(compose).not.toContain('ntn_')
  expect(parse(compose)).toMatchObject({ services: { 'mcp-my-notes': { environment: { EXTRA: 'x$$y' } } } })
})

test('folders given to the filesystem server are mounted below its own, each under a name of its own', async () => {
  const { files } = await imported({ files: FILES })
  const { services, volumes } = parse(files.get('compose.yaml')?.toString() ?? '') as {
    services: Record<string, { volumes: { source: string; target: string }[] }>
    volumes?: object
  }
  const mounts = services['mcp-files']?.volumes.map(({ source, target }) => [source, target])
  expect(mounts).toEqual([
    ['/home/me/notes', '/data/notes'],
    ['/srv/notes', '/data/notes-2'],
  ])
  expect(volumes).toBeUndefined()
})

test('names that become the same are told apart; what is elsewhere or local gets no image', async () => {
  const local = { command: 'node', args: ['server.js'] }
  const { files, tools, remote, leftOut } = await imported({
    'the clock': CLOCK,
    'the-clock': CLOCK,
    far: { url: 'https://example.com/sse' },
    local,
  })
  expect(tools.map(({ name }) => name)).toEqual(['the-clock', 'the-clock-2'])
  expect(remote.map(({ name }) => name)).toEqual(['far'])
  expect(leftOut.map(({ name }) => name)).toEqual(['local'])
  const litellm = parse(files.get('litellm.yaml')?.toString() ?? '') as {
    mcp_servers: Record<string, object>
  }
  expect(Object.keys(litellm.mcp_servers)).toEqual(['the_clock', 'the_clock_2', 'far'])
  expect(litellm.mcp_servers['far']).toEqual({ url: 'https://example.com/sse', transport: 'sse' })
})

test('a name that another one would have become is passed over', async () => {
  const { files, tools, secrets } = await imported({
    memory: CLOCK,
    Memory: CLOCK,
    'memory-2': CLOCK,
    'MEMORY!': CLOCK,
  })
  expect(tools.map(({ name }) => name)).toEqual(['memory', 'memory-2', 'memory-2-2', 'memory-3'])
  const { services } = parse(files.get('compose.yaml')?.toString() ?? '') as { services: object }
  expect(Object.keys(services)).toHaveLength(5)
  expect(secrets.get('litellm.env')?.match(/^\w+/gm)).toEqual([
    'MCP_MEMORY_TOKEN',
    'MCP_MEMORY_2_TOKEN',
    'MCP_MEMORY_2_2_TOKEN',
    'MCP_MEMORY_3_TOKEN',
  ])
  const long = 'a'.repeat(60)
  const { tools: longs } = await imported({ [long]: CLOCK, [`${long}b`]: CLOCK })
  expect(longs.map(({ name }) => name)).toEqual(['a'.repeat(40), `${'a'.repeat(36)}-2`])
})

/** Each in a form that clients' files really have. */
const SECRET = 'hunter2-S3CRET'
const IN_ARGUMENTS: Record<string, { command: string; args: string[] }> = {
  'behind an option': {
    command: 'npx',
    args: ['-y', '@modelcontextprotocol/server-memory', '--api-key', SECRET],
  },
  'in an option': {
    command: 'npx',
    args: ['-y', '@modelcontextprotocol/server-memory', `--token=${SECRET}`],
  },
  'in an address': { command: 'uvx', args: ['postgres-mcp', `postgresql://bob:${SECRET}@db.example/app`] },
  'in a header': { command: 'uvx', args: ['mcp-server-time', '--header', `Authorization: Bearer ${SECRET}`] },
  'in a parameter': {
    command: 'uvx',
    args: ['mcp-server-time', `https://example.com/mcp?api_key=${SECRET}`],
  },
  'of a program of this machine': { command: 'node', args: ['server.js', '--password', SECRET] },
}

test.for(Object.entries(IN_ARGUMENTS))(
  'a secret %s is in no file, and the tool is left out by name',
  async ([, entry]) => {
    const said: string[] = []
    const file = readClientFile(JSON.stringify({ mcpServers: { shy: entry, clock: CLOCK } }), 'mcp.json')
    const made = await importFile(file, { ...options, say: (text) => said.push(text) })
    expect(made.tools.map(({ name }) => name)).toEqual(['clock'])
    expect(made.leftOut).toMatchObject([
      { name: 'shy', reason: expect.stringMatching(/secret|program of this machine/) },
    ])
    expect(
      JSON.stringify([[...made.files], [...made.secrets], made.leftOut, made.tools, said]),
    ).not.toContain(SECRET)
  },
)

test('a tool of the catalogue says which variable to use', async () => {
  const { leftOut } = await imported({ db: IN_ARGUMENTS['in an address'] ?? {} })
  expect(leftOut[0]?.reason).toContain('give it below "env" as DATABASE_URI')
})

test.for([
  ['OPENAPI_MCP_HEADERS', `{"Authorization": "Bearer ${SECRET}"}`],
  ['MY_SETTINGS', `{"apiKey": "${SECRET}"}`],
  ['GITLAB_PAT', SECRET],
  ['SLACK_WEBHOOK', `https://hooks.example/T0/${SECRET}`],
  ['SENTRY_DSN', `https://${SECRET}@sentry.example/1`],
  ['SERVICE_URL', `https://example.com/?token=${SECRET}`],
  ['REGION', `sk-${SECRET}`],
  // Of the recipe of git in the catalogue, which takes it for harmless.
  ['GIT_CONFIG_VALUE_0', `https://me:${SECRET}@git.example/`],
] as const)('a secret in %s is in secrets/ only', async ([name, value]) => {
  const { files, secrets, tools } = await imported({
    one: { command: 'uvx', args: ['mcp-server-git'], env: { [name]: value, COLOUR: 'blue' } },
  })
  expect(tools).toHaveLength(1)
  expect(JSON.stringify([...files])).not.toContain(SECRET)
  expect(files.get('compose.yaml')?.toString()).toContain('COLOUR: blue')
  expect(parseEnv(secrets.get('secrets/mcp-one.env') ?? '')).toEqual({ [name]: value })
})

test('an address that lets in whoever has it is for LiteLLM alone', async () => {
  const url = `https://mcp.example/${SECRET}/mcp?key=${SECRET}`
  const { files, secrets, remote, remoteSecret, leftOut } = await imported({
    far: { url },
    near: { url: 'https://example.com/mcp' },
    odd: { url: 'os.environ/LITELLM_MASTER_KEY' },
  })
  expect(remote.map(({ name }) => name)).toEqual(['far', 'near'])
  expect([remoteSecret, leftOut.map(({ name }) => name)]).toEqual([['far'], ['odd']])
  expect(JSON.stringify([...files])).not.toContain(SECRET)
  expect(files.get('litellm.yaml')?.toString()).toContain('url: os.environ/MCP_FAR_URL')
  expect(parseEnv(secrets.get('litellm.env') ?? '')).toEqual({ MCP_FAR_URL: url })
})

test('a value that no line of a file can hold leaves its tool out, and nothing of it is written', async () => {
  for (const value of [`a'"\`b`, 'a\nNODE_OPTIONS=--require=/evil.js', 'a\rb']) {
    const { files, secrets, leftOut } = await imported({
      clock: CLOCK,
      odd: { ...CLOCK, env: { API_KEY: value } },
    })
    expect(leftOut).toMatchObject([{ name: 'odd', reason: expect.stringContaining('API_KEY') }])
    expect([...files.keys(), ...secrets.keys()].filter((path) => path.includes('odd'))).toEqual([])
    expect(files.get('compose.yaml')?.toString()).not.toContain('odd')
  }
})

test('the token that is there is kept, and LiteLLM gets the same', async () => {
  const { secrets } = await imported({ clock: CLOCK, other: CLOCK }, { 'mcp-clock:gateway': 'kept' })
  expect(secrets.get('secrets/mcp-clock.tokens')).toMatch(/^gateway:kept\nclient:\S{32}\n$/)
  const [, made = ''] =
    /^gateway:(\S{32})\nclient:\S{32}\n$/.exec(secrets.get('secrets/mcp-other.tokens') ?? '') ?? []
  expect(secrets.get('litellm.env')).toBe(`MCP_CLOCK_TOKEN=kept\nMCP_OTHER_TOKEN=${made}\n`)
})
