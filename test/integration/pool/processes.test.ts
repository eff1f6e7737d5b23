// processes: a request has a process for itself while it runs.
import { eventually, fixture, isAlive, type StreamableClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf, type Client } from '../clients.ts'

nothingLeft()

const pooled = (maxChildren: number, ...more: string[]) =>
  bridged([
    '--children',
    'pool',
    '--max-children',
    String(maxChildren),
    ...more,
    '--',
    ...fixture('odd-tools'),
  ])

interface Ran {
  pid: number
  mostRunning: number
}

async function pid(client: Client): Promise<string | undefined> {
  return textOf(await client.call('pid'))
}

async function ran(client: StreamableClient, ms: number): Promise<Ran> {
  return JSON.parse(textOf(await client.call('concurrent', { ms })) ?? '')
}

test('pool.exclusive: no process ever has two calls at once, and all are used', async () => {
  const bridge = await pooled(3)
  const clients = await Promise.all(Array.from({ length: 6 }, () => openStreamable(bridge)))
  const seen = await Promise.all(
    clients.flatMap((client) => Array.from({ length: 6 }, () => ran(client, 20))),
  )
  expect(Math.max(...seen.map(({ mostRunning }) => mostRunning))).toBe(1)
  expect(new Set(seen.map(({ pid }) => pid)).size).toBe(3)
})

test('pool.kinds: clients with other capabilities never get the same process', async () => {
  const bridge = await bridged(['--children', 'pool', '--max-children', '4', '--', ...fixture('asks-client')])
  const plain = await openStreamable(bridge)
  const able = await openStreamable(bridge, { capabilities: { sampling: {} } })
  const alike = await openSse(bridge, { capabilities: { sampling: {} } })
  const pids = [await pid(plain), await pid(able), await pid(alike)]
  expect(pids[0]).not.toBe(pids[1])
  expect(pids[1]).toBe(pids[2])
  const told = JSON.parse(textOf(await able.call('capabilities')) ?? '')
  expect(told.capabilities).toEqual({ sampling: {} })
})

test('pool.room: a process of another kind ends where one is needed', async () => {
  const bridge = await pooled(1, '--warm', '0')
  const plain = await openStreamable(bridge)
  const first = Number(textOf(await plain.call('pid')))
  const able = await openStreamable(bridge, { capabilities: { sampling: {} } })
  expect(Number(textOf(await able.call('pid')))).not.toBe(first)
  expect(isAlive(first)).toBe(false)
})

test('pool.crash: one process that dies answers its own call only', async () => {
  const bridge = await pooled(2)
  const [a, b] = [await openStreamable(bridge), await openStreamable(bridge)]
  const sleeping = a.call('sleep', { ms: 500 })
  expect((await b.call('crash', { code: 4 })).error?.data).toMatchObject({
    code: 'child_exited',
    exitCode: 4,
  })
  expect(textOf(await sleeping)).toBe('slept')
  expect(textOf(await b.call('echo', { text: 'after' }))).toBe('after')
})

test('pool.idle: processes that nobody needs end, down to --warm', async () => {
  const bridge = await pooled(3, '--idle', '1s', '--warm', '1')
  const client = await openStreamable(bridge)
  // Long enough for all three to be started.
  const calls = Promise.all(Array.from({ length: 3 }, () => client.call('sleep', { ms: 3000 })))
  await eventually(() => bridge.childPids.filter(isAlive).length === 3, { what: 'three processes' })
  await calls
  await eventually(
    () => {
      expect(bridge.childPids.filter(isAlive).length).toBe(1)
      return true
    },
    { what: 'the pool to shrink' },
  )
  // The one that is left is used.
  const left = bridge.childPids
  expect(left).toContain(Number(textOf(await (await openStreamable(bridge)).call('pid'))))
})
