// Whole files of three clients, as people have them, become running stacks by what was printed; each tool is called by what was printed.
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanTemp, eventually, tempDir } from '@mcp-bridge/testkit'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PATIENT, textOf } from './client.ts'
import { addressOf, attempt, ca, docker } from './docker.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const home = tempDir()
const stacks: string[] = []
/** Nobody's uid but that of who has the folders. */
const OWNER = process.getuid?.() === 0 ? 1234 : (process.getuid?.() ?? 1234)

beforeAll(async () => {
  // Docker's user must get through to what is mounted.
  chmodSync(home, 0o755)
  const bridge = here('../../packages/bridge/bin/mcp-bridge.js')
  own('bin/mcp-bridge', `#!/bin/sh\nexec '${process.execPath}' '${bridge}' "$@"\n`)
  chmodSync(join(home, 'bin/mcp-bridge'), 0o755)
  own('theirs/tool.cjs', THEIRS)
  own(
    'theirs/Dockerfile',
    'FROM node:24-trixie-slim\nCOPY tool.cjs /srv/tool.cjs\nCMD ["node", "/srv/tool.cjs", "default"]\n',
  )
  await docker('build', '--quiet', '--tag', 'mcp-bridge-test-flags:1.0', join(home, 'theirs'))
})

afterAll(async () => {
  await downAll()
  await attempt('image', 'rm', 'mcp-bridge-test-flags:1.0')
  cleanTemp()
})

/** Docker has room for about thirty networks, and others may run on the same engine. */
async function downAll(): Promise<void> {
  for (const folder of stacks.splice(0)) {
    const { code, stderr } = await attempt(
      'compose',
      '--project-directory',
      folder,
      'down',
      '--volumes',
      '--timeout',
      '5',
    )
    if (code !== 0) throw new Error(stderr)
  }
}

/** Says with what it was started. */
const THEIRS = `
const { readdirSync } = require('node:fs')
const seen = () => JSON.stringify({ args: process.argv.slice(2), greeting: process.env.GREETING, work: readdirSync('/work'), uid: process.getuid() })
const answers = {
  initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'theirs', version: '1' } }),
  'tools/list': () => ({ tools: [{ name: 'look', inputSchema: { type: 'object' } }] }),
  'tools/call': () => ({ content: [{ type: 'text', text: seen() }] }),
  ping: () => ({}),
}
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  if (id !== undefined && answers[method]) console.log(JSON.stringify({ jsonrpc: '2.0', id, result: answers[method](params) }))
})
`

/** A file in the home folder; folders with the rights of an ordinary one. */
function own(path: string, content: string): string {
  const file = join(home, path)
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 })
  writeFileSync(file, content)
  return file
}

function folderOf(path: string): string {
  const folder = join(home, path)
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  if (process.getuid?.() === 0) chownSync(folder, OWNER, OWNER)
  return folder
}

interface Made {
  folder: string
  said: string
  /** The steps below "next:", the third of which begins with the file to paste. */
  steps: string[]
  pasted: string
}

function run(command: string): { code: number | null; out: string; said: string } {
  const env = {
    ...process.env,
    PATH: `${join(home, 'bin')}:${process.env['PATH']}`,
    ...(ca === undefined ? {} : { BUILD_CA: ca }),
  }
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
    cwd: home,
    env,
    encoding: 'utf8',
    timeout: 900_000,
  })
  return { code: status, out: stdout, said: stdout + stderr }
}

function composeFrom(file: string, name: string): Made {
  const folder = join(home, name)
  const { code, out, said } = run(`mcp-bridge compose from '${file}' --output '${folder}'`)
  expect([code, said]).toMatchObject([0, expect.stringContaining('next:')])
  const [, next = ''] = out.split('next:\n')
  const steps = next.split(/^ {2}\d\. /m).slice(1)
  const pasted = (steps.at(-1) ?? '').split('\n').slice(1).join('\n').replaceAll(/^ {5}/gm, '')
  if (!stacks.includes(folder)) stacks.push(folder)
  return { folder, said: out, steps, pasted }
}

/** The command that was printed, as it stands there. */
function up({ steps }: Made): { code: number | null; said: string } {
  const step = steps.find((each) => each.startsWith('mcp-bridge image base')) ?? ''
  return run(step.trim())
}

