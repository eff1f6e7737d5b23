// clients: clients with a session on either wire, and what they read from answers and refusals.
import {
  SseClient,
  StreamableClient,
  type Headers,
  type InitializeOptions,
  type Reply,
  type RpcResponse,
} from '@mcp-bridge/testkit'
import { expect } from 'vitest'

export type Client = StreamableClient | SseClient

export interface OpenOptions extends InitializeOptions {
  headers?: Headers
  path?: string
}

/** For `test.each`: what must hold on both wires. */
export const WIRES = [
  ['Streamable HTTP', openStreamable],
  ['HTTP+SSE', openSse],
] as const

export async function openStreamable(
  { port }: { port: number },
  { headers = {}, path = '/mcp', ...initialize }: OpenOptions = {},
): Promise<StreamableClient> {
  const client = new StreamableClient({ port, headers, path })
  expect((await client.initialize(initialize)).error).toBeUndefined()
  return client
}

export async function openSse(
  { port }: { port: number },
  { headers = {}, path = '/sse', ...initialize }: OpenOptions = {},
): Promise<SseClient> {
  const client = new SseClient({ port, headers, path })
  await client.connect()
  expect((await client.initialize(initialize)).error).toBeUndefined()
  return client
}

/** Text of a tool's first content, undefined where it gave none. */
export function textOf({ result, error }: RpcResponse): string | undefined {
  expect(error).toBeUndefined()
  return result.content[0]?.text
}

/** Notifications the echo child of this client has received, parsed. */
export async function notificationsOf(client: Client): Promise<any[]> {
  const lines: string[] = JSON.parse(textOf(await client.call('heard')) ?? '[]')
  return lines.map((line) => JSON.parse(line))
}

/** A refusal in the one form that all of them have; returns its error. */
export function refusal(reply: Reply, status: number, code: string): any {
  expect([reply.status, reply.headers['content-type']]).toEqual([status, 'application/json; charset=utf-8'])
  const { error, ...rest } = reply.json()
  expect(rest).toMatchObject({ jsonrpc: '2.0', id: expect.toSatisfy(() => true) })
  expect(error).toMatchObject({ code: expect.any(Number), message: expect.any(String), data: { code } })
  return error
}

/** What the odd-tools child of this client has been asked for, by anybody. */
export async function stateOf(
  client: Client,
): Promise<{ level: string; levelsSet: number; subscribed: object }> {
  return JSON.parse(textOf(await client.call('state')) ?? '')
}

/** Log messages this client has got. */
export function logsOf({ received }: Client): unknown[] {
  return received.flatMap((each) =>
    'method' in each && each.method === 'notifications/message' ? [each.params?.data] : [],
  )
}
