// stalled: a client that stops reading stops its own child, and nobody else.
import { eventually, fixture } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, embedded, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'
import {
  callUnread,
  GROWTH_LIMIT_MIB,
  PASSAGE_LIMIT_MIB,
  postUnread,
  readLines,
  readUntil,
  watchMemory,
} from './measured.ts'

nothingLeft()

type Where = { port: number }

const MEGABYTES = 300
/** The fixture's lines are 64 KiB. */
const LINES = MEGABYTES * 16

/** Number of the line of the flood that this line of the stream carries. */
function numberOf(line: string): number {
  return Number(/"data":"(\d+) /.exec(line.slice(0, 200))?.[1])
}

/** How long a stream may stall here; 30 s where nothing else is said. */
const STALL_MS = 4000
const TIMEOUT_MS = 90_000

const floodOf = (megabytes: number) => ({ id: 7, name: 'flood', arguments: { megabytes } })
const flood = floodOf(MEGABYTES)

describe.each([
  ['Streamable HTTP', async (bridge: Where) => postUnread(bridge, await openStreamable(bridge), flood)],
  ['HTTP+SSE', async (bridge: Where) => callUnread(bridge, flood)],
])('bounds.stalled: over %s', (_wire, callFlood) => {
  test('300 MB for a reader that takes nothing leave memory flat and the neighbour served; then they arrive', async () => {
    const bridge = await bridged(['--', ...fixture('floods-stdout')])
    const neighbour = await openStreamable(bridge)
    for (let n = 0; n < 50; n++) await neighbour.call('echo')
    const grownBy = watchMemory(bridge)
    const stalled = await callFlood(bridge)

    // Nobody reads: a neighbour that waited for it would wait for ever.
    for (let n = 0; n < 300; n++) {
      expect(textOf(await neighbour.call('echo', { text: String(n) }))).toBe(String(n))
    }
    expect(grownBy()).toBeLessThan(GROWTH_LIMIT_MIB)

    let last = 0
    await readLines(stalled, (line) => {
      if (line.includes(`"${LINES} lines"`)) return true
      if (!line.startsWith('data: {') || !line.includes('"logger":"flood"')) return
      // Each in its turn: the first that is not would be lost among 4800.
      if (numberOf(line) !== ++last) throw new Error(`line ${numberOf(line)} where ${last} was due`)
    })
    expect(last).toBe(LINES)
    expect(grownBy()).toBeLessThan(PASSAGE_LIMIT_MIB)
  })
})

test('bounds.stalled: a client that comes back on a new connection is served, whatever the old one left unread', async () => {
  const limits = ['--max-buffer', '1MiB', '--max-replay', '1KiB']
  const bridge = await bridged([...limits, '--', ...fixture('floods-stdout')])
  const client = await openStreamable(bridge)
  const stalled = await postUnread(bridge, client, floodOf(32))
  const [, lastEventId = ''] = await readUntil(stalled, /id: (\S+)/)
  const resumed = await client.listen({ lastEventId })
  // 64 KiB are more than can be replayed: what is too old is lost, the answer is not.
  expect((await resumed.events.next(({ data }) => data.includes('lines'))).data).toContain(
    `"${32 * 16} lines"`,
  )
  stalled.destroy()
})

test.each(['Streamable HTTP', 'HTTP+SSE'])(
  'bounds.stalled: over %s, one that reads all is never left waiting, however low the limit',
  async (wire) => {
    const bridge = await bridged(['--max-buffer', '1KiB', '--', ...fixture('echo')])
    const client = await (wire === 'HTTP+SSE' ? openSse : openStreamable)(bridge)
    // Each event is over the limit by itself.
    const options = { progressToken: 'x'.repeat(2000) }
    for (let n = 0; n < 3; n++) {
      expect(textOf(await client.call('progress', { steps: 4, delayMs: 20 }, options))).toBe('done')
    }
    expect(client.received.length).toBe(12)
  },
)

// Both wait.
describe.concurrent('bounds.patience', () => {
  test(
    'a stalled stream is cut after a while for the sake of its session',
    { timeout: TIMEOUT_MS },
    async () => {
      const bridge = await embedded({ command: fixture('floods-stdout') }, { stallMs: STALL_MS })
      const client = await openStreamable(bridge)
      const stalled = await postUnread(bridge, client, floodOf(256))
      await readUntil(stalled, /flood/)
      // Its child is held back for the reader that takes nothing; until all buffers are full it still answers at once.
      let longestMs = 0
      await eventually(
        async () => {
          const from = performance.now()
          expect(textOf(await client.call('echo', { text: 'after all' }))).toBe('after all')
          longestMs = Math.max(longestMs, performance.now() - from)
          return bridge.logs.some(({ msg }) => msg === 'stalled stream closed')
        },
        { what: 'the stream to be cut', withinMs: TIMEOUT_MS },
      )
      expect(longestMs).toBeGreaterThan(STALL_MS * 0.8)
      const cut = await bridge.until(({ msg }) => msg === 'stalled stream closed')
      expect(cut['sessionId']).toBe(client.sessionId?.slice(0, 8))
    },
  )

  test('a stalled stream that makes nobody wait is left alone', { timeout: TIMEOUT_MS }, async () => {
    const bridge = await embedded({ command: fixture('floods-stdout') }, { stallMs: STALL_MS })
    const stalled = await callUnread(bridge, floodOf(64))
    const other = await openStreamable(bridge)
    const lone = await postUnread(bridge, other, floodOf(64))
    await readUntil(lone, /flood/)
    const patient = performance.now() + 2 * STALL_MS
    await eventually(() => performance.now() > patient, { what: 'the grace to pass', withinMs: TIMEOUT_MS })
    expect(bridge.logs.filter(({ msg }) => msg === 'stalled stream closed')).toEqual([])
    await Promise.all([readUntil(stalled, /1024 lines/), readUntil(lone, /1024 lines/)])
  })
})
