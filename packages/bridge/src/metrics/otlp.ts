// metrics/otlp: what is counted, sent to a collector of OpenTelemetry now and then. Loaded when it is asked for.
import { setTimeout as sleep } from 'node:timers/promises'
import { offsetToWallClock } from '../clock.ts'
import type { MetricSettings, OtlpProtocol } from '../config/otel.ts'
import type { Logger } from '../telemetry/logger.ts'
import { ExporterMissing, Sender, type Exporter } from '../telemetry/otlp.ts'
import { VERSION } from '../version.ts'
import { BOUNDS, type DurationHistogram } from './histogram.ts'
import type { Metrics } from './metrics.ts'
import { callLabels, serverLabel, sessionLabels, type Labels } from './series.ts'

/** What is left at the end is sent within this, or is lost. */
const CLOSE_MS = 2000

const PACKAGES: Readonly<Record<OtlpProtocol, string>> = {
  'http/protobuf': '@opentelemetry/exporter-metrics-otlp-proto',
  'http/json': '@opentelemetry/exporter-metrics-otlp-http',
}

/** Sends until it is closed. */
export class OtlpMetrics {
  readonly #metrics: Metrics
  readonly #settings: MetricSettings
  readonly #sender: Sender<object>
  readonly #timer: NodeJS.Timeout
  readonly #from = performance.now()
  #sending: Promise<unknown> | undefined

  constructor(metrics: Metrics, settings: MetricSettings, log: Logger) {
    this.#metrics = metrics
    this.#settings = settings
    this.#sender = new Sender('metrics', loadExporter(settings.protocol), log)
    this.#timer = setInterval(() => void this.#send(), settings.intervalMs).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    const ended = new AbortController()
    const late = sleep(CLOSE_MS, undefined, { signal: ended.signal }).catch(() => {})
    const last = (this.#sending ?? Promise.resolve()).then(() => this.#send())
    await Promise.race([last, late])
    ended.abort()
  }

  /** Where the one before is still on its way, the next says what this would. */
  #send(): Promise<unknown> {
    this.#sending ??= this.#sender.send(this.#all()).finally(() => {
      this.#sending = undefined
    })
    return this.#sending
  }

  /** In the shape that the exporters of OpenTelemetry take. */
  #all(): object {
    const resource = { attributes: this.#settings.attributes, asyncAttributesPending: false }
    const scope = { name: 'mcp-bridge', version: VERSION }
    const [startTime, endTime] = [timeOf(this.#from), timeOf(performance.now())]
    return { resource, scopeMetrics: [{ scope, metrics: metricsOf(this.#metrics, { startTime, endTime }) }] }
  }
}

type Values<T> = readonly (readonly [Labels, T])[]
interface Span {
  startTime: readonly [number, number]
  endTime: readonly [number, number]
}

const KIND = { histogram: 0, gauge: 2, sum: 3 } as const
const DOUBLE = 1
const CUMULATIVE = 1

/** @see https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/#metrics what they have no name for begins with `mcp_bridge` */
function metricsOf({ servers: all, refused }: Metrics, span: Span): object[] {
  const servers = [...all]
  const sessions = servers.flatMap(([name, server]) =>
    [...server.sessions].map((sum) => ({ labels: sessionLabels(name, sum), sum })),
  )
  const operations: Values<DurationHistogram> = [
    ...servers.flatMap(([, { calls }]) => calls.all.map((sum) => [callLabels(sum), sum.durations] as const)),
    ...sessions
      .filter(({ sum }) => sum.wire !== 'stateless')
      .map(({ labels, sum }) => [{ mcp_method_name: 'initialize', ...labels }, sum.openings] as const),
  ]
  const ofServers = (valueOf: (server: (typeof servers)[number][1]) => number): Values<number> =>
    servers.map(([name, server]) => [serverLabel(name), valueOf(server)])
  const histogram = (name: string, values: Values<DurationHistogram>) => {
    const points = values.map(([labels, value]) => [labels, bucketsOf(value)] as const)
    return metric(name, 's', KIND.histogram, points, span)
  }
  const counter = (name: string, unit: string, values: Values<number>) =>
    metric(name, unit, KIND.sum, values, span)
  return [
    histogram('mcp.server.operation.duration', operations),
    histogram(
      'mcp.server.session.duration',
      sessions.map(({ labels, sum }) => [labels, sum.durations]),
    ),
    metric(
      'mcp_bridge.sessions',
      '{session}',
      KIND.gauge,
      sessions.map(({ labels, sum }) => [labels, sum.open]),
      span,
    ),
    counter(
      'mcp_bridge.refused',
      '{request}',
      [...refused].map(([code, count]) => [{ code }, count]),
    ),
    ...(['starts', 'crashes', 'restarts'] as const).map((what) =>
      counter(
        `mcp_bridge.child.${what}`,
        '{process}',
        ofServers((server) => server[what]),
      ),
    ),
    counter(
      'mcp_bridge.child.stops',
      '{process}',
      servers.flatMap(([name, { stops }]) =>
        [...stops].map(([step, count]) => [{ ...serverLabel(name), step }, count] as const),
      ),
    ),
  ]
}

function metric(name: string, unit: string, kind: number, values: Values<unknown>, span: Span): object {
  return {
    descriptor: { name, description: '', unit, valueType: DOUBLE, advice: {} },
    aggregationTemporality: CUMULATIVE,
    dataPointType: kind,
    ...(kind === KIND.sum ? { isMonotonic: true } : {}),
    dataPoints: values.map(([labels, value]) => ({ ...span, attributes: attributesOf(labels), value })),
  }
}

function bucketsOf({ counts, sumSeconds }: DurationHistogram): object {
  const all = [...counts]
  return {
    buckets: { boundaries: [...BOUNDS], counts: all },
    count: all.reduce((sum, each) => sum + each, 0),
    sum: sumSeconds,
  }
}

/** Prometheus has no dots: the labels of the conventions get them back, and all others are told to be ours. */
function attributesOf(labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [NAMES[name] ?? `mcp_bridge.${name}`, value]),
  )
}

const NAMES: Readonly<Record<string, string>> = {
  mcp_method_name: 'mcp.method.name',
  mcp_protocol_version: 'mcp.protocol.version',
  gen_ai_tool_name: 'gen_ai.tool.name',
  gen_ai_operation_name: 'gen_ai.operation.name',
  gen_ai_prompt_name: 'gen_ai.prompt.name',
  error_type: 'error.type',
  rpc_response_status_code: 'rpc.response.status_code',
  network_transport: 'network.transport',
  network_protocol_name: 'network.protocol.name',
}

/** @throws ExporterMissing */
async function loadExporter(protocol: OtlpProtocol): Promise<Exporter<object>> {
  try {
    const { OTLPMetricExporter } = await imported(protocol)
    const exporter: unknown = new OTLPMetricExporter()
    return exporter as Exporter<object>
  } catch (cause) {
    throw new ExporterMissing(PACKAGES[protocol], { cause })
  }
}

/** By name, so that a bundler sees what it is to leave out. */
function imported(protocol: OtlpProtocol) {
  return protocol === 'http/json'
    ? import('@opentelemetry/exporter-metrics-otlp-http')
    : import('@opentelemetry/exporter-metrics-otlp-proto')
}

/** @param monotonicMs of the monotonic clock */
function timeOf(monotonicMs: number): readonly [number, number] {
  const ms = offsetToWallClock() + monotonicMs
  return [Math.floor(ms / 1000), Math.floor((ms % 1000) * 1e6)]
}
