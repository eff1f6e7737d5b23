// traces: what OpenTelemetry is told of each request, and what its child is told of the trace.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, fixture, ModernClient, send, tempDir, type RpcResponse } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'
import { collector, fieldsOf, otelEnv } from './collector.ts'

nothingLeft()

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const CLIENT_SPAN = '00f067aa0ba902b7'
const PARENT = `00-${TRACE}-${CLIENT_SPAN}-01`
const UNSAMPLED = `00-${TRACE}-${CLIENT_SPAN}-00`
const SERVER = 2

/** `_meta` of a request as its child got it, of an answer of the tool `raw`. */
function metaTold(response: RpcResponse): any {
  return JSON.parse(textOf(response) ?? '').params._meta
}

test.each(['session', 'shared', 'pool'] as const)(
  'traces.tree: client, bridge and child are one tree on all wires (--children %s)',
  async (children) => {
    const sink = await collector()
    const env = otelEnv(sink.endpoint, { OTEL_SERVICE_NAME: 'tools', OTEL_RESOURCE_ATTRIBUTES: 'team=a%2Cb' })
    const { port } = await bridged(['--children', children, '--', ...fixture('echo')], { env })
    const streamable = await openStreamable({ port }, { protocolVersion: '2025-11-25' })
    const sse = await openSse({ port }, { protocolVersion: '2024-11-05' })
    const modern = new ModernClient({ port })
    const _meta = { traceparent: PARENT, tracestate: 'vendor=1', baggage: 'k=v', 'own/key': 1.5 }
    const params = { name: 'raw', arguments: {}, _meta }
    const answers: [string, any, string | undefined][] = [
      [
        '2025-11-25',
        metaTold(await streamable.request('tools/call', params, { id: 'own "id"' })),
        'own "id"',
      ],
      ['2024-11-05', metaTold(await sse.request('tools/call', params)), undefined],
      ['2026-07-28', metaTold(await modern.call('raw', {}, { meta: _meta })), undefined],
    ]
    for (const [revision, meta, id] of answers) {
      expect(meta).toMatchObject({ tracestate: 'vendor=1', baggage: 'k=v', 'own/key': 1.5 })
      const [, traceId, spanId, flags] = meta.traceparent.split('-')
      expect([traceId, flags]).toEqual([TRACE, '01'])
      const span = await sink.until((each) => each.spanId === spanId)
      expect(span).toMatchObject({
        ...{ traceId: TRACE, parentSpanId: CLIENT_SPAN, traceState: 'vendor=1' },
        ...{ name: 'tools/call raw', kind: SERVER, links: [] },
        attributes: {
          'mcp.method.name': 'tools/call',
          'gen_ai.tool.name': 'raw',
          'gen_ai.operation.name': 'execute_tool',
          'mcp.protocol.version': revision,
          'network.transport': 'tcp',
          'network.protocol.name': 'http',
          ...(id === undefined ? {} : { 'jsonrpc.request.id': id }),
        },
      })
      expect(span.attributes['error.type']).toBeUndefined()
      expect(span.attributes['mcp.session.id']?.length).toBe(revision === '2026-07-28' ? undefined : 8)
      expect(span.durationMs).toBeGreaterThan(0)
      expect(Math.abs(new Date().getTime() - span.endedAt)).toBeLessThan(60_000)
    }
    expect(sink.resource()).toMatchObject({
      'service.name': 'tools',
      'service.version': expect.any(String),
      'service.instance.id': expect.any(String),
      team: 'a,b',
    })
    const opened = sink.spans().filter(({ name }) => name === 'initialize')
    expect(new Set(opened.map(({ attributes }) => attributes['mcp.protocol.version']))).toEqual(
      new Set(['2024-11-05', '2025-11-25']),
    )
    expect(opened).toHaveLength(2)
  },
)

test('traces.header: a parent comes with the headers where _meta has none, and is linked where it has', async () => {
  const sink = await collector()
  const { port } = await bridged(['--', ...fixture('echo')], { env: otelEnv(sink.endpoint) })
  const outer = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
  const headers = { traceparent: outer, tracestate: 'x=1', baggage: 'user=me' }
  const streamable = await openStreamable({ port }, { headers })
  const sse = await openSse({ port }, { headers })
  for (const client of [streamable, sse, new ModernClient({ port, headers })]) {
    const meta = metaTold(await client.call('raw'))
    expect(meta).toMatchObject({ tracestate: 'x=1', baggage: 'user=me' })
    const [, traceId, spanId] = meta.traceparent.split('-')
    expect(traceId).toBe('a'.repeat(32))
    const span = await sink.until((each) => each.spanId === spanId)
    expect(span).toMatchObject({ parentSpanId: 'b'.repeat(16), traceState: 'x=1', links: [] })
  }
  const params = { name: 'raw', _meta: { traceparent: PARENT } }
  const [, traceId, spanId] = metaTold(await streamable.request('tools/call', params)).traceparent.split('-')
  expect(traceId).toBe(TRACE)
  const linked = await sink.until((each) => each.spanId === spanId)
  expect(linked.parentSpanId).toBe(CLIENT_SPAN)
  expect(linked.links).toMatchObject([{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }])
})

