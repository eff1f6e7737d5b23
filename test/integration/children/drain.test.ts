// drain: SIGTERM lets calls finish, refuses new ones, and is over in time.
import { eventually, fixture, send, SseClient, StreamableClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { gatedBy } from '../gate.ts'
import { bridged, nothingLeftAfterEach } from '../bridges.ts'
import { allGone, treeOf } from './tree.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()

/** Docker kills after 10 s what it has asked to end; on a busy machine the timers are not all that takes time. */
const IN_TIME_MS = 20_000

test('children.drain: a call in flight finishes, everything new is refused with 503 and Retry-After', async () => {
  const it = await gatedBy((child) => bridged(['--drain', '60s', '--', ...child]))
  const { bridge } = it
  const [client, sse] = await Promise.all([openStreamable(bridge), openSse(bridge)])
  const gates = [it.gate('one'), it.gate('other')] as const
  const answers = [client.call('held', { gate: gates[0] }), sse.call('held', { gate: gates[1] })]
  await Promise.all(gates.map(it.until))
  const exited = bridge.stop()
  await bridge.until(({ msg }) => msg === 'shutting down')

  const { error } = await client.call('echo', { text: 'late' })
  expect(error?.data.code).toBe('shutting_down')
  expect(client.lastStatus).toBe(503)
  expect(Number(client.streams.at(-1)?.headers['retry-after'])).toBeGreaterThan(0)

  const newcomer = new StreamableClient(bridge)
  expect((await newcomer.initialize()).error?.data.code).toBe('shutting_down')
  expect(newcomer.lastStatus).toBe(503)
  expect(Number(newcomer.streams.at(-1)?.headers['retry-after'])).toBeGreaterThan(0)

  // On a live session of this wire every refusal comes on the stream: clients that get a 4xx or 5xx here wait for ever.
  expect((await sse.request('ping')).error?.data.code).toBe('shutting_down')
  await expect(new SseClient(bridge).connect()).rejects.toMatchObject({ status: 503 })

  const ready = await send({ port: bridge.port, path: '/readyz' })
  expect([ready.status, ready.json().status]).toEqual([503, 'draining'])
  expect((await send({ port: bridge.port, path: '/healthz' })).status).toBe(200)

  gates.forEach(it.open)
  for (const answer of await Promise.all(answers)) expect(textOf(answer)).toMatch(/^\d+$/)
  expect(await exited).toEqual({ code: 0, signal: null })
})

test('children.drain: a call that takes longer than --drain is answered with an error, not waited for', async () => {
  const bridge = await bridged(['--drain', '300ms', '--', ...fixture('echo')])
  const client = await openStreamable(bridge)
  const answer = client.call('sleep', { ms: 600_000 })
  await client.call('echo', { text: 'behind it' })
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  expect((await answer).error?.message).toContain('the bridge is shutting down')
})

test('children.drain: a key press that arrives as two signals still drains; a later one exits at once', async () => {
  const bridge = await bridged(['--drain', '60s', '--', ...fixture('hangs-forever')])
  const client = await openStreamable(bridge)
  const [pid = 0] = await treeOf(client)
  const answer = client.call('sleep', { ms: 2000 })
  const hanging = client.call('hang')
  hanging.catch(() => {})
  await client.call('echo', { text: 'behind it' })

  const from = performance.now()
  const exited = bridge.stop('SIGINT')
  process.kill(bridge.pid, 'SIGINT')
  expect(textOf(await answer)).toBe('slept')

  await eventually(() => performance.now() - from > 700, { what: 'a signal to count as the second' })
  const second = performance.now()
  process.kill(bridge.pid, 'SIGTERM')
  expect(await exited).toEqual({ code: 1, signal: null })
  expect(performance.now() - second).toBeLessThan(10_000)
  await expect(hanging).rejects.toThrow(/cut|ended|hang up|ECONN/)
  await allGone([pid])
})

test('children.drain: in time with calls in flight and a child deaf to everything', async () => {
  const bridge = await bridged(['--', ...fixture('deaf-to-sigterm')])
  const clients = await Promise.all([openStreamable(bridge), openSse(bridge)])
  const trees = (await Promise.all(clients.map(treeOf))).flat()
  const endless = clients.map((client) => client.call('sleep', { ms: 600_000 }))
  await Promise.all(clients.map((client) => client.call('echo')))
  const from = performance.now()
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  expect(performance.now() - from).toBeGreaterThan(4500)
  expect(performance.now() - from).toBeLessThan(IN_TIME_MS)
  await allGone(trees, 0)
  for (const { error } of await Promise.all(endless)) expect(error?.message).toContain('shutting down')
})

test('children.drain: without a wait when nobody calls', async () => {
  const bridge = await bridged(['--drain', '60s', '--', ...fixture('echo')])
  const [client, sse] = await Promise.all([openStreamable(bridge), openSse(bridge)])
  await client.listen()
  expect(textOf(await sse.call('echo', { text: 'idle' }))).toBe('idle')
  const from = performance.now()
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  expect(performance.now() - from).toBeLessThan(IN_TIME_MS)
})
