import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseClientFile } from './client-file.ts'
import { importFile, type Imported } from './project.ts'

const catalogue = fileURLToPath(new URL('../../catalogue', import.meta.url))
const assets = { catalogue, base: '', bundle: '', version: '0.1.0' }

/** Only of tools of the catalogue: nothing is asked of a registry. */
function imported(mcpServers: object, tokens: Record<string, string> = {}): Promise<Imported> {
  return importFile(parseClientFile(JSON.stringify({ mcpServers }), 'mcp.json'), {
    assets,
    tokenOf: (service) => tokens[service],
    say: () => {},
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
  expect(remote).toEqual(['far'])
  expect(leftOut.map(({ name }) => name)).toEqual(['local'])
  const litellm = parse(files.get('litellm.yaml')?.toString() ?? '') as {
    mcp_servers: Record<string, object>
  }
  expect(Object.keys(litellm.mcp_servers)).toEqual(['the_clock', 'the_clock_2', 'far'])
  expect(litellm.mcp_servers['far']).toEqual({ url: 'https://example.com/sse', transport: 'sse' })
})

test('the token that is there is kept, and LiteLLM gets the same', async () => {
  const { files, secrets } = await imported({ clock: CLOCK, other: CLOCK }, { 'mcp-clock': 'kept' })
  expect(secrets.get('secrets/mcp-clock.tokens')).toBe('litellm:kept\n')
  const [, made = ''] = /^litellm:(\S{32})\n$/.exec(secrets.get('secrets/mcp-other.tokens') ?? '') ?? []
  expect(files.get('litellm.env')).toBe(`MCP_CLOCK_TOKEN=kept\nMCP_OTHER_TOKEN=${made}\n`)
})
