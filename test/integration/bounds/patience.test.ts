// patience: what the bridge does only after it has waited for long; all of it waits at the same time.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, fixture, isAlive, tempDir } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'
import { callUnread, connectionsTo, postUnread, readUntil } from './measured.ts'

nothingLeft()

const KEEP_ALIVE_MS = 15_000
/** How long a stream may stall, an ended one stay unread, and a call go on for a client that cannot resume. */
const GRACE_MS = 30_000
const LATE_MS = 25_000
const TIMEOUT_MS = 90_000

describe.concurrent('bounds.patience', () => {
  test('an idle stream carries a comment every 15 s', { timeout: TIMEOUT_MS }, async () => {
    const bridge = await bridged(['--', ...fixture('echo')])
    const [sse, streamable] = await Promise.all([openSse(bridge), openStreamable(bridge)])
    const get = await streamable.listen()
    void streamable.call('sleep', { ms: 600_000 }).catch(() => {})
    const post = await eventually(
      () => streamable.streams.find((each) => each.isEventStream && each !== get),
      {
        what: 'the stream of the call',
      },
    )
    const streams = [sse.stream, get, post]
    const beats = (): number[] =>
      streams.map((each) => each?.comments.filter((text) => text.trim() === 'keep-alive').length ?? 0)
    expect(beats()).toEqual([0, 0, 0])
    await eventually(() => Math.min(...beats()) > 1, {
      what: 'two comments on each stream',
      withinMs: 2 * KEEP_ALIVE_MS + 10_000,
    })
  })

  test(
    'a stalled stream is cut after 30 s for the sake of its session',
    { timeout: TIMEOUT_MS },
    async () => {
      const bridge = await bridged(['--', ...fixture('floods-stdout')])
      const client = await openStreamable(bridge)
      const stalled = await postUnread(bridge, client, flood(256))
      await readUntil(stalled, /flood/)
      // Its child is held back for the reader that takes nothing; until all buffers are full it still answers at once.
      const waitedMs = await eventually(
        async () => {
          const from = performance.now()
          expect(textOf(await client.call('echo', { text: 'after all' }))).toBe('after all')
          const ms = performance.now() - from
          return ms > GRACE_MS / 2 && ms
        },
        { what: 'a call that has to wait', withinMs: TIMEOUT_MS },
      )
      expect(waitedMs).toBeGreaterThan(LATE_MS)
      const cut = await bridge.until(({ msg }) => msg === 'stalled stream closed')
      expect(cut['sessionId']).toBe(client.sessionId?.slice(0, 8))
    },
  )

  test('a stalled stream that makes nobody wait is left alone', { timeout: TIMEOUT_MS }, async () => {
    const bridge = await bridged(['--', ...fixture('floods-stdout')])
    const stalled = await callUnread(bridge, flood(64))
    const other = await openStreamable(bridge)
    const lone = await postUnread(bridge, other, flood(64))
    await readUntil(lone, /flood/)
    const patient = performance.now() + GRACE_MS + 5000
    await eventually(() => performance.now() > patient, { what: 'the grace to pass', withinMs: TIMEOUT_MS })
    expect(bridge.logs.filter(({ msg }) => msg === 'stalled stream closed')).toEqual([])
    await Promise.all([readUntil(stalled, /1024 lines/), readUntil(lone, /1024 lines/)])
  })

  test(
    'what a frozen client left unread goes within 30 s of its session',
    { timeout: TIMEOUT_MS },
    async () => {
      const bridge = await bridged(['--', ...fixture('floods-stdout')])
      const client = await openStreamable(bridge)
      // In the middle of a stream, and after a whole answer.
      const stalled = await postUnread(bridge, client, flood(64))
      await readUntil(stalled, /flood/)
      const other = await openStreamable(bridge)
      const unread = await postUnread(bridge, other, { id: 8, name: 'big', arguments: { bytes: 60_000_000 } })
      await readUntil(unread, /xxx/)
      const ended = await Promise.all([client.del(), other.del()])
      expect(ended.map(({ status }) => status)).toEqual([204, 204])
      await eventually(() => connectionsTo(bridge) === 2, { what: 'only those two to be left' })
      await eventually(() => connectionsTo(bridge) === 0, {
        what: 'both connections to be cut',
        withinMs: GRACE_MS + LATE_MS,
      })
      for (const res of [stalled, unread]) res.destroy()
    },
  )

  test(
    'a call whose client vanished is cancelled, unless it can resume',
    { timeout: TIMEOUT_MS },
    async () => {
      const files = [join(tempDir(), 'old'), join(tempDir(), 'new')] as const
      const revisions = ['2025-06-18', '2025-11-25']
      const vanished = files.map(async (file, i) => {
        const bridge = await bridged(['--', ...fixture('records-calls', file)])
        const client = await openStreamable(bridge, { protocolVersion: revisions[i] ?? '' })
        client.call('sleep', { ms: 600_000 }).catch(() => {})
        await eventually(() => client.streams.some((each) => each.isEventStream), {
          what: 'the stream of the call',
        })
        client.close()
        return performance.now()
      })
      const [from = 0] = await Promise.all(vanished)
      const cancelled = await eventually(() => linesOf(files[0]).find((line) => line.includes('cancelled')), {
        what: 'the cancellation',
        withinMs: GRACE_MS + LATE_MS,
      })
      expect(performance.now() - from).toBeGreaterThan(GRACE_MS - 5000)
      const call = linesOf(files[0]).find((line) => line.includes('tools/call')) ?? ''
      expect(JSON.parse(cancelled).params.requestId).toBe(JSON.parse(call).id)
      expect(linesOf(files[1]).filter((line) => line.includes('cancelled'))).toEqual([])
    },
  )

  test('with its stream an HTTP+SSE client ends its calls and its child at once', async () => {
    const file = join(tempDir(), 'sse')
    const bridge = await bridged(['--', ...fixture('records-calls', file)])
    const client = await openSse(bridge)
    const pid = Number(textOf(await client.call('pid')))
    client.call('sleep', { ms: 600_000 }, { id: 'long' }).catch(() => {})
    await eventually(() => linesOf(file).some((line) => line.includes('600000')), {
      what: 'the call to arrive',
    })
    client.close()
    await eventually(() => !isAlive(pid), { what: 'the child to be gone', withinMs: GRACE_MS / 2 })
    const call = linesOf(file).find((line) => line.includes('600000')) ?? ''
    const cancelled = linesOf(file).filter((line) => line.includes('notifications/cancelled'))
    expect(cancelled.map((line) => JSON.parse(line).params.requestId)).toEqual([JSON.parse(call).id])
  })
})

function flood(megabytes: number) {
  return { id: 7, name: 'flood', arguments: { megabytes } }
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n')
}
