// crash: the child ends; its sessions stay, whatever they were waiting for is answered, whatever they had asked for holds.
import { join } from 'node:path'
import { eventually, fixture, send, tempDir, type RpcResponse } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, stateOf, textOf, WIRES, type Client } from '../clients.ts'
import { gated } from '../gate.ts'

nothingLeft()

const SHARED = ['--children', 'shared']
/** Starts slowly, so that there is a time without a child. */
const slow = (name: string) => ['sh', '-c', 'sleep 1; exec "$@"', 'sh', ...fixture(name)]

const subscribe = (client: Client, uri: string) => client.request('resources/subscribe', { uri })
const codeOf = ({ error }: RpcResponse): unknown => error?.data.code

test.each(WIRES)(
  'crash.pending: %s: each call in flight is answered once, under its own id',
  async (_, open) => {
    const it = await gated(SHARED)
    const clients = [await open(it.bridge), await open(it.bridge)]
    const ids = [1001, '1001', 'x']
    const held = clients.flatMap((client, who) =>
      ids.map((id, n) => client.call('held', { gate: it.gate(`${who}-${n}`) }, { id })),
    )
    for (const gate of ['0-0', '0-1', '0-2', '1-0', '1-1', '1-2']) await it.until(gate)
    process.kill(it.bridge.childPids.at(-1) ?? 0, 'SIGKILL')
    const answers = await Promise.all(held)
    expect(answers.map(({ id }) => id)).toEqual([...ids, ...ids])
    for (const { error } of answers)
      expect(error).toMatchObject({
        data: { code: 'child_exited', signal: 'SIGKILL', incident: expect.any(String) },
      })
    for (const client of clients) {
      expect(textOf(await client.call('held'))).toBe(`${it.bridge.childPids.at(-1)}`)
      expect(client.strays).toEqual([])
    }
    expect(it.bridge.logs.filter(({ msg }) => msg === 'session closed')).toEqual([])
  },
)

test('crash.waiting: what comes while there is no child waits for the next; a new session does not even wait', async () => {
  const bridge = await bridged([...SHARED, '--', ...slow('odd-tools')])
  const [a, b] = [await openStreamable(bridge), await openSse(bridge)]
  const [first] = bridge.childPids
  expect(codeOf(await a.call('crash'))).toBe('child_exited')
  // The next one takes a second to start.
  const waiting = [a, b].flatMap((client) => [1, 2, 3].map((n) => client.call('echo', { text: `${n}` })))
  const late = await openSse(bridge)
  expect(bridge.logs.filter(({ msg }) => msg === 'child started').length).toBeLessThanOrEqual(2)
  const subscribed = late.request('resources/subscribe', { uri: 'fixture://page' })
  const levelled = late.request('logging/setLevel', { level: 'error' })
  expect((await Promise.all(waiting)).map(textOf)).toEqual(['1', '2', '3', '1', '2', '3'])
  expect([(await subscribed).result, (await levelled).result]).toEqual([{}, {}])
  expect(await stateOf(late)).toMatchObject({ subscribed: { 'fixture://page': 1 }, level: 'error' })
  expect(bridge.childPids).toHaveLength(2)
  expect(bridge.childPids[1]).not.toBe(first)
})

test('crash.cancelled: what was cancelled while there was no child never reaches the next', async () => {
  const it = await gated(SHARED)
  const a = await openSse(it.bridge)
  const gate = it.gate('never')
  const held = a.call('held', { gate })
  await it.until(gate)
  const pid = it.bridge.childPids.at(-1) ?? 0
  process.kill(pid, 'SIGKILL')
  expect(codeOf(await held)).toBe('child_exited')
  const params = { name: 'held', arguments: { gate: 'second' } }
  expect((await a.post({ jsonrpc: '2.0', id: 66, method: 'tools/call', params })).status).toBe(202)
  await a.cancel(66)
  expect(textOf(await a.call('held'))).not.toBe(`${pid}`)
  const seconds = it.heard().filter(({ params }) => params?.arguments?.gate === 'second')
  // It may have started in between; then it was told of the cancellation.
  const told = it.heard().filter(({ method }) => method === 'notifications/cancelled')
  expect(told.map(({ params }) => params.requestId)).toEqual(seconds.map(({ id }) => id))
})

