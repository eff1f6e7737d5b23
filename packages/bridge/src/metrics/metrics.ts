// metrics/metrics: what is counted of one bridge, from its first event on; without it nobody listens.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { ErrorCode } from '../errors.ts'
import { CHANNELS, listen, type RefusedEvent, type Source } from '../telemetry/events.ts'
import type { Offered } from './call-sums.ts'
import { ServerMetrics } from './server-metrics.ts'

/** How often the event loop is timed: each look wakes the process. */
export const LOOP_LOOK_MS = 50

/** There before the first of them: Prometheus sees no rise in a series that begins. */
const ATTEMPTS = ['unauthorized', 'host_forbidden', 'origin_forbidden'] as const satisfies ErrorCode[]

export class Metrics {
  /** Requests of HTTP, by code of docs/ERRORS.md. */
  readonly refused = new Map<string, number>(ATTEMPTS.map((code) => [code, 0]))
  /** Nanoseconds from one look to the next, since somebody asked last. */
  readonly loopDelay = monitorEventLoopDelay({ resolution: LOOP_LOOK_MS })
  readonly #servers = new Map<string, ServerMetrics>()
  readonly #stop: () => void

  /** @param bridge the source of what belongs to no server */
  constructor(bridge: Source) {
    this.loopDelay.enable()
    this.#stop = listen(CHANNELS.refused, bridge, ({ code }: RefusedEvent) =>
      this.refused.set(code, (this.refused.get(code) ?? 0) + 1),
    )
  }

  /** By name; that of a bridge for one tool is empty. */
  get servers(): ReadonlyMap<string, ServerMetrics> {
    return this.#servers
  }

  /** Counts what happens in one server until the returned function is called; see `ServerMetrics`. */
  follow(name: string, source: Source, offered: () => Offered | undefined): () => void {
    const server = this.#servers.get(name) ?? new ServerMetrics(name)
    this.#servers.set(name, server)
    return server.follow(source, offered)
  }

  close(): void {
    this.#stop()
    this.loopDelay.disable()
  }
}
