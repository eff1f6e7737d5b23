// containers/client: the SDK's own client, with a token, on either wire of a container.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

export type Path = '/mcp' | '/sse'

/** For each request: on a busy machine a process may take long to start. */
export const PATIENT = { timeout: 300_000 }

/** Gives what `use` gives; the session is ended whatever comes. */
export async function withClient<T>(
  base: string,
  path: Path,
  token: string,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ name: 'containers', version: '1.0.0' })
  const options = { requestInit: { headers: { authorization: `Bearer ${token}` } } }
  const url = new URL(path, base)
  const transport =
    path === '/sse' ? new SSEClientTransport(url, options) : new StreamableHTTPClientTransport(url, options)
  await client.connect(transport, PATIENT)
  try {
    return await use(client)
  } finally {
    if ('terminateSession' in transport) await transport.terminateSession()
    await client.close()
  }
}

/** The texts of a result, or of the error in its place. */
export async function textOf(call: Promise<unknown>): Promise<string> {
  try {
    const { content, ...rest } = (await call) as { content?: { type: string; text?: string }[] }
    const texts = (content ?? []).map(({ text }) => text ?? '')
    return texts.length > 0 ? texts.join('\n') : JSON.stringify(rest)
  } catch (error) {
    return (error as Error).message
  }
}
