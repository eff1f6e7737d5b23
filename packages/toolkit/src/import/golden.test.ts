// The table of packages/client-file/samples: what becomes of entries of all clients. `vitest --update` writes it anew.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CLIENTS, readClientFile, type Client, type ClientName, type Entry } from '@mcp-bridge/client-file'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { ToolkitError } from '../errors.ts'
import type { Reading } from './asked.ts'
import type { Place } from './place.ts'
import { planOf } from './plan.ts'
import { remoteOf } from './remote.ts'
import { inCatalogue } from './tool.ts'

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const samples = parse(readFileSync(path('../../../client-file/samples/entries.yaml'), 'utf8')) as {
  client: ClientName
  entry: string
}[]
const assets = {
  catalogue: path('../../catalogue'),
  base: '',
  bundle: '',
  version: '0.1.0',
  bases: new Map<string, string>(),
}

/** What is there; the folder of a user who is not root. */
const HERE: Record<string, 'file' | 'folder'> = {
  '/home/me': 'folder',
  '/home/me/project': 'folder',
  '/home/me/notes': 'folder',
  '/home/me/db': 'folder',
  '/home/me/db/app.sqlite': 'file',
  '/home/me/key.json': 'file',
}
const place: Place = {
  ...{ home: '/home/me', workspace: '/home/me/project', folder: '/home/me/project', uid: 1000 },
  look: (at) => (HERE[at] === undefined ? undefined : { is: HERE[at], uid: 1000 }),
}
const inputs = [
  { id: 'key', type: 'promptString', description: 'The key', password: true },
  { id: 'region', type: 'promptString', description: 'Where' },
  { id: 'folder', type: 'promptString', description: 'Which folder' },
]

/** A whole file with this entry in it. */
function fileOf(client: ClientName, entry: string): { text: string; path: string } {
  const { root, format }: Client = CLIENTS[client]
  const at = `/home/me/project/${client === 'claude-desktop' ? 'claude_desktop_config' : client}.${format}`
  const known: Partial<Record<ClientName, string>> = {
    cursor: '/home/me/project/.cursor/mcp.json',
    windsurf: '/home/me/project/mcp_config.json',
    cline: '/home/me/project/cline_mcp_settings.json',
    roo: '/home/me/project/.roo/mcp.json',
    gemini: '/home/me/project/.gemini/settings.json',
    jetbrains: '/home/me/project/.junie/mcp/mcp.json',
  }
  const [key = ''] = root
  if (format === 'toml') return { text: `[${key}.x]\n${entry}\n`, path: at }
  if (format === 'yaml') return { text: `${key}:\n  x: ${entry}\n`, path: at }
  const asked = client === 'vscode' ? `"inputs": ${JSON.stringify(inputs)}, ` : ''
  return { text: `{${asked}"${key}": {"x": ${entry}}}`, path: known[client] ?? at }
}

/** As in `importFile`, without what has to be asked of a registry. */
function resultOf(client: ClientName, text: string): object {
  const file = fileOf(client, text)
  const read = readClientFile(file.text, file.path)
  expect(read.client).toBe(client)
  const [entry] = read.entries
  if (entry === undefined) throw new Error('no entry')
  const reading: Reading = { inputs: read.inputs, place, isBare: (CLIENTS[client] as Client).isBare === true }
  if (entry.isDisabled) return { 'left out': 'it is switched off in the file' }
  if (entry.problem !== undefined) return { 'left out': entry.problem }
  try {
    return entry.transport === 'remote' ? remote(entry, reading) : planned(entry, reading)
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error
    return { 'left out': error.message }
  }
}

function remote(entry: Entry, reading: Reading): object {
  const { server, environment, notes } = remoteOf(entry, 'x', reading)
  return full({ litellm: server, 'litellm.env': environment.split('\n').filter(Boolean), notes })
}

const own = (name: string): string => `MCP_X_${name}`

function planned(entry: Entry, reading: Reading): object {
  const plan = planOf(entry, { ...reading, own, find: (parsed) => inCatalogue(parsed, assets)?.recipe })
  const { parsed, recipe, mounts } = plan
  const variables = plan.values.map(({ name, value, asked, isSecret }) => [
    name,
    `${asked ?? value}${isSecret ? '  (secret)' : ''}`,
  ])
  return full({
    source: Object.values(parsed.source).filter(Boolean).join(' '),
    catalogue: recipe?.name,
    ...{ args: plan.args, command: plan.runArgs, variables: Object.fromEntries(variables) },
    mounts: mounts.list.map(
      (m) => `${m.kind} ${m.source} → ${m.target}${m.isReadOnly ? ' (read only)' : ''}`,
    ),
    ...{ volumes: plan.volumes, files: plan.envFiles, bridge: plan.bridge, user: plan.user },
    ...{ fill: plan.questions.map(({ name }) => name), notes: plan.notes },
  })
}

/** Without what is empty. */
function full(all: Record<string, unknown>): object {
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) =>
      typeof value === 'object' ? Object.keys(value ?? {}).length > 0 : value !== undefined,
    ),
  )
}

test('what becomes of entries of all clients', async () => {
  const results = samples.map(({ client, entry }) => ({ client, entry, result: resultOf(client, entry) }))
  expect(results.length).toBeGreaterThanOrEqual(60)
  expect(new Set(samples.map(({ client }) => client))).toEqual(new Set(Object.keys(CLIENTS)))
  const text = stringify(results, { lineWidth: 0 })
  // Nothing of an unfilled placeholder may reach an image; only lines of Compose have them.
  for (const { result } of results) {
    expect(JSON.stringify((result as { args?: string[] }).args ?? [])).not.toContain('${')
  }
  await expect(`# Made by golden.test.ts from entries.yaml.\n${text}`).toMatchFileSnapshot(
    '../../../client-file/samples/stack.yaml',
  )
})
