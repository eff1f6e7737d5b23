// connected: `mcp-bridge connect` as a process, its client at its pipes, and servers and proxies that misbehave.
import {
  createServer,
  request,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net'
import { fileURLToPath } from 'node:url'
import { StdioClient, type StdioOptions } from '@mcp-bridge/testkit'
import { afterEach, expect } from 'vitest'

const BIN = fileURLToPath(new URL('../../../packages/bridge/bin/mcp-bridge.js', import.meta.url))
const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

export function commandTo(url: string, ...options: string[]): string[] {
  return [process.execPath, BIN, 'connect', url, ...options]
}

/** The client of a `connect` that has just been started; it ends with the test. */
export async function connected(
  url: string,
  options: readonly string[] = [],
  { env }: StdioOptions = {},
): Promise<StdioClient> {
  const client = new StdioClient(commandTo(url, ...options), env === undefined ? {} : { env })
  await client.connect()
  closers.push(async () => expect(await client.close(20_000)).toEqual({ code: 0, signal: null }))
  return client
}

/** The same, with a session. */
export async function opened(...all: Parameters<typeof connected>): Promise<StdioClient> {
  const client = await connected(...all)
  expect((await client.initialize()).error).toBeUndefined()
  return client
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as AddressInfo).port
}

/** @param tls over HTTPS */
export async function served(
  listener: RequestListener,
  tls?: { cert: Buffer; key: Buffer },
): Promise<number> {
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener)
  closers.push(() => Promise.resolve(server.closeAllConnections()))
  return listening(server)
}

/** As a proxy does. */
export function passOn(req: IncomingMessage, res: ServerResponse, port: number, path = req.url): void {
  const { method, headers } = req
  const onward = request({ port, method, path, headers }, (answer) => {
    res.writeHead(answer.statusCode ?? 0, answer.headers)
    answer.pipe(res)
  })
  onward.on('error', () => res.destroy())
  res.on('close', () => onward.destroy())
  req.pipe(onward)
}

/** A relay of bytes that can be cut. */
export async function cuttable(
  to: number,
): Promise<{ port: number; cut(): void; isUp: boolean; turnedAway: number }> {
  const sockets = new Set<Socket>()
  const relay = {
    port: 0,
    isUp: true,
    turnedAway: 0,
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
  const server = createTcpServer((socket) => {
    if (!relay.isUp) {
      relay.turnedAway++
      return socket.destroy()
    }
    const other = connect(to, '127.0.0.1')
    for (const each of [socket, other]) {
      sockets.add(each)
      each.on('error', () => {})
      each.on('close', () => {
        sockets.delete(each)
        socket.destroy()
        other.destroy()
      })
    }
    socket.pipe(other)
    other.pipe(socket)
  })
  closers.push(() => Promise.resolve(relay.cut()))
  relay.port = await listening(server)
  return relay
}
