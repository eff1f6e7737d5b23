// pool: a request has a process for itself while it runs.
import { eventually, fixture, isAlive, type StreamableClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { closeEmbedded, embedded } from '../embedded.ts'
import { bridged, nothingLeft, openSse, openStreamable, textOf, type Client } from '../wires/wire.ts'

nothingLeft()
closeEmbedded()

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

async function level(client: Client): Promise<string> {
  return JSON.parse(textOf(await client.call('state')) ?? '').level
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

test('pool.questions: under many calls at once each client is asked what its own call asks', async () => {
  const bridge = await bridged(['--children', 'pool', '--max-children', '4', '--', ...fixture('asks-client')])
  const clients = await Promise.all(
    Array.from({ length: 4 }, (_, i) =>
      (i % 2 === 0 ? openStreamable : openSse)(bridge, { capabilities: { sampling: {} } }),
    ),
  )
  await Promise.all(
    clients.map(async (client, i) => {
      client.onRequest = ({ params }) => ({ who: i, prompt: params?.messages[0].content.text })
      const prompts = Array.from({ length: 8 }, (_, n) => `prompt ${i} ${n}`)
      const answers = await Promise.all(prompts.map((prompt) => client.call('sample', { prompt })))
      expect(answers.map((answer) => JSON.parse(textOf(answer) ?? ''))).toEqual(
        prompts.map((prompt) => ({ who: i, prompt })),
      )
    }),
  )
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

test('pool.obeys: a process that never answers what was cancelled, as it should, goes on with the next', async () => {
  const bridge = await pooled(1, '--warm', '0')
  const client = await openStreamable(bridge)
  const pid = textOf(await client.call('pid'))
  const stuck = client.call('stuck', {}, { id: 99 })
  await client.cancel(99)
  expect((await stuck).error?.data.code).toBe('request_cancelled')
  expect(textOf(await client.call('pid'))).toBe(pid)
})

test('pool.stuck: a process that reads nothing after a cancellation is replaced', async () => {
  const bridge = await pooled(1, '--warm', '0')
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
  const bridge = await pooled(1, '--recycle-after', '3', '--warm', '0')
  const client = await openStreamable(bridge)
  const pids: (string | undefined)[] = []
  for (let i = 0; i < 9; i++) pids.push(textOf(await client.call('pid')))
  expect(new Set(pids).size).toBe(3)
  expect(pids.slice(0, 3)).toEqual([pids[0], pids[0], pids[0]])
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

test('pool.offers: neither tasks nor subscriptions; the log level is set again for whoever has the process', async () => {
  const bridge = await pooled(1, '--warm', '0')
  const [a, b] = [await openStreamable(bridge), await openStreamable(bridge)]
  for (const method of ['tasks/list', 'resources/subscribe', 'resources/unsubscribe'])
    expect((await a.request(method, { uri: 'fixture://page' })).error?.data.code).toBe('method_not_offered')
  expect((await a.request('logging/setLevel', { level: 'debug' })).result).toEqual({})
  expect([await level(a), await level(b), await level(a)]).toEqual(['debug', 'info', 'debug'])
  const { result } = await a.request('resources/list')
  expect(result.resources).toHaveLength(1)
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
