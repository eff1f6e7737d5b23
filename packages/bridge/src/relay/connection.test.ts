import { expect, test } from 'vitest'
import { UNCHARGED } from '../budget/budget.ts'
import { Message } from '../rpc/message.ts'
import { Latency } from '../telemetry/latency.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { createCall } from './call.ts'
import { Connection } from './connection.ts'
import type { Call, Peer, ReplyStream } from './dispatch.ts'
import { Multiplexer } from './multiplexer.ts'
import { createBridgePeer } from './peer.ts'

/** Takes everything, and remembers what was said. */
function stream(): ReplyStream & { responses: Message[] } {
  const responses: Message[] = []
  return {
    responses,
    canReceive: true,
    isStandalone: true,
    onResponse: (message) => responses.push(message),
    onMessage: () => {},
  }
}

function connected() {
  const sent: string[] = []
  const pipe = { backlogBytes: 0, send: (message: Message) => void sent.push(String(message.encode('', ''))) }
  const peers = new Set<Peer>()
  const options = { isShared: false, lostMs: 1000, maxBacklogBytes: 1000 }
  const multiplexer = new Multiplexer(pipe, peers, options, silentLogger())
  const peer = createBridgePeer()
  peers.add(peer)
  const connection = new Connection(
    multiplexer.dispatcherFor(peer),
    { account: UNCHARGED, standalone: stream(), holdMs: 10_000, latency: new Latency() },
    silentLogger(),
  )
  const begin = (message: Message): Call => {
    const call = createCall(message, 0)
    connection.request(call, message, stream())
    return call
  }
  return { sent, pipe, multiplexer, connection, begin }
}

const request = (id: number | string) =>
  Message.from({ jsonrpc: '2.0', id, method: 'tools/call', params: {} })
const cancellation = (requestId: number | string) =>
  Message.from({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId, reason: 'long' } })

test('many cancellations at once are found one by one, however they write the id', () => {
  const { sent, connection, begin } = connected()
  const calls = Array.from({ length: 3000 }, (_, n) => begin(request(n % 2 === 0 ? n : `s${n}`)))
  sent.length = 0
  const others = Array.from({ length: 30_000 }, (_, n) => cancellation(-1 - n))
  const since = performance.now()
  for (const other of others) connection.notify(other)
  // One after the other among all calls it is 90 million comparisons.
  expect(performance.now() - since).toBeLessThan(3000)
  expect(sent).toEqual([])
  connection.notify(cancellation('s1'))
  connection.notify(cancellation(2))
  connection.notify(cancellation(2))
  // One that came in between is found too.
  const late = begin(request('late'))
  connection.notify(cancellation('late'))
  expect(
    sent.filter((line) => line.includes('cancelled')).map((line) => JSON.parse(line).params.requestId),
  ).toEqual([calls[1]?.number, calls[2]?.number, late.number])
})

test('a child that does not read is told nothing but cancellations, in their shortest form', () => {
  const { sent, pipe, multiplexer, connection, begin } = connected()
  const call = begin(request(1))
  multiplexer.receive(Message.from({ jsonrpc: '2.0', id: 'q', method: 'roots/list' }))
  pipe.backlogBytes = 1001
  sent.length = 0
  const backlogged = expect.objectContaining({ code: 'child_backlogged' })
  expect(() => connection.notify(Message.from({ jsonrpc: '2.0', method: 'notifications/any' }))).toThrow(
    backlogged,
  )
  const answer = Message.from({ jsonrpc: '2.0', id: 'q', result: {} })
  expect(() => connection.respond(answer)).toThrow(backlogged)
  multiplexer.receive(Message.from({ jsonrpc: '2.0', id: 'r', method: 'ping' }))
  expect(sent).toEqual([])
  connection.notify(cancellation(1))
  expect(sent).toEqual([
    `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${call.number},"reason":"cancelled"}}`,
  ])
  // The server request can still be answered when it reads again.
  pipe.backlogBytes = 0
  expect(connection.respond(answer)).toBe(true)
  expect(sent).toHaveLength(2)
})
