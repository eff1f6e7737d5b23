// pressure: before memory runs out the bridge gives up what can be given up, and goes on.
import { eventually, fixture, Refused, type StreamableClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeft()

const EVENTS_ONLY = { headers: { accept: 'text/event-stream' } }
const BYTES = 900_000

test('bounds.pressure: replay logs are dropped, the largest first, and every session goes on', async () => {
  const bridge = await bridged([
    ...['--max-memory', '4MiB', '--max-replay', '1MiB', '--children', 'shared'],
    ...['--', ...fixture('echo')],
  ])
  const clients: StreamableClient[] = []
  const ids: string[] = []
  const isShort = () => bridge.logs.some(({ msg }) => msg.startsWith('memory is short'))
  while (!isShort()) {
    // Five logs of that length are more than there is.
    expect(clients.length).toBeLessThan(6)
    const client = await openStreamable(bridge, EVENTS_ONLY)
    clients.push(client)
    expect(textOf(await client.call('big', { bytes: BYTES }))).toHaveLength(BYTES)
    ids.push(client.streams.at(-1)?.events.all[0]?.id ?? '')
    // The bridge looks now and then.
    const before = performance.now()
    await eventually(() => isShort() || performance.now() - before > 1000, { what: 'a look' })
  }
  const outcomes = await Promise.all(
    clients.map(async (client, i) => {
      const stream = await client.listen({ lastEventId: ids[i] ?? '' }).catch((error: unknown) => error)
      return stream instanceof Refused ? stream.status : 'replayed'
    }),
  )
  expect(outcomes).toContain(400)
  for (const client of clients) expect(textOf(await client.call('echo', { text: 'on' }))).toBe('on')
  // What was given up is room for somebody new.
  const late = await openStreamable(bridge)
  expect(textOf(await late.call('echo', { text: 'new' }))).toBe('new')
})
