// e2e/wires: the two wires of a bridge, each with the official client SDK and by hand.
import { Client, type ClientOptions } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  SseClient,
  StreamableClient,
  type RpcRequest,
  type RunningBridge,
  type StdioClient,
} from '@mcp-bridge/testkit'

export type Wire = 'Streamable HTTP' | 'HTTP+SSE'
export const wires: readonly Wire[] = ['Streamable HTTP', 'HTTP+SSE']

/** The client of the SDK, and how it leaves in order. */
export interface Official {
  client: Client
  leave(): Promise<void>
}

/** Connects the SDK's own client; `prepare` adds what has to be there before `initialize`. */
export async function connect(
  wire: Wire,
  bridge: Pick<RunningBridge, 'url'>,
  capabilities: ClientOptions['capabilities'] = {},
  prepare: (client: Client) => void = () => {},
): Promise<Official> {
  const client = new Client({ name: 'official', version: '1.0.0' }, { capabilities })
  prepare(client)
  if (wire === 'HTTP+SSE') {
    await client.connect(new SSEClientTransport(new URL(bridge.url('/sse'))))
    return { client, leave: () => client.close() }
  }
  const transport = new StreamableHTTPClientTransport(new URL(bridge.url('/mcp')))
  await client.connect(transport)
  const leave = async (): Promise<void> => {
    await transport.terminateSession()
    await client.close()
  }
  return { client, leave }
}

/** A client by hand with a session, its stream for what the server says unasked, and how it leaves in order. */
export interface ByHand {
  client: SseClient | StreamableClient
  leave(): Promise<void>
}

export async function connectByHand(
  wire: Wire,
  { port }: Pick<RunningBridge, 'port'>,
  capabilities: Record<string, unknown> = {},
  onRequest?: (request: RpcRequest) => unknown,
): Promise<ByHand> {
  if (wire === 'HTTP+SSE') {
    const client = new SseClient({ port })
    client.onRequest = onRequest
    await client.connect()
    await client.initialize({ capabilities })
    return { client, leave: async () => client.close() }
  }
  const client = new StreamableClient({ port })
  client.onRequest = onRequest
  await client.initialize({ capabilities })
  await client.listen()
  const leave = async (): Promise<void> => {
    await client.del()
    client.close()
  }
  return { client, leave }
}

/** Every response as it came, to the byte, in the order of the requests; `stdio` is the tool's own pipe. */
export function responsesOf(client: SseClient | StreamableClient | StdioClient): string[] {
  return messagesOf(client)
    .map((text) => ({ text, message: JSON.parse(text) as { id?: number; method?: string } }))
    .filter(({ message }) => message.method === undefined)
    .toSorted((a, b) => (a.message.id ?? 0) - (b.message.id ?? 0))
    .map(({ text }) => text)
}

function messagesOf(client: SseClient | StreamableClient | StdioClient): string[] {
  if ('lines' in client) return client.lines.filter((line) => line.trim() !== '')
  const streams = 'streams' in client ? client.streams : client.stream === undefined ? [] : [client.stream]
  return streams.flatMap((stream) =>
    stream.isEventStream
      ? stream.events.all
          .filter(({ event, data }) => event === 'message' && data !== '')
          .map(({ data }) => data)
      : [stream.text].filter((text) => text !== ''),
  )
}
