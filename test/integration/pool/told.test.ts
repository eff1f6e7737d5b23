// told: what the processes of a pool say reaches whom it concerns, and what a client is offered is what it can have.
import { fixture, SseClient, StreamableClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { gated } from '../gate.ts'
import { bridged, nothingLeft } from '../bridges.ts'
import { logsOf, openSse, openStreamable, stateOf, textOf, WIRES, type Client } from '../clients.ts'

nothingLeft()

const pool = (children: number) => ['--children', 'pool', '--max-children', `${children}`, '--warm', '0']

const level = async (client: Client) => (await stateOf(client)).level

test('told.welcome: neither tasks nor subscriptions are offered; revision, instructions and the rest are kept', async () => {
  const bridge = await bridged([...pool(1), '--', ...fixture('odd-tools')])
  for (const client of [new StreamableClient(bridge), new SseClient(bridge)]) {
    if (client instanceof SseClient) await client.connect()
    const { result } = await client.initialize({ protocolVersion: '2025-06-18' })
    expect(result).toEqual({
      protocolVersion: '2025-06-18',
      capabilities: { tools: { listChanged: true }, resources: { listChanged: true }, logging: {} },
      serverInfo: { name: 'odd-tools', version: '1.0.0' },
      instructions: 'handle with care',
    })
    expect((await client.request('tools/call', { name: 'echo', task: {} })).error?.data.code).toBe(
      'method_not_offered',
    )
    client.close()
  }
})

test('told.capabilities: a process is initialised with those of its clients, however they are written', async () => {
  const it = await gated(pool(3))
  const some = { sampling: { tools: {} }, roots: { listChanged: true } }
  const same = { roots: { listChanged: true }, sampling: { tools: {} } }
  const more = { sampling: { tools: {}, context: {} }, roots: { listChanged: true } }
  const pids: (string | undefined)[] = []
  for (const capabilities of [some, same, more])
    pids.push(textOf(await (await openSse(it.bridge, { capabilities })).call('held')))
  expect(pids[0]).toBe(pids[1])
  expect(pids[0]).not.toBe(pids[2])
  const given = it
    .heard()
    .flatMap(({ method, params }) => (method === 'initialize' ? [params.capabilities] : []))
  expect(given.slice(1)).toEqual([some, more])
})

test('told.questions: elicitations, roots, logs and progress of parallel calls are each for one client', async () => {
  const bridge = await bridged([...pool(4), '--', ...fixture('asks-client')])
  const capabilities = { elicitation: {}, roots: {} }
  const clients = await Promise.all(
    Array.from({ length: 6 }, (_, who) => WIRES[who % 2]![1](bridge, { capabilities })),
  )
  await Promise.all(
    clients.map(async (client, who) => {
      client.onRequest = ({ method, params }) => ({ who, about: params?.message ?? method })
      await Promise.all(
        Array.from({ length: 5 }, async (_, n) => {
          const message = `${who}/${n}`
          const log = client.call('log', { text: message })
          const elicited = await client.call('elicit', { message })
          expect(JSON.parse(textOf(elicited) ?? '')).toEqual({ who, about: message })
          expect(JSON.parse(textOf(await client.call('roots')) ?? '')).toEqual({ who, about: 'roots/list' })
          expect(textOf(await log)).toBe('logged')
          const seen: unknown[] = []
          const onMessage = ({ params }: any) => params?.progressToken === n && seen.push(params.progress)
          await client.call('progress', { steps: 3 }, { progressToken: n, onMessage })
          expect(seen).toEqual([1, 2, 3])
        }),
      )
    }),
  )
  for (const [who, client] of clients.entries()) {
    expect((logsOf(client) as string[]).toSorted()).toEqual(
      Array.from({ length: 5 }, (_, n) => `${who}/${n}`),
    )
    expect(client.received.filter((each) => 'id' in each)).toHaveLength(10)
    expect(client.strays).toEqual([])
  }
})

test('told.levels: of one process that serves both each hears what it has asked for', async () => {
  const bridge = await bridged([...pool(1), '--', ...fixture('odd-tools')])
  const [curious, quiet, silent] = [
    await openStreamable(bridge),
    await openSse(bridge),
    await openSse(bridge),
  ]
  await curious.request('logging/setLevel', { level: 'debug' })
  await quiet.request('logging/setLevel', { level: 'error' })
  for (const each of ['debug', 'error']) {
    for (const client of [curious, quiet, silent]) await client.call('log', { level: each, text: each })
  }
  expect([logsOf(curious), logsOf(quiet), logsOf(silent)]).toEqual([
    ['debug', 'error'],
    ['error'],
    ['debug', 'error'],
  ])
  expect([await level(quiet), await level(silent), await level(curious)]).toEqual(['error', 'info', 'debug'])
  // Nobody else's level comes between.
  expect(await Promise.all([curious, quiet, curious, quiet].map(level))).toEqual([
    'debug',
    'error',
    'debug',
    'error',
  ])
})

test('told.changed: that the tools have changed reaches every session of that kind', async () => {
  const bridge = await bridged([...pool(2), '--', ...fixture('odd-tools')])
  const [a, b] = [await openStreamable(bridge), await openSse(bridge)]
  await a.listen()
  await b.call('toggleExtra')
  for (const client of [a, b])
    expect('id' in (await client.until('notifications/tools/list_changed'))).toBe(false)
})

test('told.nobody: a question after the answer is refused, also while another has that process', async () => {
  const bridge = await bridged([...pool(1), '--', ...fixture('asks-client')])
  const capabilities = { roots: {} }
  const [a, b] = [await openSse(bridge, { capabilities }), await openSse(bridge, { capabilities })]
  expect(textOf(await a.call('askLater', { delayMs: 0 }))).toBe('later')
  const { line } = await bridge.until(
    ({ msg, line: text }) => msg === 'child stderr' && String(text).startsWith('askLater'),
  )
  expect(line).toContain('it cannot be told which client')
  expect([a.received, b.received]).toEqual([[], []])
})

test('pool.offers: neither tasks nor subscriptions; the log level is set again for whoever has the process', async () => {
  const bridge = await bridged([...pool(1), '--', ...fixture('odd-tools')])
  const [a, b] = [await openStreamable(bridge), await openStreamable(bridge)]
  for (const method of ['tasks/list', 'resources/subscribe', 'resources/unsubscribe'])
    expect((await a.request(method, { uri: 'fixture://page' })).error?.data.code).toBe('method_not_offered')
  expect((await a.request('logging/setLevel', { level: 'debug' })).result).toEqual({})
  expect([await level(a), await level(b), await level(a)]).toEqual(['debug', 'info', 'debug'])
  const { result } = await a.request('resources/list')
  expect(result.resources).toHaveLength(1)
})
