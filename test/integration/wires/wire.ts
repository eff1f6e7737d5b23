// wires/wire: what the tests of the wires share: bridges that must end in order, clients with a session, refusals.
import { fileURLToPath } from 'node:url'
import {
  cleanTemp,
  leftovers,
  SseClient,
  startBridge,
  stopAll,
  StreamableClient,
  type BridgeOptions,
  type Headers,
  type InitializeOptions,
  type Reply,
  type RpcResponse,
  type RunningBridge,
} from '@mcp-bridge/testkit'
import { afterAll, beforeAll, expect } from 'vitest'

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

/** The child that writes what a test gives it, and tells what it has heard. */
export const VERBATIM = [process.execPath, fileURLToPath(new URL('verbatim.ts', import.meta.url))] as const

const GRACE_MS = 10_000
const bridges: RunningBridge[] = []

/** Once per file: afterwards every bridge must end with 0 when asked, and leave no process. */
export function nothingLeft(): void {
  afterAll(async () => {
    try {
      const exits = await Promise.all(bridges.splice(0).map((bridge) => bridge.stop()))
      for (const exit of exits) expect(exit).toEqual({ code: 0, signal: null })
      expect(await leftovers({ withinMs: GRACE_MS })).toEqual([])
    } finally {
      await stopAll()
      cleanTemp()
    }
  })
}

export async function bridged(args: readonly string[], options?: BridgeOptions): Promise<RunningBridge> {
  const bridge = await startBridge(args, options)
  bridges.push(bridge)
  return bridge
}

/** One bridge for the whole file; its port is known when the first test begins. */
export function useBridge(args: readonly string[]): {
  readonly port: number
  readonly running: RunningBridge
} {
  let bridge: RunningBridge | undefined
  beforeAll(async () => {
    bridge = await bridged(args)
  })
  const running = (): RunningBridge => {
    if (bridge === undefined) throw new Error('not started yet')
    return bridge
  }
  return {
    get running() {
      return running()
    },
    get port() {
      return running().port
    },
  }
}

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

/** Every line the verbatim child of this client has received, the call that asks included. */
export async function heardBy(client: Client): Promise<string[]> {
  return (await client.call('heard')).result.lines
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
