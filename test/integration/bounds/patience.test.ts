// patience: what the bridge does only after it has waited for long; all of it waits at the same time.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  connectionsTo,
  eventually,
  fixture,
  isAlive,
  openDescriptors,
  SseClient,
  StreamableClient,
  tempDir,
  type EventStream,
} from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf, type Client } from '../clients.ts'
import { postUnread, readUntil } from './measured.ts'

nothingLeft()

const KEEP_ALIVE_MS = 15_000
/** How long an ended stream may stay unread, and a call go on for a client that cannot resume. */
const GRACE_MS = 30_000
const LATE_MS = 25_000
const TIMEOUT_MS = 90_000

const SESSIONS = 300
/** The ping that a half-open client leaves unanswered. */
const PING_MS = 10_000
/** Longer than a busy machine takes to open the quarter of them that cannot be asked. */
const IDLE_MS = 12_000

/** 300 of these at once are cheap, and start in 2 ms. It answers every request as if it were `initialize`. */
const TINY = `while read -r line; do case $line in *'"id":'*)
  id=\${line#*'"id":'}; id=\${id%%[,\\}]*}
  echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"tiny","version":"1"}}}'
esac; done`

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
      await eventually(() => connectionsTo(bridge.port) === 2, { what: 'only those two to be left' })
      await eventually(() => connectionsTo(bridge.port) === 0, {
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

test.concurrent('stream.keepalive: GET, a slow POST and HTTP+SSE all get comments before 30 s of silence', async () => {
  const bridge = await bridged(['--', ...fixture('echo')])
  const [client, sse] = await Promise.all([openStreamable(bridge), openSse(bridge)])
  const get = await client.listen()
  client.call('sleep', { ms: 60_000 }).catch(() => {})
  const post = await eventually(() => client.streams[2], { what: 'the stream of the call' })
  const streams = [get, post, sse.stream!]
  expect(streams.map(({ isEventStream }) => isEventStream)).toEqual([true, true, true])
  const beats = () =>
    streams.map(({ comments }) => comments.filter((each) => each.includes('keep-alive')).length)
  await eventually(() => beats().every((count) => count > 0), { what: 'a comment on each', withinMs: 30_000 })
  sse.close()
  client.close()
  await client.del()
})

test.concurrent(
  'bounds.vanish: 300 sessions whose clients are gone or frozen leave no child and no connection',
  { timeout: 180_000 },
  async () => {
    const bridge = await bridged([
      ...['--idle', `${IDLE_MS}ms`, '--max-children', '400', '--max-sessions', '400', '--warm', '0'],
      ...['--', 'sh', '-c', TINY],
    ])
    await bridge.until(({ msg }) => msg === 'tool answers')
    const descriptorsBefore = openDescriptors(bridge.pid)

    // A quarter each: on both wires those that freeze, then those that vanish. Whoever has a stream answers pings
    // meanwhile; the last have none.
    const open: (() => Promise<Client>)[] = [
      async () => openSse(bridge),
      async () => listening(await openStreamable(bridge)),
      async () => openSse(bridge),
      async () => openStreamable(bridge),
    ]
    const clients: Client[] = []
    for (const each of open) {
      for (let n = 0; n < SESSIONS / 4; n += 25)
        clients.push(...(await Promise.all(Array.from({ length: 25 }, each))))
    }
    // One throw-away child came first.
    await eventually(() => bridge.childPids.length === SESSIONS + 1, { what: 'all children in the log' })
    const pids = bridge.childPids.slice(1)
    expect(pids.filter(isAlive).length).toBe(SESSIONS)

    // Of each wire one half vanishes; the sockets of the other stay open, and nobody reads them any more.
    const [frozen, gone] = [clients.slice(0, SESSIONS / 2), clients.slice(SESSIONS / 2)]
    for (const client of gone) client.close()
    for (const client of frozen) streamOf(client).pause()
    expect(pids.filter(isAlive).length).toBeGreaterThanOrEqual(frozen.length)
    expect(frozen).toHaveLength(SESSIONS / 2)

    await eventually(
      () => {
        expect(bridge.logs.filter(({ msg }) => msg === 'session closed')).toHaveLength(SESSIONS)
        expect(pids.filter(isAlive)).toEqual([])
        // The sockets of the frozen clients are still open on their side.
        expect(openDescriptors(bridge.pid)).toBeLessThanOrEqual(descriptorsBefore + 2)
        return true
      },
      { what: 'all sessions and children to be gone', withinMs: IDLE_MS + PING_MS + 20_000 },
    )
    const reasons = bridge.logs.filter(({ msg }) => msg === 'session closed').map(({ reason }) => reason)
    expect(reasons.filter((reason) => reason === 'no answer to ping')).toHaveLength(frozen.length)
    for (const client of frozen) client.close()

    const next = await openStreamable(bridge)
    expect((await next.request('ping')).error).toBeUndefined()
  },
)

function flood(megabytes: number) {
  return { id: 7, name: 'flood', arguments: { megabytes } }
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n')
}

async function listening(client: StreamableClient): Promise<StreamableClient> {
  await client.listen()
  return client
}

/** The one on which it could be asked. */
function streamOf(client: Client): EventStream {
  const stream = client instanceof SseClient ? client.stream : client.streams.at(-1)
  if (stream === undefined) throw new Error('no stream')
  return stream
}
