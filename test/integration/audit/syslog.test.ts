// syslog: lines reach a receiver of syslog, one that comes late or comes back too, and one that has gone shows.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { eventually, fixture, send, tempDir } from '@mcp-bridge/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../e2e/port.ts'
import { embedded, nothingLeft } from '../bridges.ts'
import { openStreamable } from '../clients.ts'
import { linesOf, type AuditLine } from './lines.ts'

nothingLeft()

const HEADER = /^<110>1 (\S+) (\S+) mcp-bridge (\d+) (\S+) - (.*)$/s

interface Receiver {
  messages: string[]
  close(): Promise<void>
}

/** What came, as RFC 5424 has it. */
function linesIn({ messages }: Receiver): AuditLine[] {
  return messages.map((message) => {
    const [, time, host, pid, id, body = ''] = HEADER.exec(message) ?? []
    const [line] = linesOf(body)
    expect([time, host, pid, id]).toEqual([line?.time, hostname(), String(process.pid), line?.event])
    return line as AuditLine
  })
}

async function overUdp(port: number): Promise<Receiver> {
  const socket = createSocket('udp4')
  const messages: string[] = []
  socket.on('message', (message) => message.length > 0 && messages.push(message.toString('utf8')))
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  const close = async () => {
    await new Promise<void>((resolve) => socket.close(() => resolve()))
  }
  return { messages, close }
}

/** Each message begins with its length. */
async function overStream(listen: (server: Server) => void): Promise<Receiver> {
  const messages: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let rest = Buffer.alloc(0)
    socket.on('data', (data) => {
      rest = Buffer.concat([rest, data])
      for (;;) {
        const blank = rest.indexOf(' ')
        const end = blank + 1 + Number(rest.subarray(0, blank).toString())
        if (blank === -1 || rest.length < end) return
        messages.push(rest.subarray(blank + 1, end).toString('utf8'))
        rest = rest.subarray(end)
      }
    })
  })
  listen(server)
  await once(server, 'listening')
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { messages, close }
}

const PLACES = [
  [
    'udp',
    async () => {
      const port = await freePort('127.0.0.1')
      return { audit: `syslog+udp://127.0.0.1:${port}`, receive: () => overUdp(port) }
    },
  ],
  [
    'tcp',
    async () => {
      const port = await freePort('127.0.0.1')
      const receive = () => overStream((server) => server.listen(port, '127.0.0.1'))
      return { audit: `syslog+tcp://localhost:${port}`, receive }
    },
  ],
  [
    'unix',
    async () => {
      const path = join(tempDir(), 'log.sock')
      return { audit: `syslog+unix:${path}`, receive: () => overStream((server) => server.listen(path)) }
    },
  ],
] as const

test.each(PLACES)(
  'audit.syslog: %s: each call is one message; without a receiver calls go on, readiness says so, and lines wait',
  async (_kind, place) => {
    const { audit, receive } = await place()
    const bridge = await embedded({ command: fixture('echo'), audit })
    const status = async () =>
      (JSON.parse((await send({ port: bridge.port, path: '/readyz' })).body) as { status: string }).status
    const becomes = (wanted: string) =>
      eventually(async () => (await status()) === wanted, { what: `readiness to be ${wanted}` })
    const client = await openStreamable(bridge)
    await client.call('echo', { text: 'before there is a receiver' })
    await becomes('degraded')
    const first = await receive()
    await becomes('ready')
    await client.call('nö-such-tool', {})
    const callsOf = (receiver: Receiver) =>
      linesIn(receiver).flatMap(({ event, tool }) => (event === 'call' ? [tool] : []))
    await eventually(() => callsOf(first).length === 2, { what: 'both calls' })
    expect(callsOf(first)).toEqual(['echo', 'nö-such-tool'])
    expect(linesIn(first)[0]).toMatchObject({ event: 'bridge.started' })
    await first.close()
    // Over UDP the next line finds that out, and is lost.
    await client.call('echo', {})
    await becomes('degraded')
    await client.call('big', {})
    const second = await receive()
    onTestFinished(() => second.close())
    await becomes('ready')
    await eventually(() => callsOf(second).includes('big'), { what: 'the call that waited' })
    await bridge.close()
    await eventually(() => linesIn(second).at(-1)?.event === 'bridge.closed', { what: 'the last line' })
  },
)

test('audit.syslog: with --audit-required no call is carried out while there is no receiver', async () => {
  const port = await freePort('127.0.0.1')
  const audit = `syslog+tcp://127.0.0.1:${port}`
  const bridge = await embedded({ command: fixture('echo'), audit, auditRequired: true })
  const client = await openStreamable(bridge)
  expect((await client.call('echo', {})).error?.data).toMatchObject({ code: 'audit_unavailable' })
  const receiver = await overStream((server) => server.listen(port, '127.0.0.1'))
  onTestFinished(() => receiver.close())
  await eventually(async () => (await client.call('echo', {})).error === undefined, { what: 'a call' })
})