test('traces.environment: a process that is started for a session knows the trace of its first request, no other does', async () => {
  const sink = await collector()
  const env = otelEnv(sink.endpoint)
  const cold = await bridged(['--warm', '0', '--', ...fixture('echo')], { env })
  const headers = { traceparent: PARENT, tracestate: 'x=1' }
  const traced = await openStreamable(cold, { headers })
  const [, traceId, spanId] = textOf(await traced.call('env', { name: 'TRACEPARENT' }))?.split('-') ?? []
  expect(traceId).toBe(TRACE)
  const span = await sink.until((each) => each.spanId === spanId)
  expect(span).toMatchObject({ name: 'initialize', parentSpanId: CLIENT_SPAN })
  expect(textOf(await traced.call('env', { name: 'TRACESTATE' }))).toBe('x=1')
  const shared = await bridged(['--children', 'shared', '--', ...fixture('echo')], { env })
  const other = await openStreamable(shared, { headers })
  expect(textOf(await other.call('env', { name: 'TRACEPARENT' }))).toBeUndefined()
})

const SECRETS = [
  'secret-argument',
  'secret-result',
  'secret-error',
  'secret-token',
  'secret-header',
  'secret-query',
]

test('traces.outcome: how a call ended is told, and nothing of what it was given or gave', async () => {
  const sink = await collector()
  const file = join(tempDir(), 'tokens')
  writeFileSync(file, 'ann:secret-token\n')
  const options = ['--token-file', file, '--call-timeout', '1s', '--header-env', 'X-Key=KEY']
  const { port } = await bridged([...options, '--', ...fixture('echo')], { env: otelEnv(sink.endpoint) })
  const headers = { authorization: 'Bearer secret-token', 'x-key': 'secret-header' }
  const open = () => openStreamable({ port }, { headers })
  const [client, crashing] = [await open(), await open()]
  const sse = await openSse({ port }, { headers })
  await client.call('echo', { text: 'secret-argument secret-result' })
  await client.call('big', { bytes: -1 })
  await client.call('no: unknown tool')
  await client.call('sleep', { ms: 60_000 })
  const waiting = client.call('sleep', { ms: 50_000 }, { id: 'cancelled' })
  await eventually(() => client.streams.length > 5, { what: 'the call to be on its way' })
  await client.cancel('cancelled')
  await waiting
  void sse.call('sleep', { ms: 40_000 }, { id: 'dropped' }).catch(() => {})
  await sse.cancel('dropped')
  await client.request('resources/read', { uri: 'fixture://me:secret@token@host/page?key=secret-query#part' })
  await client.request('prompts/get', { name: 'greet' })
  await crashing.call('crash')
  await sink.until(({ name }) => name === 'tools/call crash')
  const told = sink
    .spans()
    .filter(({ name }) => name !== 'initialize')
    .map(({ name, status, attributes: of }) => [
      name.slice(0, 30),
      of['error.type'],
      of['rpc.response.status_code'],
      status.code,
      status.message,
    ])
  expect(told).toEqual(
    expect.arrayContaining([
      ['tools/call echo', undefined, undefined, 0, undefined],
      ['tools/call big', 'tool_error', undefined, 2, undefined],
      ['tools/call no: unknown tool', '-32602', '-32602', 2, undefined],
      ['tools/call sleep', '-32603', '-32603', 2, 'child_timeout'],
      ['tools/call sleep', '-32800', '-32800', 2, 'request_cancelled'],
      ['tools/call sleep', 'dropped', undefined, 2, undefined],
      ['resources/read', undefined, undefined, 0, undefined],
      ['prompts/get greet', undefined, undefined, 0, undefined],
      ['tools/call crash', '-32603', '-32603', 2, 'child_exited'],
    ]),
  )
  const read = sink.spans().find(({ name }) => name === 'resources/read')
  expect(read?.attributes['mcp.resource.uri']).toBe('fixture://host/page')
  const sent = sink.received.map(({ body }) => body.toString('utf8')).join('')
  for (const secret of [...SECRETS, client.sessionId ?? '']) expect(sent).not.toContain(secret)
})

