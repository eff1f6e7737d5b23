// metrics/prometheus: what is counted, as the text that Prometheus reads. Loaded when somebody asks for it.
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Quota } from '../budget/budget.ts'
import type { ProcessLook } from '../tool/look.ts'
import type { CallSum } from './call-sums.ts'
import { BOUNDS, type DurationHistogram } from './histogram.ts'
import { LOOP_LOOK_MS, type Metrics } from './metrics.ts'
import { callLabels, serverLabel, sessionLabels, type Labels } from './series.ts'
import type { ServerMetrics } from './server-metrics.ts'

/** What is there now, beside what was counted. */
export interface Moment {
  /** Those of which something may be shown, with their processes and the number of each. */
  servers: readonly {
    name: string
    isReady: boolean
    /** Of the tools, where some had to be as they were accepted. */
    changes: readonly { readonly kind: string }[] | undefined
    processes: readonly (ProcessLook & { number: number })[]
  }[]
  waiting: Pick<Quota, 'used' | 'max'>
  bytes: Pick<Quota, 'used' | 'max'>
  /** With `--audit`: lines since the start, and why none can be written now. */
  audit: { written: number; dropped: number; waiting: number; problem: string | undefined } | undefined
}

type Values = readonly (readonly [Labels, number])[]

/** @see https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/ the names that begin with `mcp_server_`, and their labels */
export async function prometheusText(metrics: Metrics, moment: Moment): Promise<string> {
  const registry = new Registry()
  const counter = (name: string, help: string, values: Values): void => {
    const labelNames = labelNamesOf(values)
    const written = new Counter({ name, help, labelNames, registers: [registry] })
    for (const [labels, value] of values) written.inc(labels, value)
  }
  const gauge = (name: string, help: string, values: Values): void => {
    const labelNames = labelNamesOf(values)
    const written = new Gauge({ name, help, labelNames, registers: [registry] })
    for (const [labels, value] of values) written.set(labels, value)
  }
  const histogram = (name: string, help: string, sums: Sums): void => {
    registry.registerMetric(new SummedHistogram(name, help, sums))
  }

  const servers = moment.servers.flatMap(({ name }) => {
    const server = metrics.servers.get(name)
    return server === undefined ? [] : [{ name, server }]
  })
  const calls = servers.flatMap(({ server }) => server.calls.all)
  const sessions = servers.flatMap(({ name, server }) =>
    [...server.sessions].map((sum) => ({ labels: sessionLabels(name, sum), sum })),
  )
  histogram('mcp_server_operation_duration_seconds', 'Duration of MCP requests of clients', [
    ...calls.map((sum) => [callLabels(sum), sum.durations] as const),
    ...sessions
      .filter(({ sum }) => sum.wire !== 'stateless')
      .map(({ labels, sum }) => [{ mcp_method_name: 'initialize', ...labels }, sum.openings] as const),
  ])
  histogram(
    'mcp_server_session_duration_seconds',
    'Duration of MCP sessions that are over',
    sessions.map(({ labels, sum }) => [labels, sum.durations] as const),
  )
  gauge(
    'mcp_bridge_sessions',
    'Sessions that are open; with wire="stateless", clients without a session that have a way to a process',
    sessions.map(({ labels, sum }) => [labels, sum.open]),
  )
  const traffic = [...trafficOf(calls).values()]
  counter(
    'mcp_bridge_request_bytes_total',
    'Bytes of requests, as clients wrote them',
    traffic.map(({ labels, requestBytes }) => [labels, requestBytes]),
  )
  counter(
    'mcp_bridge_response_bytes_total',
    'Bytes of responses',
    traffic.map(({ labels, responseBytes }) => [labels, responseBytes]),
  )
  counter(
    'mcp_bridge_refused_total',
    'HTTP requests refused before they reached a session, by code of docs/ERRORS.md',
    [...metrics.refused].map(([code, count]) => [{ code }, count]),
  )
  const ofServers = (valueOf: (server: ServerMetrics) => number): Values =>
    servers.map(({ name, server }) => [serverLabel(name), valueOf(server)])
  counter(
    'mcp_bridge_child_starts_total',
    'Processes started',
    ofServers(({ starts }) => starts),
  )
  counter(
    'mcp_bridge_child_crashes_total',
    'Processes that ended by themselves',
    ofServers(({ crashes }) => crashes),
  )
  counter(
    'mcp_bridge_child_restarts_total',
    'Processes started in place of one that ended by itself',
    ofServers(({ restarts }) => restarts),
  )
  counter(
    'mcp_bridge_child_stops_total',
    'Processes that the bridge ended, by what it took',
    servers.flatMap(({ name, server }) =>
      [...server.stops].map(([step, count]) => [{ ...serverLabel(name), step }, count] as const),
    ),
  )
  gauge(
    'mcp_bridge_ready',
    'Whether a session can be opened now',
    moment.servers.map(({ name, isReady }) => [serverLabel(name), Number(isReady)]),
  )
  gauge(
    'mcp_bridge_changed_tools',
    'Tools that are not as they were accepted: --tools-lock',
    moment.servers.flatMap(({ name, changes = [] }) =>
      (['changed', 'added', 'removed'] as const).map(
        (change) =>
          [{ ...serverLabel(name), change }, changes.filter(({ kind }) => kind === change).length] as const,
      ),
    ),
  )
  writeChildren(gauge, moment)
  gauge('mcp_bridge_queue_requests', 'Requests that wait for a free process', [[{}, moment.waiting.used]])
  gauge('mcp_bridge_queue_limit_requests', 'How many may wait', [[{}, moment.waiting.max]])
  gauge('mcp_bridge_kept_bytes', 'Bytes kept for clients', [[{}, moment.bytes.used]])
  gauge('mcp_bridge_kept_limit_bytes', 'How many may be kept: --max-memory', [[{}, moment.bytes.max]])
  writeAudit(counter, gauge, moment)
  writeProcess(counter, gauge, metrics)
  return registry.metrics()
}