test('crash.resumed: subscriptions and the lowest level of all who are there, each once, without a request', async () => {
  const bridge = await bridged([...SHARED, '--', ...fixture('odd-tools')])
  const [a, b, gone] = [await openStreamable(bridge), await openSse(bridge), await openSse(bridge)]
  for (const client of [a, b]) await subscribe(client, 'fixture://both')
  await subscribe(gone, 'fixture://gone')
  await subscribe(b, 'fixture://b')
  for (const [client, level] of [
    [a, 'error'],
    [b, 'notice'],
    [gone, 'debug'],
  ] as const)
    await client.request('logging/setLevel', { level })
  gone.close()
  await eventually(async () => (await stateOf(a)).level === 'notice', { what: 'the level of who is left' })
  process.kill(bridge.childPids.at(-1) ?? 0, 'SIGKILL')
  await eventually(() => bridge.childPids.length === 2, { what: 'the next child, unasked' })
  expect(await stateOf(a)).toEqual({
    level: 'notice',
    levelsSet: 1,
    subscribed: { 'fixture://both': 1, 'fixture://b': 1 },
  })
})

test('crash.question: a question of a child that ends is nobody’s; the next child asks anew', async () => {
  const bridge = await bridged([...SHARED, '--', ...fixture('asks-client')])
  const a = await openSse(bridge, { capabilities: { sampling: {} } })
  let asked = 0
  a.onRequest = () => (++asked === 1 ? undefined : { answer: asked })
  const sampling = a.call('sample')
  const { id } = (await a.until('sampling/createMessage')) as { id: number }
  process.kill(bridge.childPids.at(-1) ?? 0, 'SIGKILL')
  expect(codeOf(await sampling)).toBe('child_exited')
  // Too late: the next child must not take it for the answer to a question of its own.
  expect((await a.post({ jsonrpc: '2.0', id, result: { answer: 'old' } })).status).toBe(202)
  expect(textOf(await a.call('sample'))).toBe('{"answer":2}')
})

test('crash.again: a child that keeps crashing costs an error each, never a session and never an answer', async () => {
  const bridge = await bridged([...SHARED, '--', ...fixture('odd-tools')])
  const client = await openSse(bridge)
  for (let n = 0; n < 5; n++) {
    expect(codeOf(await client.call('crash'))).toBe('child_exited')
    // Answered between: no loop, so no delay either.
    expect(textOf(await client.call('echo', { text: `${n}` }))).toBe(`${n}`)
  }
  expect(bridge.childPids).toHaveLength(6)
})

test('crash.loop: what the bridge asks for itself after each start is no proof that the tool works', async () => {
  // The first start lives until it is asked to go; all others are done after a moment.
  const mark = join(tempDir(), 'started')
  const script = `
    const { existsSync, writeFileSync } = require('node:fs')
    if (existsSync(process.argv[1])) setTimeout(() => process.exit(1), 300)
    writeFileSync(process.argv[1], '')
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, method } = JSON.parse(line)
      if (method === 'tools/call') process.exit(1)
      if (id === undefined) return
      const serverInfo = { name: 'loop', version: '1' }
      const result = method === 'initialize'
        ? { protocolVersion: '2025-11-25', capabilities: { logging: {} }, serverInfo }
        : {}
      console.log(JSON.stringify({ jsonrpc: '2.0', id, result }))
    })`
  const bridge = await bridged([...SHARED, '--', process.execPath, '-e', script, mark])
  const client = await openStreamable(bridge)
  expect((await client.request('logging/setLevel', { level: 'debug' })).result).toEqual({})
  expect(codeOf(await client.call('die'))).toBe('child_exited')
  await bridge.until(({ msg }) => msg === 'the tool crashes again and again')
  expect((await send({ port: bridge.port, path: '/readyz' })).status).toBe(503)
})

test('shared.crash: calls in flight are answered, sessions live on with what they had asked for', async () => {
  const bridge = await bridged([...SHARED, '--', ...fixture('odd-tools')])
  const [a, b] = [await openStreamable(bridge), await openSse(bridge)]
  const uri = 'fixture://page'
  await b.request('resources/subscribe', { uri })
  await b.request('logging/setLevel', { level: 'notice' })
  const sleeping = a.call('sleep', { ms: 60_000 })
  const crashed = await b.call('crash', { code: 3 })
  expect(crashed.error).toMatchObject({ data: { code: 'child_exited', exitCode: 3 } })
  expect((await sleeping).error?.data.code).toBe('child_exited')
  expect(textOf(await a.call('echo', { text: 'still here' }))).toBe('still here')
  await eventually(
    async () => {
      expect(await stateOf(b)).toMatchObject({ level: 'notice', subscribed: { [uri]: 1 } })
      return true
    },
    { what: 'level and subscription to be set again' },
  )
  await a.call('resourceUpdated', { uri })
  await b.until('notifications/resources/updated')
  expect(bridge.childPids).toHaveLength(2)
})
