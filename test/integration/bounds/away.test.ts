// away: how long a call goes on whose client has gone, and a client that does not answer a ping.
import { eventually, fixture } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf, type Client } from '../clients.ts'
import { gatedBy } from '../gate.ts'

nothingLeft()

test('away.resumable: a call whose client can come back outlives one whose client cannot', async () => {
  const it = await gatedBy((command) =>
    embedded({ command, children: 'shared' }, { detachedMs: 200, replayMs: 60_000 }),
  )
  // Only the newer revision names a place to come back to before the first message.
  const able = await openStreamable(it.bridge, { protocolVersion: '2025-11-25' })
  const unable = await openStreamable(it.bridge, { protocolVersion: '2025-06-18' })
  const gates = { able: it.gate('able'), unable: it.gate('unable') }
  const answer = able.call('held', { gate: gates.able }, { keepWaiting: true })
  answer.catch(() => {})
  unable.call('held', { gate: gates.unable }).catch(() => {})
  const ids = () => able.streams.flatMap(({ events }) => events.all.flatMap(({ id }) => id ?? []))
  const first = await eventually(() => ids()[0], { what: 'an event id' })
  await it.until(gates.unable)
  // Only a stream whose head has come can be cut.
  await eventually(() => unable.streams.some(({ isEventStream }) => isEventStream), {
    what: 'the stream of the other call',
  })
  // The one that can come back goes first, and has been away for longer.
  able.close()
  unable.close()
  await it.until('notifications/cancelled')
  const cancelled = it.heard().filter(({ method }) => method === 'notifications/cancelled')
  const called = it.heard().find(({ params }) => params?.arguments?.gate === gates.unable)
  expect(cancelled.map(({ params }) => params.requestId)).toEqual([called.id])
  it.open(gates.able)
  await able.listen({ lastEventId: first })
  expect(textOf(await answer)).toMatch(/^\d+$/)
})

test.each([
  ['Streamable HTTP', openStreamable],
  ['HTTP+SSE', openSse],
] as const)(
  'away.busy: %s: a client at work is not closed for a ping that it does not answer',
  async (_, open) => {
    const bridge = await embedded({ command: fixture('echo'), idleMs: 300 }, { pongMs: 2000 })
    const client: Client = await open(bridge)
    // No answer.
    client.onRequest = () => undefined
    const listening = 'listen' in client ? await client.listen() : undefined
    let ended = ''
    void listening?.ended.then((how) => (ended = how))
    for (let pings = 0; pings < 2; pings++) {
      await client.until('ping')
      const from = performance.now()
      // Each call is a sign of life; together they take longer than the ping may stay unanswered.
      while (performance.now() - from < 2500)
        expect(textOf(await client.call('echo', { text: 'here' }))).toBe('here')
      client.received.length = 0
    }
    expect(ended).toBe('')
    client.close()
  },
)