test('traces.sampled: what is not to be recorded is told on, and not sent', async () => {
  const sink = await collector()
  const { port } = await bridged(['--', ...fixture('echo')], { env: otelEnv(sink.endpoint) })
  const none = await bridged(['--', ...fixture('echo')], {
    env: otelEnv(sink.endpoint, { OTEL_TRACES_SAMPLER: 'always_off' }),
  })
  const client = await openStreamable({ port })
  const params = { name: 'raw', _meta: { traceparent: UNSAMPLED } }
  expect(metaTold(await client.request('tools/call', params))).toEqual({ traceparent: UNSAMPLED })
  const header = await openStreamable({ port }, { headers: { traceparent: UNSAMPLED } })
  expect(metaTold(await header.call('raw'))).toEqual({ traceparent: UNSAMPLED })
  const off = await openStreamable(none)
  expect(metaTold(await off.request('tools/call', { ...params, _meta: { traceparent: PARENT } }))).toEqual({
    traceparent: UNSAMPLED,
  })
  expect(metaTold(await off.call('raw')).traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/)
  await client.call('echo')
  await sink.until(({ name }) => name === 'tools/call echo')
  expect(sink.spans().filter(({ name }) => name === 'tools/call raw')).toEqual([])
})

test('traces.malformed: what is no parent begins a trace of its own, and breaks nothing', async () => {
  const sink = await collector()
  const { port } = await bridged(['--', ...fixture('echo')], { env: otelEnv(sink.endpoint) })
  const client = await openStreamable({ port })
  for (const traceparent of [
    '',
    'x'.repeat(50_000),
    `${PARENT}"\\`,
    7,
    null,
    {},
    [PARENT],
    `ff${PARENT.slice(2)}`,
  ]) {
    const _meta = { traceparent, tracestate: ', '.repeat(20_000), baggage: 7, kept: true }
    const meta = metaTold(await client.request('tools/call', { name: 'raw', _meta }))
    expect(meta).toMatchObject({ kept: true, baggage: 7 })
    const [, traceId, spanId] = meta.traceparent.split('-')
    const span = await sink.until((each) => each.spanId === spanId)
    expect(span).toMatchObject({ traceId, traceState: undefined })
    expect([undefined, '']).toContain(span.parentSpanId)
  }
})

test('traces.protobuf: the same by default in protobuf, with the headers that are set for it', async () => {
  const sink = await collector()
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=of-the-collector',
    OTEL_BSP_SCHEDULE_DELAY: '20',
  }
  const { port } = await bridged(['--', ...fixture('echo')], { env })
  const client = await openStreamable({ port })
  await client.request('tools/call', { name: 'echo', _meta: { traceparent: PARENT } })
  const trace = Buffer.from(TRACE, 'hex')
  const batch = await eventually(() => sink.received.find(({ body }) => body.includes(trace)), {
    what: 'the span of the call',
  })
  expect(batch.path).toBe('/v1/traces')
  expect(batch.headers).toMatchObject({
    'content-type': 'application/x-protobuf',
    'x-api-key': 'of-the-collector',
  })
  const spans = inner(batch.body, 1)
    .flatMap((resource) => inner(resource, 2))
    .flatMap((scope) => inner(scope, 2))
    .map((span) => fieldsOf(span as Buffer))
  const span = spans.find((each) => trace.equals(each.get(1)?.[0] as Buffer))
  expect(span?.get(4)).toEqual([Buffer.from(CLIENT_SPAN, 'hex')])
  expect(String(span?.get(5))).toBe('tools/call echo')
})

test('traces.unreachable: a collector that is not there holds up no call and no end, and is complained of once', async () => {
  const gone = await collector()
  await gone.close()
  const env = otelEnv(gone.endpoint, { OTEL_EXPORTER_OTLP_TIMEOUT: '300' })
  const bridge = await bridged(['--', ...fixture('echo')], { env })
  const client = await openStreamable(bridge)
  for (let i = 0; i < 20; i++) expect(textOf(await client.call('echo', { text: 'on' }))).toBe('on')
  expect(await bridge.until(isComplaint)).toMatchObject({
    level: 'warn',
    reason: expect.stringContaining('ECONNREFUSED'),
  })
  for (let i = 0; i < 20; i++) await client.call('echo')
  const back = await collector({ port: Number(new URL(gone.endpoint).port) })
  await eventually(
    async () => {
      await client.call('echo')
      return bridge.logs.some(({ msg }) => msg === 'spans are sent again')
    },
    { what: 'spans to be sent again' },
  )
  expect(back.spans().length).toBeGreaterThan(0)
  expect(bridge.logs.filter(isComplaint)).toHaveLength(1)
  await back.close()
  await client.call('echo')
  const from = performance.now()
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  expect(performance.now() - from).toBeLessThan(8000)
})

