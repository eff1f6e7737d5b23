// connect: what the clients of the READMEs do with their configuration, done by the official SDK.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { send, tempDir, type Headers, type Reply } from '@mcp-bridge/testkit'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'

/** An entry of a client's list of servers. */
export interface Entry {
  type?: string
  url?: string
  headers?: Record<string, string>
  command?: string
  args?: string[]
  env?: Record<string, string>
}

/** What the clients call a wire; without a name it is Streamable HTTP, as in Cursor. */
const STREAMABLE = new Set([undefined, 'http', 'streamable-http', 'MCP (Streamable HTTP)', 'HTTP Streamable'])
const SSE = 'sse'

/**
 * A client connected as the entry says.
 *
 * @throws Error for a type no client of the READMEs knows, and what the SDK throws
 */
export async function connect({ type, url, headers = {}, ...stdio }: Entry): Promise<Client> {
  if (url === undefined) return over(mcpRemote(stdio))
  const requestInit = { headers }
  if (type === SSE) return over(new SSEClientTransport(new URL(url), { requestInit }))
  if (!STREAMABLE.has(type)) throw new Error(`no wire is called "${type}"`)
  return over(new StreamableHTTPClientTransport(new URL(url), { requestInit }))
}

/** The mcp-remote of the workspace in place of the one that `npx -y mcp-remote` would download; the rest as written. */
function mcpRemote({ command, args = [], env = {} }: Entry): Transport {
  const [yes, program, ...rest] = args
  if (command !== 'npx' || yes !== '-y' || program !== 'mcp-remote') {
    throw new Error(`this is neither a URL nor "npx -y mcp-remote …": ${[command, ...args].join(' ')}`)
  }
  const { resolve } = createRequire(new URL('../test/package.json', import.meta.url))
  const home = tempDir()
  return new StdioClientTransport({
    command: process.execPath,
    args: [join(dirname(resolve('mcp-remote/package.json')), 'dist/proxy.js'), ...rest],
    env: { PATH: process.env['PATH'] ?? '', HOME: home, MCP_REMOTE_CONFIG_DIR: home, ...env },
    stderr: 'ignore',
  })
}

async function over(transport: Transport): Promise<Client> {
  const client = new Client({ name: 'readme', version: '0.0.0' })
  await client.connect(transport)
  return client
}

/** What a tool answers, as text. */
export async function call(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<string> {
  const { content } = await client.callTool({ name, arguments: args })
  return (content as { text?: string }[]).map(({ text = '' }) => text).join('\n')
}

/** What a tool answers a client that connects for this one call. */
export async function callOnce(
  entry: Entry,
  name: string,
  args: Record<string, unknown> = {},
): Promise<string> {
  const client = await connect(entry)
  try {
    return await call(client, name, args)
  } finally {
    await client.close()
  }
}

/** Calls a tool of server-everything that is offered to every client: the answer has 42 in it. */
export function sum(entry: Entry): Promise<string> {
  return callOnce(entry, 'get-sum', { a: 2, b: 40 })
}

export const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'readme', version: '0.0.0' },
  },
}

/** One POST to `/mcp`, with headers that the SDK would not send. */
export function post(port: number, headers: Headers, body: unknown): Promise<Reply> {
  return send({
    port,
    method: 'POST',
    path: '/mcp',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}
