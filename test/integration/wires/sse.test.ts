// sse: HTTP+SSE: the endpoint event, messages on the stream, and the end of the session with it.
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eventually, fixture, isAlive, send, SseClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'
import { openSse, openStreamable, refusal, textOf } from '../clients.ts'

nothingLeft()
const bridge = useBridge(['--', ...fixture('echo')])

test('sse.endpoint: the first event is the endpoint, a relative reference with the session in it', async () => {
  const client = new SseClient(bridge)
  const { status, headers, events } = await client.connect()
  expect([status, headers['content-type']]).toEqual([200, 'text/event-stream'])
  expect(events.all[0]).toMatchObject({ event: 'endpoint', id: undefined })
  expect(client.endpoint).toMatch(/^messages\?sessionId=[\w-]{22,}$/)
  client.close()
})

test('sse.message: every message of the server is a message event, and the POST says nothing but 202', async () => {
  const client = await openSse(bridge)
  const reply = await client.post({ jsonrpc: '2.0', id: 'q', method: 'ping' })
  expect([reply.status, reply.body]).toEqual([202, ''])
  const events = client.stream?.events
  const { event, data } = await events!.next(({ data: text }) => text.includes('"q"'))
  expect([event, JSON.parse(data)]).toEqual(['message', { jsonrpc: '2.0', id: 'q', result: {} }])
  await client.call('log', { text: 'noted' })
  expect((await client.until('notifications/message')).params.data).toBe('noted')
  expect(events?.all.slice(1).every((each) => each.event === 'message' && each.id === undefined)).toBe(true)
  client.close()
})

test('sse.revisions: whatever the child agrees to is served over it', async () => {
  for (const protocolVersion of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']) {
    const client = await openSse(bridge, { protocolVersion })
    expect(client.protocolVersion).toBe(protocolVersion)
    expect(textOf(await client.call('echo', { text: protocolVersion }))).toBe(protocolVersion)
    // Nothing can be resumed here: neither ids nor a priming event.
    expect(client.stream?.text).not.toMatch(/^(id|retry):/m)
    client.close()
  }
})

test('sse.unknown: POST for a session that never was, has ended or is not named', async () => {
  const post = (path: string) =>
    send({ port: bridge.port, path, method: 'POST', body: '{"jsonrpc":"2.0","id":4,"method":"ping"}' })
  const unknown = await post('/messages?sessionId=nobody')
  expect(refusal(unknown, 404, 'session_unknown').code).toBe(-32001)
  expect(unknown.json().id).toBe(4)
  refusal(await post('/messages'), 400, 'request_invalid')
  refusal(await post('/messages?sessionId='), 400, 'request_invalid')

  const client = await openSse(bridge)
  client.close()
  const ended = await eventually(
    async () => {
      const reply = await post(`/messages?sessionId=${client.sessionId}`)
      return reply.status === 404 && reply
    },
    { what: 'the session to be gone' },
  )
  refusal(ended, 404, 'session_unknown')
})

test('sse.end: the end of the stream ends the session and its child, a call in flight or not', async () => {
  const clients = await Promise.all([openSse(bridge), openSse(bridge)])
  const pids = await Promise.all(clients.map(async (client) => Number(textOf(await client.call('pid')))))
  const [busy] = clients
  busy?.call('sleep', { ms: 60_000 }).catch(() => {})
  for (const client of clients) client.close()
  expect(new Set(pids).size).toBe(2)
  await eventually(() => !pids.some(isAlive), { what: 'both children to be gone' })
})

test('initialize.first: before it a ping is answered and anything else refused, on the stream', async () => {
  const client = new SseClient(bridge)
  await client.connect()
  expect(await client.request('ping')).toMatchObject({ result: {} })
  const { error } = await client.call('echo', { text: 'too early' })
  expect(error?.data.code).toBe('request_invalid')
  expect((await client.initialize()).error).toBeUndefined()
  expect(textOf(await client.call('echo', { text: 'now' }))).toBe('now')
  const again = await client.request('initialize', { protocolVersion: '2025-11-25', capabilities: {} })
  expect(again.error?.data.code).toBe('request_invalid')
  client.close()
})

test('sse.proxy: the endpoint is right behind a proxy that strips a path prefix, on both wires', async () => {
  const proxy = await startProxy('/tools/everything', bridge.port)
  const { port } = proxy.address() as AddressInfo
  const sse = await openSse({ port }, { path: '/tools/everything/sse' })
  expect(textOf(await sse.call('echo', { text: 'through' }))).toBe('through')
  const client = await openStreamable({ port }, { path: '/tools/everything/mcp' })
  expect(textOf(await client.call('echo', { text: 'through' }))).toBe('through')
  // What is not below the prefix was not let through by chance.
  expect((await send({ port, path: '/messages?sessionId=x', method: 'POST' })).status).toBe(502)
  sse.close()
  await client.del()
  proxy.closeAllConnections()
  await new Promise((resolve) => proxy.close(resolve))
})

async function startProxy(prefix: string, port: number): Promise<Server> {
  const proxy = createServer((req, res) => {
    const { url = '', method, headers } = req
    if (!url.startsWith(prefix)) return void res.writeHead(502).end()
    const upstream = request({ port, host: '127.0.0.1', path: url.slice(prefix.length), method, headers })
    upstream.on('response', (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(res)
    })
    upstream.on('error', () => res.destroy())
    res.on('close', () => upstream.destroy())
    req.pipe(upstream)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return proxy
}
