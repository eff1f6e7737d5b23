// streams: when a POST becomes an event stream, what is on it first and last, and what keeps it open.
import { eventually, fixture, type EventStream, type RpcMessage } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'
import { notificationsOf, openSse, openStreamable, textOf } from '../clients.ts'

nothingLeft()
const bridge = useBridge(['--', ...fixture('echo')])

const newest = (client: { streams: EventStream[] }): EventStream => client.streams.at(-1) as EventStream
const methods = (messages: readonly RpcMessage[]) =>
  messages.map((message) => ('method' in message ? message.method : 'answer'))

test('post.mode: a quick answer is one JSON object', async () => {
  const client = await openStreamable(bridge)
  // "Quick" is within 250 ms, which a busy machine may miss once.
  await eventually(
    async () => {
      expect(textOf(await client.call('echo', { text: 'quick' }))).toBe('quick')
      return newest(client).headers['content-type']?.startsWith('application/json')
    },
    { what: 'an answer as JSON' },
  )
  expect(JSON.parse(newest(client).text)).toMatchObject({ jsonrpc: '2.0', result: {} })
})

test('post.mode: a slow answer comes on an event stream, whose head does not wait for it', async () => {
  const client = await openStreamable(bridge)
  const answer = client.call('sleep', { ms: 3000 })
  const stream = await eventually(() => client.streams[1], { what: 'the head of the answer' })
  expect([stream.status, stream.isEventStream, stream.events.all.length <= 1]).toEqual([200, true, true])
  expect(stream.text).not.toContain('slept')
  expect(textOf(await answer)).toBe('slept')
})

test('post.mode: what comes before the answer opens the stream at once, in the order of the child', async () => {
  const client = await openStreamable(bridge)
  const seen: RpcMessage[] = []
  const options = { progressToken: 'p', onMessage: (message: RpcMessage) => void seen.push(message) }
  expect(textOf(await client.call('progress', { steps: 3 }, options))).toBe('done')
  expect(newest(client).isEventStream).toBe(true)
  expect(seen.map((message) => 'params' in message && message.params.progress)).toEqual([1, 2, 3])
})

test('post.closed: the answer is the last event, and the server ends the stream behind it', async () => {
  const client = await openStreamable(bridge)
  await client.call('progress', { steps: 2, delayMs: 300 }, { progressToken: 1 })
  const stream = newest(client)
  expect(await stream.ended).toBe('ended')
  const messages = stream.events.all.filter(({ data }) => data !== '').map(({ data }) => JSON.parse(data))
  expect(methods(messages)).toEqual(['notifications/progress', 'notifications/progress', 'answer'])
})

describe('post.priming', () => {
  test('post.priming: in 2025-11-25 a stream begins with an id, retry and no data, GET and POST', async () => {
    const client = await openStreamable(bridge, { protocolVersion: '2025-11-25' })
    await client.call('sleep', { ms: 600 })
    const post = newest(client)
    const get = await client.listen()
    for (const stream of [post, get]) {
      const first = await eventually(() => stream.events.all[0], { what: 'a first event' })
      expect(first.data).toBe('')
      expect(first.id).toMatch(/^\d+:\d+$/)
      expect(first.retry).toBeGreaterThan(0)
    }
  })

  test.each(['2025-03-26', '2025-06-18'])(
    'post.priming: in %s no event is without data',
    async (revision) => {
      const client = await openStreamable(bridge, { protocolVersion: revision })
      expect(client.protocolVersion).toBe(revision)
      const get = await client.listen()
      await client.call('sleep', { ms: 600 })
      const post = newest(client)
      await client.call('listChanged')
      await get.events.next()
      for (const { text } of [post, get]) {
        expect(text).toMatch(/^id: /m)
        expect(text).not.toMatch(/^retry:/m)
        expect(text).not.toMatch(/^data: ?$/m)
      }
    },
  )
})

describe('post.disconnect', () => {
  test('post.disconnect: a cut connection is no cancellation: the call runs on, the answer can be fetched', async () => {
    const client = await openStreamable(bridge)
    const abort = new AbortController()
    const cut = client.call('sleep', { ms: 1500 }, { id: 'cut', signal: abort.signal })
    const stream = await eventually(() => client.streams[1], { what: 'the stream of the call' })
    const { id: lastEventId = '' } = await stream.events.next()
    abort.abort(new Error('cut by the test'))
    await expect(cut).rejects.toThrow('cut by the test')
    const resumed = await client.listen({ lastEventId })
    const { data } = await resumed.events.next((event) => event.data !== '')
    expect(JSON.parse(data)).toMatchObject({ id: 'cut', result: { content: [{ text: 'slept' }] } })
    expect(await resumed.ended).toBe('ended')
    expect((await notificationsOf(client)).map(({ method }) => method)).toEqual(['notifications/initialized'])
  })
})

describe('events', () => {
  test('events.unique: ids differ over all streams of the session', async () => {
    const client = await openStreamable(bridge, { protocolVersion: '2025-06-18' })
    await client.listen()
    const call = (n: number) => client.call('progress', { steps: 4, delayMs: 20 }, { progressToken: n })
    await Promise.all([call(1), call(2), call(3)])
    await client.call('listChanged')
    await client.until('notifications/tools/list_changed')
    const ids = client.streams.flatMap(({ events }) => events.all.map(({ id }) => id))
    expect(ids.length).toBeGreaterThanOrEqual(16)
    expect(ids).not.toContain(undefined)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('events.resume: the rest of that stream, once, and nothing of another', async () => {
    const client = await openStreamable(bridge, { protocolVersion: '2025-06-18' })
    const abort = new AbortController()
    const options = { id: 'mine', progressToken: 'mine', signal: abort.signal }
    const cut = client.call('progress', { steps: 8, delayMs: 100 }, options)
    const beside = client.call(
      'progress',
      { steps: 8, delayMs: 100 },
      { id: 'other', progressToken: 'other' },
    )
    const stream = await eventually(() => client.streams.find(({ text }) => text.includes('"mine"')), {
      what: 'the stream of the call',
    })
    const seen = [await stream.events.next(), await stream.events.next()]
    abort.abort(new Error('cut by the test'))
    await cut.catch(() => {})
    await beside
    const resumed = await client.listen({ lastEventId: seen[1]?.id ?? '' })
    expect(await resumed.ended).toBe('ended')
    const all = [...seen, ...resumed.events.all].map(({ data }) => JSON.parse(data))
    expect(all.map(({ id, params }) => id ?? `${params.progressToken} ${params.progress}`)).toEqual([
      ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => `mine ${n}`),
      'mine',
    ])
  })

  test('events.resume: a place of which nothing is kept is refused, not served from another', async () => {
    const client = await openStreamable(bridge)
    await expect(client.listen({ lastEventId: '4711:3' })).rejects.toMatchObject({ status: 400 })
  })
})

test('stream.headers: every stream tells proxies to pass it on at once', async () => {
  const [client, sse] = await Promise.all([openStreamable(bridge), openSse(bridge)])
  await client.call('sleep', { ms: 600 })
  for (const { headers } of [newest(client), await client.listen(), sse.stream!]) {
    expect(headers['content-type']).toBe('text/event-stream')
    expect(headers['x-accel-buffering']).toBe('no')
    expect(headers['cache-control']).toBe('no-cache, no-transform')
    expect(headers['content-length']).toBeUndefined()
  }
  sse.close()
})
