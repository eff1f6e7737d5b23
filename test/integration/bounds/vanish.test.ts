// vanish: clients that never say goodbye leave nothing; one that is only quiet stays.
import {
  eventually,
  fixture,
  isAlive,
  openDescriptors,
  SseClient,
  StreamableClient,
} from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'

nothingLeft()

const SESSIONS = 300
/** The ping that a half-open client leaves unanswered. */
const PING_MS = 10_000
/** Longer than a busy machine takes to open them all. */
const IDLE_MS = 25_000

/** 300 of these at once are cheap, and start in 2 ms. It answers every request as if it were `initialize`. */
const TINY = `while read -r line; do case $line in *'"id":'*)
  id=\${line#*'"id":'}; id=\${id%%[,\\}]*}
  echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"tiny","version":"1"}}}'
esac; done`

test(
  'bounds.vanish: 300 sessions whose clients are gone or frozen leave no child and no connection',
  { timeout: 180_000 },
  async () => {
    const bridge = await bridged([
      ...['--idle', `${IDLE_MS}ms`, '--max-children', '400', '--max-sessions', '400', '--warm', '0'],
      ...['--', 'sh', '-c', TINY],
    ])
    await bridge.until(({ msg }) => msg === 'tool answers')
    const descriptorsBefore = openDescriptors(bridge.pid)

    const clients: (StreamableClient | SseClient)[] = []
    for (let n = 0; n < SESSIONS; n += 20) {
      const opened = Array.from({ length: 20 }, (_, i) =>
        (n + i) % 2 === 0 ? openSse(bridge) : openStreamable(bridge),
      )
      clients.push(...(await Promise.all(opened)))
    }
    // One throw-away child came first.
    await eventually(() => bridge.childPids.length === SESSIONS + 1, { what: 'all children in the log' })
    const pids = bridge.childPids.slice(1)
    expect(pids.filter(isAlive).length).toBe(SESSIONS)

    // Of each wire one half vanishes; the sockets of the other stay open, and nobody reads them any more.
    const frozen = clients.filter((_, i) => i % 4 < 2)
    for (const client of clients) if (!frozen.includes(client)) client.close()
    for (const client of frozen) {
      const stream = client instanceof SseClient ? client.stream : await client.listen()
      stream?.pause()
    }
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

test('bounds.vanish: a quiet client that answers pings keeps its session, and loses nothing', async () => {
  const bridge = await bridged(['--idle', '400ms', '--', ...fixture('echo')])
  const [sse, streamable, gone] = await Promise.all([
    openSse(bridge),
    openStreamable(bridge),
    openStreamable(bridge),
  ])
  await streamable.listen()
  const quiet = [sse, streamable]
  const pids = await Promise.all(quiet.map(async (client) => textOf(await client.call('pid'))))
  await eventually(
    () =>
      quiet.every(
        ({ received }) => received.filter((it) => 'method' in it && it.method === 'ping').length > 3,
      ),
    { what: 'four pings answered by each' },
  )
  expect(await Promise.all(quiet.map(async (client) => textOf(await client.call('pid'))))).toEqual(pids)
  expect(quiet.flatMap(({ failures }) => failures)).toEqual([])
  // Without a stream nobody could be asked.
  expect((await gone.post({ jsonrpc: '2.0', id: 9, method: 'ping' })).status).toBe(404)
})
