// A client of revision 2026-07-28 in front of a tool that knows only what came before.
import { eventually, fixture, MODERN_REVISION, ModernClient, send } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeft, useBridge } from '../bridges.ts'
import { textOf } from '../clients.ts'

nothingLeft()
const bridge = useBridge(['--', ...fixture('echo')])
const client = (options: Partial<ConstructorParameters<typeof ModernClient>[0]> = {}) =>
  new ModernClient({ port: bridge.port, ...options })
const SERVER = 'io.modelcontextprotocol/serverInfo'

/** How many log messages come with a call that logs one. */
async function logged(level: string, logLevel?: string): Promise<number> {
  const { messages } = await client().request(
    'tools/call',
    { name: 'log', arguments: { level, text: 'said' } },
    logLevel === undefined ? {} : { logLevel },
  )
  return messages.length - 1
}

test('modern.discover: server/discover says what the tool offers, which revisions are served, and who it is', async () => {
  const { status, response } = await client().request('server/discover', {}, { id: 'openai-mcp-discover' })
  expect(status).toBe(200)
  expect(response).toEqual({
    jsonrpc: '2.0',
    id: 'openai-mcp-discover',
    result: {
      resultType: 'complete',
      supportedVersions: [MODERN_REVISION, '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'],
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        logging: {},
      },
      ttlMs: 0,
      cacheScope: 'private',
      _meta: { [SERVER]: expect.objectContaining({ name: 'echo' }) },
    },
  })
})

test('while the tool is being started a probe is answered before its client gives up, under its own id', async () => {
  const slow = await bridged(['--', ...fixture('slow-start', '20000')])
  const from = Date.now()
  const { status, response } = await new ModernClient({ port: slow.port }).request(
    'server/discover',
    {},
    { id: 'p' },
  )
  expect(Date.now() - from).toBeLessThan(15_000)
  expect([status, response.id, response.error?.data.code]).toEqual([200, 'p', 'child_starting'])
  expect(slow.logs.filter(({ msg }) => msg.includes('refused'))).toEqual([])
})

test('modern.complete: results say that they are complete, and lists for how long they hold', async () => {
  const call = await client().request('tools/call', { name: 'echo', arguments: { text: 'é😀' } })
  expect([call.status, call.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8'])
  expect(call.headers['mcp-session-id']).toBeUndefined()
  expect(call.response.result).toMatchObject({
    resultType: 'complete',
    content: [{ type: 'text', text: 'é😀' }],
    _meta: { pid: expect.any(Number), [SERVER]: { name: 'echo' } },
  })
  const list = await client().request('tools/list')
  expect(list.response.result).toMatchObject({ resultType: 'complete', ttlMs: 0, cacheScope: 'private' })
  expect(list.response.result.tools.length).toBeGreaterThan(5)
})

test('a result of megabytes passes as it is, but for the word in front', async () => {
  const { response } = await client().request('tools/call', { name: 'big', arguments: { bytes: 3_000_000 } })
  expect(response.result.resultType).toBe('complete')
  expect(textOf(response)).toBe('x'.repeat(3_000_000))
})

test('no digit of a number is lost, in either direction', async () => {
  const reply = await send({
    port: bridge.port,
    method: 'POST',
    path: '/mcp',
    headers: {
      'content-type': 'application/json',
      'mcp-protocol-version': MODERN_REVISION,
      'mcp-method': 'x/any',
    },
    body: `{"jsonrpc":"2.0","id":9007199254740993,"method":"x/any","params":{"n":1.50,"_meta":{"io.modelcontextprotocol/protocolVersion":"${MODERN_REVISION}","io.modelcontextprotocol/clientCapabilities":{}}}}`,
  })
  expect(reply.body).toContain('"id":9007199254740993')
  expect(reply.json().result.line).toContain('"n":1.50')
})

test('modern.progress: progress comes with the token of the request, and a stream ends with the response', async () => {
  const { headers, messages } = await client().request(
    'tools/call',
    { name: 'progress', arguments: { steps: 3, delayMs: 20 } },
    { progressToken: 'mine' },
  )
  expect(headers['content-type']).toBe('text/event-stream')
  expect(messages.slice(0, -1)).toEqual(
    [1, 2, 3].map((progress) => ({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken: 'mine', progress, total: 3 },
    })),
  )
  expect(messages.at(-1)).toMatchObject({ result: { resultType: 'complete' } })
})

test('modern.log: log messages come to the request that asks for them, from its level on', async () => {
  expect([await logged('error'), await logged('error', 'info'), await logged('debug', 'info')]).toEqual([
    0, 1, 0,
  ])
})

test('modern.cancel: who closes the connection has cancelled the call', async () => {
  const own = client({ name: 'leaver' })
  const leave = new AbortController()
  const gone = own.open('tools/call', { name: 'sleep', arguments: { ms: 60_000 } }, { signal: leave.signal })
  // The child reads in order: it has the first when it answers the second.
  await own.call('pid')
  leave.abort()
  await expect(gone).rejects.toThrow('aborted')
  await eventually(
    async () => textOf(await own.call('heard'))?.includes('notifications/cancelled') === true,
    {
      what: 'the cancellation of the call',
    },
  )
})

test('modern.stateless: a notification is taken, and a session id means nothing', async () => {
  const reply = await send({
    port: bridge.port,
    method: 'POST',
    path: '/mcp',
    headers: { 'content-type': 'application/json', 'mcp-protocol-version': MODERN_REVISION },
    body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }),
  })
  expect([reply.status, reply.body]).toEqual([202, ''])
  const { status } = await client({ headers: { 'mcp-session-id': 'any' } }).request('tools/list')
  expect(status).toBe(200)
})