function upHealthy(made: Made): void {
  const { code, said } = up(made)
  if (code === 0) return
  const logs = run(`docker compose --project-directory '${made.folder}' logs --tail 20`)
  throw new Error(`${said}\n${logs.said}`)
}

async function call(transport: Transport, name: string, args: Record<string, unknown>): Promise<string> {
  const client = new Client({ name: 'pasted', version: '1' })
  await client.connect(transport, PATIENT)
  try {
    return await textOf(client.callTool({ name, arguments: args }, undefined, PATIENT))
  } finally {
    await client.close()
  }
}

const http = (url: string, headers: Record<string, string>): Transport =>
  new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } })

/** Who shares a network with whom: each tool has one, with the front alone. */
async function networksOf(folder: string): Promise<Map<string, string[]>> {
  const ids = (await docker('compose', '--project-directory', folder, 'ps', '--quiet')).split('\n')
  const all = await Promise.all(
    ids.map(async (id): Promise<[string, string[]]> => {
      const format =
        '{{index .Config.Labels "com.docker.compose.service"}} {{json .NetworkSettings.Networks}}'
      const [, service = '', networks = '{}'] =
        /^(\S+) (.*)$/s.exec(await docker('inspect', '--format', format, id)) ?? []
      return [service, Object.keys(JSON.parse(networks) as object)]
    }),
  )
  return new Map(all)
}