test('traces.end: what was called last is sent before the end', async () => {
  const sink = await collector()
  const env = otelEnv(sink.endpoint, { OTEL_BSP_SCHEDULE_DELAY: '60000' })
  const bridge = await bridged(['--', ...fixture('echo')], { env })
  await (await openStreamable(bridge)).call('echo')
  expect(sink.spans()).toEqual([])
  await bridge.stop()
  expect(sink.spans().map(({ name }) => name)).toEqual(['initialize', 'tools/call echo'])
})

test('traces.metrics: what is counted is sent by the names of the conventions, now and then and at the end', async () => {
  const sink = await collector()
  const env = otelEnv(sink.endpoint, { OTEL_METRICS_EXPORTER: 'otlp', OTEL_TRACES_EXPORTER: 'none' })
  const often = { ...env, OTEL_METRIC_EXPORT_INTERVAL: '50' }
  const bridge = await bridged(['--', ...fixture('echo')], { env: often })
  const client = await openStreamable(bridge, { protocolVersion: '2025-11-25' })
  await client.call('echo', { text: SECRETS[0] })
  await client.call('echo')
  await client.call('big', { bytes: -1 })
  await client.call('invented')
  const durations = () => sink.metrics().get('mcp.server.operation.duration') ?? []
  const told = () =>
    durations().map(({ attributes: of, value }) =>
      [of['mcp.method.name'], of['gen_ai.tool.name'], of['error.type'], value].join(' '),
    )
  const all = [
    'tools/call echo  2',
    'tools/call big tool_error 1',
    'tools/call _OTHER -32602 1',
    'initialize   1',
  ]
  await eventually(() => told().length === all.length, { what: 'the calls to be counted' })
  expect(new Set(told())).toEqual(new Set(all))
  expect(durations()[0]).toMatchObject({
    attributes: {
      'mcp.protocol.version': '2025-11-25',
      'network.transport': 'tcp',
      'mcp_bridge.wire': 'streamable',
    },
    bounds: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300],
  })
  expect(sink.metrics().get('mcp_bridge.sessions')).toMatchObject([{ value: 1 }])
  await send({ port: bridge.port, path: '/metrics' }).then(({ status }) => expect(status).toBe(404))
  await bridge.stop()
  expect(sink.metrics().get('mcp.server.session.duration')).toMatchObject([{ value: 1 }])
  expect(sink.metrics().get('mcp_bridge.child.stops')?.length).toBeGreaterThan(0)
  expect(sink.received.map(({ path }) => path)).not.toContain('/v1/traces')
  expect(sink.received.map(({ body }) => body.toString('utf8')).join('')).not.toContain(SECRETS[0])

  const proto = await bridged(['--', ...fixture('echo')], {
    env: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${sink.endpoint}/own/path` },
  })
  await openStreamable(proto)
  await proto.stop()
  const last = sink.received.find(({ path }) => path === '/own/path')
  expect(last?.headers['content-type']).toBe('application/x-protobuf')
  expect(last?.body.includes('mcp.server.operation.duration')).toBe(true)
})

const OFF: [Record<string, string>, RegExp?][] = [
  [{}],
  [{ OTEL_TRACES_EXPORTER: 'none' }],
  [{ OTEL_SDK_DISABLED: 'true', OTEL_METRICS_EXPORTER: 'otlp' }],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, /grpc: it can be http\/protobuf or http\/json/],
]

test('traces.off: where traces are not asked for, or not possible, nothing is sent, and every byte is passed on', async () => {
  const sink = await collector()
  const off = async ([given, problem]: (typeof OFF)[number]): Promise<void> => {
    const env = Object.keys(given).length === 0 ? given : otelEnv(sink.endpoint, given)
    const bridge = await bridged(['--', ...fixture('echo')], { env })
    const client = await openStreamable(bridge, { headers: { traceparent: PARENT } })
    const meta = `{ "traceparent":"${PARENT}" , "tracestate":"x=1"}`
    const line = `{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"raw", "_meta" : ${meta}}}`
    const child = (await client.post(line)).json().result.content[0].text
    expect(child).toBe(line.replace('77', String(JSON.parse(child).id)))
    expect(metaTold(await client.call('raw'))).toBeUndefined()
    const said = bridge.logs.filter(({ msg }) => msg === 'configuration of OpenTelemetry')
    expect(said.map(({ reason }) => reason)).toEqual(
      problem === undefined ? [] : [expect.stringMatching(problem)],
    )
    await bridge.stop()
  }
  await Promise.all(OFF.map(off))
  expect(sink.received).toEqual([])
})

function isComplaint({ msg }: { msg: string }): boolean {
  return msg === 'spans cannot be sent'
}

function inner(bytes: unknown, field: number): unknown[] {
  return fieldsOf(bytes as Buffer).get(field) ?? []
}
