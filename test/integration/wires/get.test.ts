// get: the stream that belongs to no request, and what comes on it.
import { eventually, fixture, type EventStream } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'
import { openStreamable, textOf, WIRES } from '../clients.ts'

nothingLeft()
const bridge = useBridge(['--', ...fixture('echo')])

const messagesOf = ({ events }: EventStream): any[] =>
  events.all.filter(({ data }) => data !== '').map(({ data }) => JSON.parse(data))

test('get.stream: GET is answered with an event stream at once, whatever Accept says', async () => {
  const client = await openStreamable(bridge)
  for (const accept of ['text/event-stream', '*/*', 'application/json', null]) {
    const stream = await client.listen({ headers: { accept } })
    expect([stream.status, stream.headers['content-type']]).toEqual([200, 'text/event-stream'])
    await client.call('listChanged')
    await eventually(() => messagesOf(stream).length > 0, { what: `what is said to GET with ${accept}` })
  }
})

test('get.unrelated: what belongs to no request comes on GET, what goes with a call on its stream', async () => {
  const client = await openStreamable(bridge)
  const get = await client.listen()
  const uri = 'fixture://page'
  await client.request('resources/subscribe', { uri })
  await client.call('listChanged')
  await client.call('resourceUpdated', { uri })
  await client.call('log', { level: 'warning', text: 'said in a call' }, { id: 'log' })
  await client.until('notifications/resources/updated')
  expect(messagesOf(get)).toEqual([
    { jsonrpc: '2.0', method: 'notifications/tools/list_changed' },
    { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } },
  ])
  const post = client.streams.at(-1)!
  expect(messagesOf(post)).toMatchObject([
    { method: 'notifications/message', params: { level: 'warning', logger: 'echo', data: 'said in a call' } },
    { id: 'log' },
  ])
})

test('get.no-answers: no answer comes on GET', async () => {
  const client = await openStreamable(bridge)
  const get = await client.listen()
  await Promise.all([1, 2, 3].map((n) => client.call('progress', { steps: n }, { progressToken: n })))
  await client.call('listChanged')
  await client.until('notifications/tools/list_changed')
  expect(messagesOf(get)).toEqual([{ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }])
})

test('get.newest: a second GET replaces the first, and each message comes once', async () => {
  const client = await openStreamable(bridge)
  const first = await client.listen()
  await client.call('listChanged')
  await eventually(() => messagesOf(first).length === 1, { what: 'the first to get its message' })
  const second = await client.listen()
  expect(await first.ended).toBe('ended')
  await client.call('resourceUpdated')
  await eventually(() => messagesOf(second).length > 0, { what: 'the second to get its message' })
  await client.call('echo')
  expect([first, second].map((stream) => messagesOf(stream).map(({ method }) => method))).toEqual([
    ['notifications/tools/list_changed'],
    ['notifications/resources/updated'],
  ])
  expect((await client.del()).status).toBe(204)
})

test('get.kept: what is said before a GET, or between two, waits for the next', async () => {
  const client = await openStreamable(bridge)
  await client.call('listChanged')
  const first = await client.listen()
  await eventually(() => messagesOf(first).length > 0, { what: 'what was said before' })
  first.destroy()
  await first.ended
  await client.call('resourceUpdated')
  const second = await client.listen()
  await eventually(() => messagesOf(second).length > 0, { what: 'what was said between' })
  await client.call('echo')
  const all = [first, second].flatMap((stream) => messagesOf(stream).map(({ method }) => method))
  expect(all).toHaveLength(2)
  expect(new Set(all)).toEqual(
    new Set(['notifications/resources/updated', 'notifications/tools/list_changed']),
  )
})

test('get.once: notifications reach the session they belong to, on one stream, once', async () => {
  const clients = await Promise.all(WIRES.map(([, open]) => open(bridge)))
  const bystanders = await Promise.all(WIRES.map(([, open]) => open(bridge)))
  for (const client of [...clients, ...bystanders]) if ('listen' in client) await client.listen()
  for (const client of clients) {
    await client.call('listChanged')
    await client.call('log', { text: 'x' })
    await client.until('notifications/message')
    await client.until('notifications/tools/list_changed')
    await client.call('echo')
    expect(client.received).toHaveLength(2)
  }
  for (const bystander of bystanders) {
    await bystander.call('echo')
    expect(bystander.received).toEqual([])
  }
  for (const client of [...clients, ...bystanders]) client.close()
})

test('session.delete: DELETE ends the GET stream and every call in flight, with an answer', async () => {
  const client = await openStreamable(bridge)
  const get = await client.listen()
  const call = client.call('sleep', { ms: 60_000 })
  await eventually(() => client.streams[2]?.isEventStream, { what: 'the call to be under way' })
  expect((await client.del()).status).toBe(204)
  expect(await get.ended).toBe('ended')
  expect((await call).error).toMatchObject({ code: -32001, data: { code: 'session_unknown' } })
})

test('ping: is answered by the child, on both wires', async () => {
  for (const [, open] of WIRES) {
    const client = await open(bridge)
    expect(await client.request('ping', undefined, { id: 'p' })).toEqual({
      jsonrpc: '2.0',
      id: 'p',
      result: {},
    })
    expect(textOf(await client.call('echo', { text: 'still' }))).toBe('still')
    client.close()
  }
})
