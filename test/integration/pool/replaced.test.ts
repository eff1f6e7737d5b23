// replaced: a process that is stuck, or has served enough, makes room for a new one; one that answers late does not.
import { eventually, fixture, isAlive } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { gated } from '../gate.ts'
import { bridged, embedded, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf, type Client } from '../clients.ts'

nothingLeft()

const pool = (children: number) => ['--children', 'pool', '--max-children', `${children}`, '--warm', '0']

async function pid(client: Client): Promise<number> {
  return Number(textOf(await client.call('pid')))
}

test('replaced.stuck: also where the client has gone, and where the call has timed out; with those who wait served', async () => {
  const config = { command: fixture('odd-tools'), children: 'pool', maxChildren: 2, warm: 0 } as const
  const bridge = await embedded({ ...config, callTimeoutMs: 4000 }, { stuckMs: 1500 })
  const [gone, patient, other] = [await openSse(bridge), await openStreamable(bridge), await openSse(bridge)]
  const stuckCall = { jsonrpc: '2.0', id: 50, method: 'tools/call', params: { name: 'blocked' } }
  expect((await gone.post(stuckCall)).status).toBe(202)
  const timedOut = patient.call('blocked')
  gone.close()
  // A while after the client has left, and before the other call has timed out.
  const stuck = await bridge.until(({ msg }) => msg.startsWith('child is stuck'), 30_000)
  expect(stuck['method']).toBe('tools/call')
  await eventually(() => !isAlive(Number(stuck['childPid'])), { what: 'the stuck process to end' })
  expect((await timedOut).error?.data.code).toBe('child_timeout')
  expect(await pid(other)).not.toBe(stuck['childPid'])
  const second = await bridge.until((line) => line.msg.startsWith('child is stuck') && line !== stuck, 30_000)
  expect(second['childPid']).not.toBe(stuck['childPid'])
  await eventually(() => !isAlive(Number(second['childPid'])), { what: 'the other one, too' })
})

test('replaced.late: a process that answers what was cancelled late stays, and the answer reaches nobody', async () => {
  const it = await gated(pool(1))
  const [a, b] = [await openStreamable(it.bridge), await openSse(it.bridge)]
  const before = textOf(await a.call('held'))
  const gate = it.gate('held')
  const held = b.call('held', { gate }, { id: 5 })
  held.catch(() => {})
  await it.until(gate)
  await b.cancel(5)
  await it.until('notifications/cancelled')
  // The same id again, and a client that has never used it.
  const [again, other] = [a.call('held', {}, { id: 5 }), b.call('held', {}, { id: 6 })]
  expect(
    (await b.post({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'held' } })).status,
  ).toBe(202)
  // The process is given to others while the cancelled call is still at work in it.
  expect([textOf(await again), textOf(await other)]).toEqual([before, before])
  it.open(gate)
  expect(textOf(await a.call('held', {}, { id: 8 }))).toBe(before)
  expect(a.strays).toEqual([])
  await eventually(() => b.strays.length > 0, { what: 'the answer to what was posted' })
  expect(b.strays.map(({ id }) => id)).toEqual([7])
})

test('replaced.recycled: a cancelled call counts like any other', async () => {
  const it = await gated([...pool(1), '--recycle-after', '2'])
  const client = await openSse(it.bridge)
  const gate = it.gate('held')
  const first = textOf(await client.call('held'))
  client.call('held', { gate }, { id: 5 }).catch(() => {})
  await it.until(gate)
  await client.cancel(5)
  await it.until('notifications/cancelled')
  it.open(gate)
  expect(textOf(await client.call('held'))).not.toBe(first)
  client.close()
})

test('replaced.recycled: under many calls at once none is lost, and no process serves more than it may', async () => {
  const bridge = await bridged([...pool(3), '--recycle-after', '4', '--', ...fixture('odd-tools')])
  const clients = [await openStreamable(bridge), await openSse(bridge), await openStreamable(bridge)]
  const pids = await Promise.all(clients.flatMap((client) => Array.from({ length: 8 }, () => pid(client))))
  const served = new Map<number, number>()
  for (const each of pids) served.set(each, (served.get(each) ?? 0) + 1)
  expect(pids).toHaveLength(24)
  expect(Math.max(...served.values())).toBeLessThanOrEqual(4)
  await eventually(() => bridge.childPids.filter(isAlive).length <= 3, {
    what: 'those that have served to end',
  })
})

test('pool.obeys: a process that never answers what was cancelled, as it should, goes on with the next', async () => {
  const bridge = await bridged([...pool(1), '--', ...fixture('odd-tools')])
  const client = await openStreamable(bridge)
  const pid = textOf(await client.call('pid'))
  const stuck = client.call('stuck', {}, { id: 99 })
  await client.cancel(99)
  expect((await stuck).error?.data.code).toBe('request_cancelled')
  expect(textOf(await client.call('pid'))).toBe(pid)
})

test('pool.stuck: a process that reads nothing after a cancellation is replaced', async () => {
  const bridge = await embedded(
    { command: fixture('odd-tools'), children: 'pool', maxChildren: 1, warm: 0 },
    { stuckMs: 1000 },
  )
  const client = await openStreamable(bridge)
  const pid = Number(textOf(await client.call('pid')))
  const stuck = client.call('blocked', {}, { id: 99 })
  await bridge.until(({ msg }) => msg === 'session opened')
  await client.cancel(99)
  expect((await stuck).error?.data.code).toBe('request_cancelled')
  // Waits for the process that is stuck, and then for the next one.
  expect(Number(textOf(await client.call('pid')))).not.toBe(pid)
  expect(isAlive(pid)).toBe(false)
  await bridge.until(({ msg }) => msg.startsWith('child is stuck'))
})

test('pool.recycle: a process is replaced after so many requests', async () => {
  const bridge = await bridged([...pool(1), '--recycle-after', '3', '--', ...fixture('odd-tools')])
  const client = await openStreamable(bridge)
  const pids: (string | undefined)[] = []
  for (let i = 0; i < 9; i++) pids.push(textOf(await client.call('pid')))
  expect(new Set(pids).size).toBe(3)
  expect(pids.slice(0, 3)).toEqual([pids[0], pids[0], pids[0]])
})
