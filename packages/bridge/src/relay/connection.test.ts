import { expect, test } from 'vitest'
import { silentLogger } from '../telemetry/logger.ts'
import { Message } from '../rpc/message.ts'
import { Port } from './connection.ts'
import { ownRoute, type Route } from './route.ts'
import type { Sink } from './sink.ts'
import { Switchboard } from './multiplexer.ts'

/** Takes everything, and remembers what was said. */
function sink(): Sink & { answers: Message[] } {
  const answers: Message[] = []
  return {
    answers,
    isOpen: true,
    isStanding: true,
    answer: (message) => answers.push(message),
    relate: () => {},
  }
}

function connected(isOwn: boolean) {
  const sent: string[] = []
  const pipe = { backlogBytes: 0, send: (message: Message) => void sent.push(String(message.encode('', ''))) }
  const ports = new Set<Port>()
  const switchboard = new Switchboard(pipe, { ports }, silentLogger(), {
    isOwn,
    lostMs: 1000,
    maxBacklogBytes: 1000,
  })
  const route: Route = ownRoute(switchboard)
  const plugIn = () => {
    const port = new Port(route, sink(), silentLogger(), 10_000)
    ports.add(port)
    return port
  }
  return { sent, pipe, switchboard, plugIn }
}

const request = (id: number | string) =>
  Message.from({ jsonrpc: '2.0', id, method: 'tools/call', params: {} })
const cancellation = (requestId: number | string) =>
  Message.from({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId, reason: 'long' } })

test('many cancellations at once are found one by one, however they write the id', () => {
  const { sent, plugIn } = connected(true)
  const port = plugIn()
  const calls = Array.from({ length: 3000 }, (_, n) =>
    port.request(request(n % 2 === 0 ? n : `s${n}`), sink(), 0),
  )
  sent.length = 0
  const others = Array.from({ length: 30_000 }, (_, n) => cancellation(-1 - n))
  const since = performance.now()
  for (const other of others) port.notify(other)
  // One after the other among all calls it is 90 million comparisons.
  expect(performance.now() - since).toBeLessThan(3000)
  expect(sent).toEqual([])
  port.notify(cancellation('s1'))
  port.notify(cancellation(2))
  port.notify(cancellation(2))
  // One that came in between is found too.
  const late = port.request(request('late'), sink(), 0)
  port.notify(cancellation('late'))
  expect(
    sent.filter((line) => line.includes('cancelled')).map((line) => JSON.parse(line).params.requestId),
  ).toEqual([calls[1]?.number, calls[2]?.number, late.number])
})

test('a child that does not read is told nothing but cancellations, in their shortest form', () => {
  const { sent, pipe, switchboard, plugIn } = connected(true)
  const port = plugIn()
  const call = port.request(request(1), sink(), 0)
  switchboard.receive(Message.from({ jsonrpc: '2.0', id: 'q', method: 'roots/list' }))
  pipe.backlogBytes = 1001
  sent.length = 0
  const backlogged = expect.objectContaining({ code: 'child_backlogged' })
  expect(() => port.notify(Message.from({ jsonrpc: '2.0', method: 'notifications/any' }))).toThrow(backlogged)
  const answer = Message.from({ jsonrpc: '2.0', id: 'q', result: {} })
  expect(() => port.respond(answer)).toThrow(backlogged)
  switchboard.receive(Message.from({ jsonrpc: '2.0', id: 'r', method: 'ping' }))
  switchboard.refuse('"s"', 'no')
  expect(sent).toEqual([])
  port.notify(cancellation(1))
  expect(sent).toEqual([
    `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${call.number},"reason":"cancelled"}}`,
  ])
  // The question can still be answered when it reads again.
  pipe.backlogBytes = 0
  expect(port.respond(answer)).toBe(true)
  expect(sent).toHaveLength(2)
})