describe('modern.header: refused before a child is touched, under the id of the request', () => {
  const META = 'io.modelcontextprotocol/'
  test.each([
    ['no revision', {}, { [`${META}protocolVersion`]: undefined }, -32602],
    ['no capabilities', {}, { [`${META}clientCapabilities`]: undefined }, -32602],
    ['capabilities that are none', {}, { [`${META}clientCapabilities`]: 'all' }, -32602],
    [
      'another revision',
      { 'mcp-protocol-version': '2027-01-01' },
      { [`${META}protocolVersion`]: '2027-01-01' },
      -32022,
    ],
    ['a header of another revision', { 'mcp-protocol-version': '2025-11-25' }, {}, -32020],
    ['no header of the revision', { 'mcp-protocol-version': null }, {}, -32020],
    ['no header of the method', { 'mcp-method': null }, {}, -32020],
    ['a header of another method', { 'mcp-method': 'tools/list' }, {}, -32020],
    ['no header of the name', { 'mcp-name': null }, {}, -32020],
    ['a header of another name', { 'mcp-name': 'other' }, {}, -32020],
    ['a name that is no Base64', { 'mcp-name': '=?base64?ZWNobw?=' }, {}, -32020],
  ] as const)('%s', async (_, headers, meta, code) => {
    const { status, response } = await client().request(
      'tools/call',
      { name: 'echo', arguments: {} },
      { id: 'mine', headers, meta },
    )
    expect([status, response.id, response.error?.code]).toEqual([400, 'mine', code])
  })

  test('modern.revision: the refusal of a revision lists those that are served', async () => {
    const { response } = await client().request(
      'server/discover',
      {},
      { headers: { 'mcp-protocol-version': '1' }, meta: { [`${META}protocolVersion`]: '1' } },
    )
    expect(response.error?.data).toMatchObject({
      requested: '1',
      supported: expect.arrayContaining([MODERN_REVISION]),
    })
  })

  test('a name that is no ASCII comes in Base64', async () => {
    const name = 'größe'
    const { status, response } = await client().request(
      'tools/call',
      { name, arguments: {} },
      { headers: { 'mcp-name': `=?base64?${Buffer.from(name).toString('base64')}?=` } },
    )
    expect([status, response.error?.code]).toEqual([200, -32602])
  })
})

test.each([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'tasks/get',
])('%s is no method any more', async (method) => {
  const { status, response } = await client().request(method, { uri: 'x', level: 'info' }, { id: 7 })
  expect([status, response.id, response.error?.code]).toEqual([404, 7, -32601])
})

test('modern.unknown: what the tool does not know is a 404 too, and what it does not have an error of its own', async () => {
  const server = await bridged(['--', ...fixture('conformance-server')])
  const own = new ModernClient({ port: server.port })
  const unknown = await own.request('x/unknown')
  expect([unknown.status, unknown.response.error?.code]).toEqual([404, -32601])
  const missing = await own.request('resources/read', { uri: 'test://nothing' })
  expect([missing.status, missing.response.error]).toMatchObject([
    200,
    { code: -32602, data: { uri: 'test://nothing' } },
  ])
})

test('a legacy client beside it is served as before', async () => {
  const { status, body } = await send({
    port: bridge.port,
    method: 'POST',
    path: '/mcp',
    headers: { 'content-type': 'application/json', 'mcp-protocol-version': MODERN_REVISION },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'old', version: '1' } },
    }),
  })
  expect(status).toBe(200)
  expect(JSON.parse(body).result.protocolVersion).toBe('2025-11-25')
})

test('--compat claude-ai: the body counts where headers are missing or of before, and none may say something else', async () => {
  const lenient = await bridged(['--compat', 'claude-ai', '--', ...fixture('echo')])
  const own = new ModernClient({ port: lenient.port })
  const call = async (headers: Record<string, string | null>) => {
    const { status, response } = await own.request('tools/call', { name: 'echo', arguments: {} }, { headers })
    return [status, response.error?.code]
  }
  expect(await call({ 'mcp-protocol-version': '2025-11-25', 'mcp-method': null, 'mcp-name': null })).toEqual([
    200,
    undefined,
  ])
  expect(await call({ 'mcp-name': 'other' })).toEqual([400, -32020])
  expect(await call({ 'mcp-protocol-version': '2027-01-01' })).toEqual([400, -32020])
})
