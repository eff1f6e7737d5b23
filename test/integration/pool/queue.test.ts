// queue: who waits for a process gets one in turn, whatever the others do meanwhile.
import { eventually, fixture, SseClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { gated } from '../gate.ts'
import { bridged, embedded, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf, WIRES, type Client } from '../clients.ts'

nothingLeft()

const pool = (children: number) => ['--children', 'pool', '--max-children', `${children}`, '--warm', '0']

/** Sends a call, and waits until the bridge has it: connections of their own do not keep an order. */
async function queued(client: Client, id: number, args: object): Promise<void> {
  const params = { name: 'held', arguments: args }
  if (client instanceof SseClient) {
    expect((await client.post({ jsonrpc: '2.0', id, method: 'tools/call', params })).status).toBe(202)
    return
  }
  const { length } = client.streams
  client.request('tools/call', params, { id }).catch(() => {})
  await eventually(() => client.streams.length > length, { what: 'the head of the answer' })
}

test('queue.order: first come, first served, over clients and wires', async () => {
  const it = await gated(pool(1))
  const clients = [await openStreamable(it.bridge), await openSse(it.bridge), await openStreamable(it.bridge)]
  const gate = it.gate('held')
  await queued(clients[0]!, 100, { gate })
  await it.until(gate)
  for (let n = 0; n < 12; n++) await queued(clients[n % 3]!, 200 + n, { turn: n })
  const turns = () => it.heard().flatMap(({ params }) => params?.arguments?.turn ?? [])
  expect(turns()).toEqual([])
  it.open(gate)
  await eventually(() => turns().length === 12, { what: 'all to have had a turn' })
  expect(turns()).toEqual(Array.from({ length: 12 }, (_, n) => n))
})

test('queue.full: it refuses at once with 503 and Retry-After, and what waits is served in order', async () => {
  const it = await gated(pool(1))
  const [client, other] = [await openSse(it.bridge), await openStreamable(it.bridge)]
  const gate = it.gate('held')
  const holding = client.call('held', { gate })
  await it.until(gate)
  for (let n = 0; n < 16; n++) await queued(client, 100 + n, { turn: n })
  // The gate is shut: whoever waits for a place waits for ever.
  const { error } = await other.call('held', { turn: 16 })
  expect(error?.data.code).toBe('child_queue_full')
  expect(other.lastStatus).toBe(503)
  expect(Number(other.streams.at(-1)?.headers['retry-after'])).toBeGreaterThan(0)
  const turns = () => it.heard().flatMap(({ params }) => params?.arguments?.turn ?? [])
  it.open(gate)
  await holding
  await eventually(() => turns().length === 16, { what: 'all to have had a turn' })
  expect(turns()).toEqual(Array.from({ length: 16 }, (_, n) => n))
})

test.each(WIRES)(
  'queue.left: %s: what is cancelled, or whose client has gone, while it waits, never reaches a process',
  async (_, open) => {
    const it = await gated(pool(1))
    const [holder, a, b] = [await openSse(it.bridge), await open(it.bridge), await openSse(it.bridge)]
    const gate = it.gate('held')
    const held = holder.call('held', { gate })
    await it.until(gate)
    await queued(a, 70, { mark: 'cancelled' })
    await a.cancel(70)
    await queued(b, 70, { mark: 'gone' })
    b.close()
    await it.bridge.until(({ msg, reason }) => msg === 'session closed' && reason === 'the client has gone')
    const last = a.call('held', { mark: 'served' })
    it.open(gate)
    expect(textOf(await held)).toBe(textOf(await last))
    const marks = it.heard().flatMap(({ params }) => params?.arguments?.mark ?? [])
    expect(marks).toEqual(['served'])
    expect(it.heard().filter(({ method }) => method === 'notifications/cancelled')).toEqual([])
    a.close()
  },
)

test('queue.crash: when the process of another call ends, whoever waits gets the next one', async () => {
  const it = await gated(pool(1))
  const [a, b] = [await openStreamable(it.bridge), await openSse(it.bridge)]
  const gate = it.gate('held')
  const held = a.call('held', { gate })
  await it.until(gate)
  const waiting = [b.call('held'), b.call('held'), b.request('resources/list')]
  await queued(b, 70, { mark: 'waits' })
  const [pid] = it.bridge.childPids.slice(-1)
  process.kill(pid ?? 0, 'SIGKILL')
  expect((await held).error?.data).toMatchObject({ code: 'child_exited', signal: 'SIGKILL' })
  const [first, second, third] = await Promise.all(waiting)
  await it.until('waits')
  expect(textOf(first!)).not.toBe(`${pid}`)
  expect(textOf(second!)).toBe(textOf(first!))
  expect(third?.result).toEqual({})
})

test('queue.kinds: a request of another kind is not starved, and costs one process and one back', async () => {
  const bridge = await bridged([...pool(4), '--', ...fixture('asks-client')])
  const clients = await Promise.all(Array.from({ length: 8 }, () => openStreamable(bridge)))
  await Promise.all(clients.map((client) => client.call('sleep', { ms: 200 })))
  const [trial, ...before] = bridge.childPids
  expect([typeof trial, before.length]).toEqual(['number', 4])
  const over = new AbortController()
  const busy = clients.map(async (client) => {
    while (!over.signal.aborted) await client.call('sleep', { ms: 10 })
  })
  const other = await openSse(bridge, { capabilities: { sampling: {} } })
  const pid = Number(textOf(await other.call('pid')))
  over.abort()
  await Promise.all(busy)
  expect(before).not.toContain(pid)
  // The other kind asks twice, to open its session and to call. Each time it costs at most one process for it, and one
  // again for those who gave up theirs.
  expect(bridge.childPids.length - 5).toBeLessThanOrEqual(4)
})

test('queue.start: a process that does not start answers whoever waits for it, and only those', async () => {
  // Starts for clients that bring nothing; not for those who bring WHO.
  const command = [
    'sh',
    '-c',
    'test -z "$WHO" || { echo "not for $WHO" >&2; exit 3; }; exec "$@"',
    'sh',
    ...fixture('echo'),
  ]
  const bridge = await bridged([...pool(2), '--header-env', 'X-Who=WHO', '--', ...command])
  const client = await openStreamable(bridge)
  const ann = new SseClient({ port: bridge.port, headers: { 'x-who': 'ann' } })
  await ann.connect()
  const { error } = await ann.initialize()
  expect(error?.data).toMatchObject({ code: 'child_exited', exitCode: 3 })
  // Whoever sends the same header may have the same process: what it said is in the log.
  const { incident } = error?.data ?? {}
  expect((await bridge.until((line) => line['incident'] === incident))['stderr']).toEqual(['not for ann'])
  expect(textOf(await client.call('echo', { text: 'fine' }))).toBe('fine')
})

test('pool.deadline: what waits too long is refused, and what is running is not', async () => {
  const config = { command: fixture('echo'), children: 'pool', maxChildren: 1, warm: 0 } as const
  const client = await openSse(await embedded(config, { queueMs: 1000 }))
  const params = { name: 'sleep', arguments: { ms: 4000 } }
  await client.post({ jsonrpc: '2.0', id: 'running', method: 'tools/call', params })
  const { error } = await client.call('echo', { text: 'in vain' })
  expect(error?.data.code).toBe('child_queue_full')
  expect(error?.message).toContain('no process became free within 1 s')
  const running = await eventually(() => client.strays[0], { what: 'the answer of what was running' })
  expect(textOf(running)).toBe('slept')
  client.close()
})
