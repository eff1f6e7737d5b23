// streamable: what one POST is answered with: status, type, session.
import { fixture, StreamableClient, type Headers } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'
import { openStreamable, refusal, textOf } from '../clients.ts'
import { VERBATIM } from './heard.ts'

nothingLeft()
const bridge = useBridge(['--max-body', '64KiB', '--', ...fixture('echo')])
const verbatim = useBridge(['--', ...VERBATIM])

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 'first',
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'wires', version: '1' } },
}
const echo = (id: number | string, text = 'here') => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'echo', arguments: { text } },
})

test('session.assigned: the answer to initialize carries the session id, later answers do not', async () => {
  const client = new StreamableClient(bridge)
  const reply = await client.post(INITIALIZE)
  expect(reply.status).toBe(200)
  expect(reply.json()).toMatchObject({
    jsonrpc: '2.0',
    id: 'first',
    result: { protocolVersion: '2025-11-25' },
  })
  client.sessionId = String(reply.headers['mcp-session-id'])
  const later = await client.post(echo(2))
  expect(later.body).toContain('here')
  expect(later.headers['mcp-session-id']).toBeUndefined()
})

test('session.assigned: an initialize that the server refuses opens no session', async () => {
  const client = new StreamableClient(verbatim)
  const { error } = await client.initialize({ clientInfo: { name: 'refuse', version: '1' } })
  expect(error).toEqual({ code: -32602, message: 'not you' })
  expect(client.sessionId).toBeUndefined()
})

test('session.secure: ids are visible ASCII, long, and all different', async () => {
  const clients = await Promise.all([1, 2, 3].map(() => openStreamable(bridge)))
  const ids = clients.map(({ sessionId }) => sessionId)
  for (const id of ids) expect(id).toMatch(/^[\x21-\x7e]{22,}$/)
  expect(new Set(ids).size).toBe(3)
})

test('session.missing: whatever is not initialize needs the id: 400', async () => {
  const client = new StreamableClient(bridge)
  refusal(await client.post(echo(1)), 400, 'request_invalid')
  refusal(await client.post({ jsonrpc: '2.0', method: 'notifications/initialized' }), 400, 'request_invalid')
  refusal(await client.del(), 400, 'request_invalid')
  await expect(client.listen()).rejects.toMatchObject({ status: 400 })
})

test('session.unknown: 404 for POST, GET and DELETE alike, with the id of the request', async () => {
  const client = new StreamableClient({ port: bridge.port, headers: { 'mcp-session-id': 'nobody' } })
  const posted = await client.post(echo('mine'))
  expect(refusal(posted, 404, 'session_unknown').code).toBe(-32001)
  expect(posted.json().id).toBe('mine')
  refusal(await client.del(), 404, 'session_unknown')
  const got = await client.listen().catch((error: unknown) => error)
  expect(got).toMatchObject({ status: 404, error: { code: -32001 } })
})

test('session.delete: 204, then the id is unknown, and initialize with the dead id opens another', async () => {
  const client = await openStreamable(bridge)
  const first = client.sessionId
  const deleted = await client.del()
  expect([deleted.status, deleted.body]).toEqual([204, ''])
  refusal(await client.post(echo(5)), 404, 'session_unknown')
  refusal(await client.del(), 404, 'session_unknown')
  expect((await client.initialize()).error).toBeUndefined()
  expect(client.sessionId).not.toBe(first)
})

test('initialize.once: a second initialize in a living session is refused, the session lives on', async () => {
  const client = await openStreamable(bridge)
  refusal(await client.post({ ...INITIALIZE, id: 9 }), 400, 'request_invalid')
  expect(textOf(await client.call('echo', { text: 'alive' }))).toBe('alive')
})

test('post.accepted: notifications and responses get 202 without a body', async () => {
  const client = await openStreamable(bridge)
  for (const message of [
    { jsonrpc: '2.0', method: 'notifications/roots/list_changed' },
    { jsonrpc: '2.0', id: 77, result: {} },
    { jsonrpc: '2.0', id: 'x', error: { code: -1, message: 'no' } },
  ]) {
    const reply = await client.post(message)
    expect([reply.status, reply.body, reply.headers['content-type']]).toEqual([202, '', undefined])
  }
})

