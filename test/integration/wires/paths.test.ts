// paths: which path takes which method, and that nobody ever gets HTML.
import { fixture, send, SseClient } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'
import { openSse, openStreamable, refusal, textOf } from '../clients.ts'

nothingLeft()
const bridge = useBridge(['--', ...fixture('echo')])
const renamed = useBridge([
  ...['--mcp-path', '/a/b', '--sse-path', '/a/c/stream', '--message-path', '/a/d/in'],
  ...['--', ...fixture('echo')],
])

describe('path.method', () => {
  const CASES = [
    ['/mcp', 'POST, GET, DELETE', ['PUT', 'PATCH', 'OPTIONS']],
    ['/sse', 'GET', ['POST', 'PUT', 'DELETE', 'OPTIONS']],
    ['/messages', 'POST', ['GET', 'PUT', 'DELETE', 'OPTIONS']],
  ] as const

  test.each(CASES)('path.method: %s allows %s', async (path, allow, others) => {
    for (const method of others) {
      const reply = await send({ port: bridge.port, path, method })
      refusal(reply, 405, 'method_not_allowed')
      expect(reply.headers.allow).toBe(allow)
    }
    // Its body is withheld by HTTP; a stream must not open.
    const head = await send({ port: bridge.port, path, method: 'HEAD' })
    expect([head.status, head.headers.allow]).toEqual([405, allow])
  })
})

test('path.fallback: POST of initialize to the SSE path is 405, which sends clients on to GET', async () => {
  const client = new SseClient(bridge)
  await client.connect()
  const body = { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }
  const headers = { 'content-type': 'application/json' }
  const reply = await send({
    port: bridge.port,
    path: '/sse',
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  expect(refusal(reply, 405, 'method_not_allowed').data.hint).toContain('GET')
  client.close()
})

test('path.unknown: 404 as JSON that names the paths that exist', async () => {
  for (const path of ['/nowhere', '/mcp/deeper', '/%', '/..%2f', '/sse.html', '//']) {
    for (const method of ['GET', 'POST']) {
      const error = refusal(await send({ port: bridge.port, path, method }), 404, 'not_found')
      expect(error.data.hint).toContain('/mcp')
      expect(error.data.hint).toContain('/sse')
    }
  }
})

test('path.slash: a trailing slash leads to the same place, also from the endpoint event', async () => {
  const client = await openStreamable(bridge, { path: '/mcp/' })
  expect(textOf(await client.call('echo', { text: 'slash' }))).toBe('slash')
  expect((await client.del()).status).toBe(204)
  const sse = await openSse(bridge, { path: '/sse/' })
  expect(textOf(await sse.call('echo', { text: 'slash' }))).toBe('slash')
  sse.close()
})

test('path.configured: both wires serve where they were told to, and nowhere else', async () => {
  const client = await openStreamable(renamed, { path: '/a/b' })
  expect(textOf(await client.call('echo', { text: 'renamed' }))).toBe('renamed')
  const sse = await openSse(renamed, { path: '/a/c/stream' })
  expect(sse.endpoint).toMatch(/^\.\.\/d\/in\?sessionId=/)
  expect(textOf(await sse.call('echo', { text: 'renamed' }))).toBe('renamed')
  for (const path of ['/mcp', '/sse', '/messages']) {
    refusal(await send({ port: renamed.port, path, method: 'POST' }), 404, 'not_found')
  }
  sse.close()
})

test('endpoint.both: one port serves both wires at once, each with its own sessions', async () => {
  const [client, sse] = await Promise.all([openStreamable(bridge), openSse(bridge)])
  expect(textOf(await client.call('pid'))).not.toBe(textOf(await sse.call('pid')))
  // The id of one wire is none on the other.
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })
  const crossed = { port: bridge.port, method: 'POST', body }
  const onSse = await send({ ...crossed, path: `/messages?sessionId=${client.sessionId}`, headers })
  refusal(onSse, 404, 'session_unknown')
  const onMcp = await send({
    ...crossed,
    path: '/mcp',
    headers: { ...headers, 'mcp-session-id': sse.sessionId ?? '' },
  })
  refusal(onMcp, 404, 'session_unknown')
  sse.close()
})
