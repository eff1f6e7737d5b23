// child: what the one child hears of its many clients, and what they are told it is.
import { eventually, fixture, isAlive, SseClient, StreamableClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft, openSse, openStreamable, textOf, WIRES } from '../wires/wire.ts'
import { gated } from './gate.ts'

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

test('child.sessions: 1,000 sessions on both wires, ended in every way there is: one process, not one more', async () => {
  const bridge = await bridged([...SHARED, '--max-sessions', '1100', '--', ...fixture('odd-tools')])
  const processes = new Set<string | undefined>()
  let left = 1000
  const work = async (): Promise<void> => {
    for (let n = left--; n > 0; n = left--) {
      const client = await (n % 2 === 0 ? openStreamable : openSse)(bridge)
      processes.add(textOf(await client.call('pid')))
      if (client instanceof StreamableClient && n % 4 === 0) expect((await client.del()).status).toBe(204)
      else client.close()
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  expect([...processes]).toEqual(bridge.childPids.map(String))
  const ended = () => bridge.logs.filter(({ msg }) => msg === 'session closed').length
  // Of 250 that said nothing when they left, a session stays behind until it is idle.
  await eventually(() => ended() === 750, { what: 'the sessions of those who said that they leave to end' })
})

test('child.idle: a child for one environment ends when nobody has been there for a while, ghosts do not count', async () => {
  const start = ['sh', '-c', 'sleep 1; exec "$@"', 'sh', ...fixture('echo')]
  const bridge = await bridged([...SHARED, '--idle', '3s', '--header-env', 'X-Who=WHO', '--', ...start])
  const headers = { 'x-who': 'ann' }
  // Gone before the tool has answered for the first time.
  const ghost = new SseClient({ port: bridge.port, headers })
  await ghost.connect()
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'ghost', version: '0' },
  }
  expect((await ghost.post({ jsonrpc: '2.0', id: 1, method: 'initialize', params })).status).toBe(202)
  ghost.close()
  const [ann, bob] = await Promise.all(
    [headers, { 'x-who': 'bob' }].map((each) => openStreamable(bridge, { headers: each })),
  )
  const ask = (tool: string) =>
    Promise.all([ann, bob].map(async (each) => textOf(await each!.call(tool, { name: 'WHO' }))))
  expect(await ask('env')).toEqual(['ann', 'bob'])
  const [pid, others] = await ask('pid')
  expect(pid).not.toBe(others)
  await ann?.del()
  await eventually(() => !isAlive(Number(pid)), { what: 'the child of whoever left to end' })
  const again = await openStreamable(bridge, { headers })
  expect(textOf(await again.call('env', { name: 'WHO' }))).toBe('ann')
})