describe('post.accept', () => {
  const CASES: [accept: string | null, type: RegExp][] = [
    [null, /./],
    ['*/*', /./],
    ['application/json, text/event-stream', /./],
    ['text/html', /./],
    ['application/json', /^application\/json/],
    ['APPLICATION/JSON;q=0.5', /^application\/json/],
    ['text/event-stream', /^text\/event-stream/],
  ]

  test.each(CASES)('post.accept: %s is served in a form it lists, quick or slow', async (accept, type) => {
    const client = await openStreamable(bridge, { headers: { accept } })
    const quick = await client.post(echo(2))
    const slow = await client.post({ ...echo(3), params: { name: 'sleep', arguments: { ms: 600 } } })
    for (const reply of [quick, slow]) {
      expect(reply.status).toBe(200)
      expect(reply.headers['content-type']).toMatch(type)
    }
    expect(quick.body).toContain('here')
    expect(slow.body).toContain('slept')
  })
})

describe('post.media-type', () => {
  const TAKEN: (string | null)[] = [
    null,
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
  ]
  test.each(TAKEN)('post.media-type: Content-Type %s is taken', async (type) => {
    const client = await openStreamable(bridge, { headers: { 'content-type': type } })
    expect((await client.post(echo(2))).body).toContain('here')
  })

  const REFUSED: Headers[] = [
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'application/jsonp' },
    { 'content-encoding': 'gzip' },
  ]
  test.each(REFUSED)('post.media-type: %o is 415', async (headers) => {
    const client = new StreamableClient({ port: bridge.port, headers })
    expect(refusal(await client.post(INITIALIZE), 415, 'media_type_unsupported').code).toBe(-32600)
  })
})

test('post.too-large: 413 over --max-body, told or chunked; a body of just that length passes', async () => {
  const client = await openStreamable(bridge)
  const empty = JSON.stringify(echo(2, '')).length
  const text = 'x'.repeat(64 * 1024 - empty)
  const over = JSON.stringify(echo(2, `${text}x`))
  refusal(await client.post(over), 413, 'body_too_large')
  const chunked = { 'transfer-encoding': 'chunked' }
  refusal(await client.post(over, chunked), 413, 'body_too_large')
  const exact = JSON.stringify(echo(2, text))
  for (const headers of [{}, chunked]) {
    const reply = await client.post(exact, headers)
    expect([reply.status, textOf(reply.json())]).toEqual([200, text])
  }
})

describe('version.header', () => {
  const TAKEN: (string | string[] | null)[] = [
    null,
    '',
    '2025-11-25',
    '2025-03-26',
    ['2025-11-25', '2025-11-25'],
    '2025-11-25, 2025-11-25',
  ]
  test.each(TAKEN)('version.header: %o is taken', async (version) => {
    const client = await openStreamable(bridge)
    expect((await client.post(echo(2), { 'mcp-protocol-version': version })).status).toBe(200)
  })

  test.each(['2099-01-01', 'latest', '1'])(
    'version.header: %s is 400 for POST, GET and DELETE',
    async (version) => {
      const client = await openStreamable(bridge)
      const headers = { 'mcp-protocol-version': version }
      expect(refusal(await client.post(echo(2), headers), 400, 'request_invalid').data.hint).toContain(
        version,
      )
      await expect(client.listen({ headers })).rejects.toMatchObject({ status: 400 })
      refusal(await client.del(headers), 400, 'request_invalid')
      expect(textOf(await client.call('echo', { text: 'alive' }))).toBe('alive')
    },
  )

  test('version.header: initialize is never refused for it', async () => {
    const reply = await new StreamableClient(bridge).post(INITIALIZE, {
      'mcp-protocol-version': '2099-01-01',
    })
    expect([reply.status, reply.json().result?.protocolVersion]).toEqual([200, '2025-11-25'])
  })

  test('version.header: what the child negotiated is taken, be it known to the bridge or not', async () => {
    const clientInfo = { name: 'answer 2031-01-01', version: '1' }
    const client = await openStreamable(verbatim, { clientInfo })
    expect(client.protocolVersion).toBe('2031-01-01')
    expect((await client.call('heard')).error).toBeUndefined()
  })
})
