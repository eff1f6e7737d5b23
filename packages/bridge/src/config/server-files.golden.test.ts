// The table of packages/client-file/samples for the bridge: what becomes of entries of all clients. `vitest --update` writes it anew.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CLIENTS, type Client, type ClientName } from '@mcp-bridge/client-file'
import { expect, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { loadConfig } from './load.ts'

interface Sample {
  client: ClientName
  entry: string
}

const samples = ['entries', 'more-entries'].flatMap(
  (name) => parse(readFileSync(place(`${name}.yaml`), 'utf8')) as Sample[],
)

/** Where the clients have their files; those of a home folder tell nothing of what is open. */
const FILES: Record<ClientName, string> = {
  'claude-desktop': '.config/Claude/claude_desktop_config.json',
  'claude-code': 'project/.mcp.json',
  vscode: 'project/.vscode/mcp.json',
  cursor: 'project/.cursor/mcp.json',
  windsurf: '.codeium/windsurf/mcp_config.json',
  zed: '.config/zed/settings.json',
  cline: 'globalStorage/cline_mcp_settings.json',
  roo: 'project/.roo/mcp.json',
  codex: '.codex/config.toml',
  gemini: 'project/.gemini/settings.json',
  goose: '.config/goose/config.yaml',
  jetbrains: 'project/.junie/mcp/mcp.json',
}
const ENV = { USER: 'me', PATH: '/usr/bin', API_KEY: 'of-the-bridge', EMPTY: '', INPUT_REGION: 'eu' }
const inputs = [
  { id: 'key', type: 'promptString', description: 'The key', password: true },
  { id: 'region', type: 'promptString', description: 'Where' },
  { id: 'folder', type: 'promptString', description: 'Which folder' },
  { id: 'with-default', type: 'pickString', default: 'first' },
]

function place(name: string): URL {
  return new URL(`../../../client-file/samples/${name}`, import.meta.url)
}

function textOf({ client, entry }: Sample): string {
  const { root, format }: Client = CLIENTS[client]
  const [key = ''] = root
  if (format === 'toml') return `[${key}.x]\n${entry}\n`
  if (format === 'yaml') return `${key}:\n  x: ${entry}\n`
  const asked = client === 'vscode' ? `"inputs": ${JSON.stringify(inputs)}, ` : ''
  return `{${asked}"${key}": {"x": ${entry}}}`
}

async function resultOf(sample: Sample, home: string): Promise<unknown> {
  const path = join(home, FILES[sample.client])
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, textOf(sample).replaceAll('/home/me', home))
  const { config } = await loadConfig({ env: { ...ENV, HOME: home }, flags: { servers: [path] } })
  const server = config.servers?.['x']
  if (server === undefined) throw new Error('is not there')
  const { state, reason, url, shown, notes } = server
  const { command, env, cwd, envFile, toolsAllow, toolsDeny } = server.config ?? {}
  const whole = command?.join(' ') === shown ? {} : { shown }
  const all = { state, reason, url, command, ...whole, env, cwd, envFile, toolsAllow, toolsDeny, notes }
  const full = Object.entries(all).filter(([, value]) =>
    typeof value === 'object' ? Object.keys(value).length > 0 : value !== undefined,
  )
  return JSON.parse(JSON.stringify(Object.fromEntries(full)).replaceAll(home, '/home/me'))
}

test('what the bridge makes of entries of all clients', async () => {
  const home = mkdtempSync(join(tmpdir(), 'mcp-bridge-home-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  mkdirSync(join(home, 'project'))
  writeFileSync(join(home, 'project/.env'), 'A=1\n')
  const results: object[] = []
  for (const sample of samples) results.push({ ...sample, result: await resultOf(sample, home) })
  expect(results.length).toBeGreaterThanOrEqual(100)
  const text = stringify(results, { lineWidth: 0 })
  await expect(
    `# Made by server-files.golden.test.ts from entries.yaml and more-entries.yaml.\n${text}`,
  ).toMatchFileSnapshot(place('servers.yaml').pathname)
})
