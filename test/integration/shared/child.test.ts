// child: what the one child hears of its many clients, and what they are told it is.
import { fixture, StreamableClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf, WIRES } from '../clients.ts'
import { gated } from '../gate.ts'

nothingLeft()

const SHARED = ['--children', 'shared']

test('child.once: it is initialised once, as a client that can be asked, and hears of no session', async () => {
  const it = await gated(SHARED)
  for (const [, open] of WIRES) {
    const client = await open(it.bridge, { capabilities: { roots: { listChanged: true }, tasks: {} } })
    await client.notify('notifications/roots/list_changed')
    expect((await client.request('ping')).result).toEqual({})
    client.close()
  }
  const heard = it.heard()
  expect(heard.filter(({ method }) => method === 'initialize').map(({ params }) => params)).toEqual([
    {
      protocolVersion: '2025-11-25',
      capabilities: { roots: {}, sampling: {}, elicitation: {} },
      clientInfo: { name: 'mcp-bridge', version: expect.any(String) },
    },
  ])
  expect(heard.filter(({ id }) => id === undefined).map(({ method }) => method)).toEqual([
    'notifications/initialized',
  ])
})

test.each([
  ['2024-11-05', '2024-11-05', '2024-11-05'],
  ['2025-03-26', '2025-06-18', '2025-03-26'],
  ['2025-11-25', '2025-06-18', '2025-06-18'],
  ['no revision', '2025-06-18', '2025-06-18'],
])('child.revision: asked for %s, a child of %s is served as %s', async (asked, childs, served) => {
  const it = await gated(SHARED, childs)
  for (const [, open] of WIRES)
    expect((await open(it.bridge, { protocolVersion: asked })).protocolVersion).toBe(served)
})

test('child.ids: to it every request has an integer that comes once, as id and as progress token', async () => {
  const it = await gated(SHARED)
  const [a, b] = [await openStreamable(it.bridge), await openSse(it.bridge)]
  const ids = [1_000_001, '1000001', 'x', 2 ** 53 - 1]
  const answers = await Promise.all(
    [a, b].flatMap((client) => ids.map((id) => client.call('held', {}, { id, progressToken: id }))),
  )
  expect(answers.map(({ id }) => id)).toEqual([...ids, ...ids])
  const calls = it.heard().filter(({ method }) => method === 'tools/call')
  expect(calls).toHaveLength(8)
  for (const { id, params } of calls)
    expect([Number.isSafeInteger(id), params._meta.progressToken]).toEqual([true, id])
  expect(new Set(it.heard().flatMap(({ id }) => id ?? [])).size).toBe(
    it.heard().filter(({ id }) => id !== undefined).length,
  )
})

test('child.cancel: a cancellation is told with the number of that call, whoever else uses the same id', async () => {
  const it = await gated(SHARED)
  const [a, b] = [await openStreamable(it.bridge), await openSse(it.bridge)]
  const [gateA, gateB] = [it.gate('a'), it.gate('b')]
  const heldA = a.call('held', { gate: gateA }, { id: 5 })
  const heldB = b.call('held', { gate: gateB }, { id: 5 })
  await it.until(gateA)
  await it.until(gateB)
  await a.cancel(5)
  expect((await heldA).error?.data.code).toBe('request_cancelled')
  await it.until('notifications/cancelled')
  const own = it.heard().find(({ params }) => params?.arguments?.gate === gateA)
  const cancelled = it.heard().filter(({ method }) => method === 'notifications/cancelled')
  expect(cancelled.map(({ params }) => params.requestId)).toEqual([own.id])
  it.open(gateA)
  it.open(gateB)
  expect(textOf(await heldB)).toMatch(/^\d+$/)
  expect(a.strays).toEqual([])
})

test('child.changed: each kind of list_changed reaches every session, one without a call too', async () => {
  const it = await gated(SHARED)
  const clients = [await openStreamable(it.bridge), await openSse(it.bridge), await openSse(it.bridge)]
  await (clients[0] as StreamableClient).listen()
  for (const kind of ['tools', 'resources', 'prompts']) {
    const method = `notifications/${kind}/list_changed`
    await clients[2]?.call('notify', { method })
    for (const client of clients) await client.until(method)
  }
  for (const { received } of clients) expect(received).toHaveLength(3)
})

test('child.tasks: whatever is about tasks is refused before it reaches the child', async () => {
  const it = await gated(SHARED)
  const client = await openSse(it.bridge)
  for (const method of ['tasks/list', 'tasks/get', 'tasks/result', 'tasks/cancel'])
    expect((await client.request(method, { taskId: 'x' })).error?.data.code).toBe('method_not_offered')
  const asTask = await client.request('tools/call', { name: 'held', task: {} })
  expect(asTask.error?.data.code).toBe('method_not_offered')
  expect(it.heard().filter(({ method, params }) => method?.startsWith('tasks/') || params?.task)).toEqual([])
})

test('shared.initialize: answered from cache, in the revision of the client, without tasks', async () => {
  const bridge = await bridged([...SHARED, '--', ...fixture('odd-tools')])
  for (const [, open] of WIRES) {
    for (const protocolVersion of ['2024-11-05', '2025-06-18', '2025-11-25'])
      expect((await open(bridge, { protocolVersion })).protocolVersion).toBe(protocolVersion)
  }
  const client = new StreamableClient(bridge)
  const { result } = await client.initialize({ protocolVersion: '2099-01-01' })
  expect(result).toEqual({
    protocolVersion: '2025-11-25',
    capabilities: {
      tools: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      logging: {},
    },
    serverInfo: { name: 'odd-tools', version: '1.0.0' },
    instructions: 'handle with care',
  })
  expect((await client.request('tasks/list')).error?.data.code).toBe('method_not_offered')
  const task = await client.request('tools/call', { name: 'echo', task: { ttl: 1000 } })
  expect(task.error?.data.code).toBe('method_not_offered')
  expect(bridge.childPids).toHaveLength(1)
})

test('shared.ids: equal ids and tokens of two clients find their way', async () => {
  const bridge = await bridged([...SHARED, '--', ...fixture('asks-client')])
  const clients = [await openStreamable(bridge), await openSse(bridge)]
  const answers = await Promise.all(
    clients.flatMap((client, who) =>
      [11, '11', 12].map(async (id) => {
        const seen: number[] = []
        const onMessage = ({ params }: any): void => {
          if (params?.progressToken === id) seen.push(params.progress)
        }
        const steps = 2 + who
        const answer = await client.call(
          'progress',
          { steps, delayMs: 5 },
          { id, progressToken: id, onMessage },
        )
        return [answer.id, seen, steps]
      }),
    ),
  )
  expect(answers.map(([id]) => id)).toEqual([11, '11', 12, 11, '11', 12])
  for (const [, seen, steps] of answers) expect(seen).toEqual([1, 2, 3].slice(0, steps as number))
})
