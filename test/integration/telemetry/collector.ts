// collector: takes what OpenTelemetry sends over HTTP, as JSON or as protobuf, and keeps it for the test.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eventually } from '@mcp-bridge/testkit'
import { onTestFinished } from 'vitest'

export interface Received {
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface SpanSeen {
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  traceState: string | undefined
  name: string
  kind: number
  attributes: Record<string, string>
  status: { code?: number; message?: string }
  links: { traceId: string; spanId: string }[]
  durationMs: number
  /** Milliseconds since 1970. */
  endedAt: number
}

export interface Point {
  attributes: Record<string, string>
  /** Of a histogram how many there were. */
  value: number
  bounds: number[] | undefined
}

export interface Collector {
  readonly endpoint: string
  readonly received: Received[]
  /** Of all that came as JSON. */
  spans(): SpanSeen[]
  resource(): Record<string, string>
  /** Points of the newest that came as JSON, by name. */
  metrics(): Map<string, Point[]>
  /** The first of these, past or to come. */
  until(matches: (span: SpanSeen) => boolean): Promise<SpanSeen>
  close(): Promise<void>
}

/** What a bridge is given so that it sends what it has at once. */
export function otelEnv(endpoint: string, env: Record<string, string> = {}): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '20',
    ...env,
  }
}

export async function collector({ port = 0, status = 200 } = {}): Promise<Collector> {
  const received: Received[] = []
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      received.push({ path: req.url ?? '', headers: req.headers, body: Buffer.concat(chunks) })
      res.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(close)
  const all = (): any[] =>
    received
      .filter(({ path, headers }) => path === '/v1/traces' && headers['content-type'] === 'application/json')
      .flatMap(({ body }) => JSON.parse(body.toString('utf8')).resourceSpans)
  const spans = (): SpanSeen[] =>
    all()
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans: some }) => some)
      .map(seen)
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    spans,
    metrics: () => {
      const newest = received.findLast(({ path }) => path === '/v1/metrics')
      if (newest === undefined) return new Map()
      const [{ scopeMetrics }] = JSON.parse(newest.body.toString('utf8')).resourceMetrics
      return new Map(scopeMetrics[0].metrics.map((metric: any) => [metric.name, pointsOf(metric)]))
    },
    resource: () => attributesOf(all()[0].resource.attributes),
    until: (matches) =>
      eventually(() => spans().find(matches), { what: `a span for which ${String(matches)}` }),
    close,
  }
}

function seen(span: any): SpanSeen {
  const { traceId, spanId, parentSpanId, traceState, name, kind, status, links } = span
  const nanoseconds = BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)
  return {
    ...{ traceId, spanId, parentSpanId, traceState, name, kind, status, links },
    attributes: attributesOf(span.attributes),
    durationMs: Number(nanoseconds) / 1e6,
    endedAt: Number(BigInt(span.endTimeUnixNano) / 1_000_000n),
  }
}

function pointsOf({ sum, gauge, histogram }: any): Point[] {
  return (sum ?? gauge ?? histogram).dataPoints.map((point: any) => ({
    attributes: attributesOf(point.attributes),
    value: point.asDouble ?? Number(point.count),
    bounds: point.explicitBounds,
  }))
}

function attributesOf(attributes: any[]): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]))
}

/** Fields of a message of protobuf by number: numbers, and bytes of whatever has a length. */
export function fieldsOf(bytes: Buffer): Map<number, (Buffer | bigint)[]> {
  const fields = new Map<number, (Buffer | bigint)[]>()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const take = (length: number): Buffer => bytes.subarray(at, (at += length))
  while (at < bytes.length) {
    const tag = Number(varint())
    const [number, type] = [tag >> 3, tag & 7]
    const value = type === 0 ? varint() : take(type === 1 ? 8 : type === 5 ? 4 : Number(varint()))
    fields.set(number, [...(fields.get(number) ?? []), value])
  }
  return fields
}