type Write = (name: string, help: string, values: Values) => void

function writeChildren(gauge: Write, { servers }: Moment): void {
  const states = servers.flatMap(({ name, processes }) =>
    (['starting', 'standby', 'running', 'stopping'] as const).map(
      (state) =>
        [{ ...serverLabel(name), state }, processes.filter((each) => each.state === state).length] as const,
    ),
  )
  gauge('mcp_bridge_children', 'Processes of the tool', states)
  const children = servers.flatMap(({ name, processes }) =>
    processes.map((each) => ({ ...each, labels: { ...serverLabel(name), child: String(each.number) } })),
  )
  const of = (valueOf: (process: ProcessLook) => number | undefined): Values =>
    children.flatMap(({ labels, ...process }) => {
      const value = valueOf(process)
      return value === undefined ? [] : [[labels, value] as const]
    })
  gauge(
    'mcp_bridge_child_memory_bytes',
    'Resident memory of one process of the tool alone',
    of((each) => each.ownBytes),
  )
  gauge(
    'mcp_bridge_child_tree_memory_bytes',
    'The same with all that it has started',
    of((each) => each.memoryBytes),
  )
  gauge(
    'mcp_bridge_child_tree_processes',
    'How many processes that are',
    of((each) => each.treeSize),
  )
}

function writeAudit(counter: Write, gauge: Write, { audit }: Moment): void {
  if (audit === undefined) return
  const { written, dropped, waiting, problem } = audit
  counter('mcp_bridge_audit_lines_total', 'Audit lines written', [[{}, written]])
  counter('mcp_bridge_audit_dropped_lines_total', 'Audit lines that are lost', [[{}, dropped]])
  gauge('mcp_bridge_audit_waiting_lines', 'Audit lines kept to be written', [[{}, waiting]])
  gauge('mcp_bridge_audit_ready', 'Whether they can be written now', [[{}, Number(problem === undefined)]])
}

/** By the names that all of Prometheus has for a process, and those of OpenTelemetry for Node. */
function writeProcess(counter: Write, gauge: Write, { loopDelay }: Metrics): void {
  const { user, system } = process.cpuUsage()
  counter('process_cpu_seconds_total', 'Processor time of the bridge', [[{}, (user + system) / 1e6]])
  gauge('process_resident_memory_bytes', 'Resident memory of the bridge', [[{}, process.memoryUsage.rss()]])
  gauge('process_start_time_seconds', 'When the bridge was started', [[{}, performance.timeOrigin / 1000]])
  const delay = 'How late the event loop was since it was asked for last'
  for (const [name, nanoseconds] of [
    ['mean', loopDelay.mean],
    ['max', loopDelay.max],
    ['p50', loopDelay.percentile(50)],
    ['p90', loopDelay.percentile(90)],
    ['p99', loopDelay.percentile(99)],
  ] as const)
    if (Number.isFinite(nanoseconds))
      gauge(`nodejs_eventloop_delay_${name}_seconds`, `${delay}: ${name}`, [[{}, lateSeconds(nanoseconds)]])
  loopDelay.reset()
}

/** Node measures from one look to the next, with the wait in between. */
function lateSeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - LOOP_LOOK_MS / 1000)
}

function nothing(): void {}

type Sums = readonly (readonly [Labels, DurationHistogram])[]

/** One that was summed elsewhere: what prom-client does for each observation costs more than all else of a call. */
class SummedHistogram extends Histogram {
  readonly #sums: Sums
  readonly #name: string
  readonly #help: string

  constructor(name: string, help: string, sums: Sums) {
    super({ name, help, labelNames: labelNamesOf(sums), buckets: [...BOUNDS], registers: [] })
    this.#sums = sums
    this.#name = name
    this.#help = help
  }

  /** Called by the registry. */
  getForPromString(): ReturnType<Histogram['get']> {
    return this.get()
  }

  override async get(): ReturnType<Histogram['get']> {
    const name = this.#name
    const values = this.#sums.flatMap(([labels, { counts, sumSeconds }]) => {
      let sum = 0
      const buckets = [...counts].map((count, i) => {
        const le = BOUNDS[i] ?? '+Inf'
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: (sum += count) }
      })
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sumSeconds },
        { metricName: `${name}_count`, labels, value: sum },
      ]
    })
    // Its types have an enumeration for this that the package itself does not have.
    const type = 'histogram' as unknown as Awaited<ReturnType<Histogram['get']>>['type']
    return { name, help: this.#help, type, aggregator: 'sum', collect: nothing, values }
  }
}

/** One that has no series yet has some label, else prom-client would begin with a series that has none. */
function labelNamesOf(values: readonly (readonly [Labels, unknown])[]): string[] {
  if (values.length === 0) return ['server']
  return [...new Set(values.flatMap(([labels]) => Object.keys(labels)))]
}

/** By server and wire. */
function trafficOf(
  calls: readonly CallSum[],
): Map<string, { labels: Labels; requestBytes: number; responseBytes: number }> {
  const all = new Map<string, { labels: Labels; requestBytes: number; responseBytes: number }>()
  for (const { server, wire, requestBytes, responseBytes } of calls) {
    const key = `${server} ${wire}`
    const sum = all.get(key) ?? {
      labels: { wire, ...serverLabel(server) },
      requestBytes: 0,
      responseBytes: 0,
    }
    sum.requestBytes += requestBytes
    sum.responseBytes += responseBytes
    all.set(key, sum)
  }
  return all
}