test('clients: Claude Desktop, with folders, a variable for a file and arguments', async () => {
  const notes = folderOf('notes')
  const file = own(
    'claude_desktop_config.json',
    JSON.stringify({
      mcpServers: {
        'my files': { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', notes] },
        memory: {
          command: 'npx',
          args: ['-y', '@modelcontextprotocol/server-memory'],
          env: { MEMORY_FILE_PATH: '/home/me/memory.json' },
        },
        clock: {
          command: 'C:\\Program Files\\nodejs\\uvx.exe',
          args: ['mcp-server-time', '--local-timezone=Asia/Tokyo'],
        },
        off: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-memory'], disabled: true },
        mine: { command: 'node', args: ['server.js'] },
      },
    }),
  )
  const made = composeFrom(file, 'desktop')
  expect(made.said).toMatch(/memory: .*MEMORY_FILE_PATH stays \/data\/memory\.jsonl/)
  expect(made.said).toMatch(
    /left out: off: it is switched off in the file\nleft out: mine: .*a program of this machine/,
  )
  expect(statSync(join(made.folder, 'client.json')).mode & 0o777).toBe(0o600)
  upHealthy(made)
  const { mcpServers } = JSON.parse(made.pasted) as {
    mcpServers: Record<string, { command: string; args: string[]; env: Record<string, string> }>
  }
  // What Claude Desktop does with an entry; `npx` finds mcp-remote in the folder of these tests.
  const ask = (name: string, tool: string, args: Record<string, unknown>): Promise<string> => {
    const { env = {}, ...entry } = mcpServers[name] ?? { command: '', args: [] }
    const environment = { ...getDefaultEnvironment(), ...env }
    return call(
      new StdioClientTransport({ ...entry, env: environment, cwd: here('..'), stderr: 'ignore' }),
      tool,
      args,
    )
  }
  expect(await ask('my files', 'write_file', { path: '/data/notes/a.txt', content: 'hi' })).toContain(
    'Successfully wrote',
  )
  expect([readFileSync(join(notes, 'a.txt'), 'utf8'), statSync(join(notes, 'a.txt')).uid]).toEqual([
    'hi',
    OWNER,
  ])
  const entities = [{ name: 'kept', entityType: 'x', observations: ['y'] }]
  expect(await ask('memory', 'create_entities', { entities })).toContain('kept')
  expect(await ask('clock', 'get_current_time', { timezone: 'Asia/Tokyo' })).toContain('Asia/Tokyo')
  // The graph outlives its container.
  await docker(
    'compose',
    '--project-directory',
    made.folder,
    'up',
    '--detach',
    '--wait',
    '--force-recreate',
    'mcp-memory',
  )
  expect(await ask('memory', 'read_graph', {})).toContain('kept')
})

test('clients: a LiteLLM of one’s own reaches the tools of the stack by what its files say', async () => {
  const folder = join(home, 'desktop')
  const [, network = ''] =
    /on the network (\S+_front)\./.exec(readFileSync(join(folder, 'litellm.yaml'), 'utf8')) ?? []
  const name = `mcp-bridge-test-litellm-${process.pid}`
  const headers = { authorization: 'Bearer sk-of-the-test', 'content-type': 'application/json' }
  await docker(
    ...[
      'run',
      '--detach',
      '--name',
      name,
      '--network',
      network,
      '--env',
      'LITELLM_MASTER_KEY=sk-of-the-test',
    ],
    ...['--env-file', join(folder, 'litellm.env'), '--volume', `${folder}/litellm.yaml:/app/config.yaml:ro`],
    ...['ghcr.io/berriai/litellm:v1.77.3-stable', '--config', '/app/config.yaml', '--port', '4000'],
  )
  try {
    const url = `http://${await addressOf(name, network)}:4000/mcp-rest/tools`
    await eventually(
      async () => {
        const { tools } = (await (await fetch(`${url}/list`, { headers })).json()) as {
          tools: { name: string }[]
        }
        const names = tools.map((tool) => tool.name)
        expect(names).toEqual(expect.arrayContaining(['memory-read_graph', 'clock-get_current_time']))
        expect(names.some((each) => each.endsWith('-write_file'))).toBe(true)
        return true
      },
      { what: 'LiteLLM to list the tools', withinMs: 300_000 },
    )
    const body = JSON.stringify({ name: 'memory-read_graph', arguments: {} })
    expect(await (await fetch(`${url}/call`, { method: 'POST', headers, body })).text()).toContain('kept')
  } finally {
    await docker('rm', '--force', '--volumes', name)
  }
})

test('clients: Codex, with tools that may be used, variables of the shell what is switched off; beside another stack', async () => {
  const file = own(
    '.codex/config.toml',
    `model = "x"
[mcp_servers.memory]
command = "npx"
args = ["-y", "@modelcontextprotocol/server-everything@2026.8.31"]
env_vars = ["SHELL_TOKEN"]
enabled_tools = ["get-env"]
startup_timeout_sec = 20
[mcp_servers.memory.env]
PLAIN = "1.50"
[mcp_servers.off]
command = "npx"
args = ["x"]
enabled = false
[mcp_servers.far]
url = "https://mcp.example.com/mcp"
bearer_token_env_var = "FAR_TOKEN"
`,
  )
  const made = composeFrom(file, 'codex')
  expect(made.said).toContain('memory: recipe of the catalogue; not carried over: startup_timeout_sec')
  expect(made.said).toContain('fill in MCP_FAR_AUTH in litellm.env: variable FAR_TOKEN of the client')
  // As a person's shell has it; Compose wants it for `down`, too.
  process.env['SHELL_TOKEN'] = 'of-the-shell'
  upHealthy(made)
  const [, url = '', token = ''] =
    /^url = "(.*)"\nhttp_headers = \{ Authorization = "(.*)" \}$/m.exec(made.pasted) ?? []
  expect(JSON.parse(await call(http(url, { Authorization: token }), 'get-env', {}))).toMatchObject({
    ...{ PLAIN: '1.50', SHELL_TOKEN: 'of-the-shell' },
  })
  expect(await call(http(url, { Authorization: token }), 'echo', { message: 'hi' })).toMatch(
    /unknown|not found/i,
  )
  expect(existsSync(join(made.folder, 'images/off'))).toBe(false)
  // Two stacks with a tool of the same name; no tool meets another.
  for (const folder of ['desktop', 'codex'].map((name) => join(home, name))) {
    const networks = await networksOf(folder)
    const tools = [...networks].filter(([service]) => service !== 'front').map(([, names]) => names)
    expect(tools.every((names) => names.length === 1)).toBe(true)
    expect(new Set(tools.flat()).size).toBe(tools.length)
    expect(networks.get('front')).toEqual(expect.arrayContaining(tools.flat()))
  }
})

test('clients: VS Code, with inputs, a file of variables, the open folder and docker run', async () => {
  await downAll()
  const project = folderOf('project')
  own('project/.env', '\uFEFFFROM_FILE="of the file"\nAPP_PASSWORD=s3cret-of-the-file\n')
  const file = own(
    'project/.vscode/mcp.json',
    `{
      // asked for once, by VS Code
      "inputs": [{ "id": "key", "type": "promptString", "description": "The key", "password": true }],
      "servers": {
        "files": { "type": "stdio", "command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "\${workspaceFolder}"] },
        "memory": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-everything@2026.8.31"], "envFile": "\${workspaceFolder}/.env",
          "env": { "API_KEY": "\${input:key}", "REGION": "eu$west" }, "dev": { "watch": "x" } },
        "flags": { "command": "docker", "args": ["run", "-i", "--rm", "--name", "x", "-e", "GREETING", "-v", "\${workspaceFolder}:/work:ro",
          "mcp-bridge-test-flags:1.0", "node", "/srv/tool.cjs", "given"], "env": { "GREETING": "hello" } },
        "github": { "type": "http", "url": "https://api.githubcopilot.com/mcp/", "headers": { "Authorization": "Bearer ghp_0123456789abcdef" } },
      },
    }`,
  )
  const made = composeFrom(file, 'vscode')
  expect(made.said).toMatch(
    /memory: .*2 variables from .*\.env; not carried over: dev|memory: .*not carried over: dev.*2 variables from/,
  )
  expect(readFileSync(join(made.folder, 'litellm.yaml'), 'utf8')).toMatch(
    /auth_type: bearer_token\n\s+auth_value: os\.environ\/MCP_GITHUB_AUTH/,
  )
  expect(readFileSync(join(made.folder, 'litellm.env'), 'utf8')).toContain(
    'MCP_GITHUB_AUTH=ghp_0123456789abcdef\n',
  )
  for (const path of [
    'compose.yaml',
    'litellm.yaml',
    'images/memory/Dockerfile',
    'images/memory/recipe.yaml',
  ])
    expect(readFileSync(join(made.folder, path), 'utf8')).not.toMatch(/s3cret|ghp_/)

  // Compose starts nothing without what only a person knows, and names it.
  expect(made.steps[0]).toContain('INPUT_KEY (The key)')
  const refused = up(made)
  expect(refused.code).not.toBe(0)
  expect(refused.said).toContain('fill in INPUT_KEY in .env: The key')
  const dotenv = join(made.folder, '.env')
  writeFileSync(dotenv, readFileSync(dotenv, 'utf8').replace('INPUT_KEY=', "INPUT_KEY='the $key'"))
  upHealthy(made)

  const { servers } = JSON.parse(made.pasted) as {
    servers: Record<string, { url: string; headers: Record<string, string> }>
  }
  const ask = (name: string, tool: string, args: Record<string, unknown>): Promise<string> => {
    const { url = '', headers = {} } = servers[name] ?? {}
    return call(http(url, headers), tool, args)
  }
  expect(await ask('files', 'write_file', { path: '/data/project/b.txt', content: 'hi' })).toContain(
    'Successfully wrote',
  )
  expect(statSync(join(project, 'b.txt')).uid).toBe(OWNER)
  expect(JSON.parse(await ask('memory', 'get-env', {}))).toMatchObject({
    ...{
      FROM_FILE: 'of the file',
      APP_PASSWORD: 's3cret-of-the-file',
      API_KEY: 'the $key',
      REGION: 'eu$west',
    },
  })
  expect(JSON.parse(await ask('flags', 'look', {}))).toMatchObject({
    ...{ args: ['given'], greeting: 'hello', work: expect.arrayContaining(['b.txt']), uid: OWNER },
  })
  // Made again, it keeps what was filled in, its tokens and its port.
  const before = [
    '.env',
    'client.json',
    'litellm.env',
    'secrets/mcp-memory.env',
    'secrets/mcp-memory.tokens',
  ].map((path) => [path, readFileSync(join(made.folder, path), 'utf8')])
  composeFrom(file, 'vscode')
  for (const [path = '', text] of before) expect(readFileSync(join(made.folder, path), 'utf8')).toBe(text)
})
