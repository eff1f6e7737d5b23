// server/observers: who hears what happens in a bridge: its log, and what else it is asked for.
import { Audit, type AuditOptions } from '../audit/audit.ts'
import type { Config } from '../config/config.ts'
import type { Offered } from '../metrics/call-sums.ts'
import { Metrics } from '../metrics/metrics.ts'
import { Events, type Changes, type Hooks, type Source } from '../telemetry/events.ts'
import { logEvents } from '../telemetry/log-events.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Traces } from '../traces/traces.ts'
import { areNone } from './changes.ts'
import { isMeasured } from './metrics-listener.ts'

/** What goes to a collector of OpenTelemetry. */
export interface Sent {
  traces?: Traces | undefined
  /** Sends what is counted from now on. */
  openMetrics?: ((metrics: Metrics) => { close(): Promise<void> }) | undefined
}

export class Observers {
  readonly metrics: Metrics | undefined
  readonly audit: Audit | undefined
  /** Of what belongs to no server. */
  readonly events: Events
  readonly #traces: Traces | undefined
  readonly #sent: { close(): Promise<void> } | undefined
  readonly #log: Logger
  #stopLogging = () => {}

  constructor(config: Config, log: Logger, { traces, openMetrics }: Sent) {
    this.#traces = traces
    this.events = new Events(config.command[0] ?? '')
    this.metrics =
      isMeasured(config) || openMetrics !== undefined ? new Metrics(this.events.source) : undefined
    this.#sent = this.metrics && openMetrics?.(this.metrics)
    this.audit = config.audit === undefined ? undefined : new Audit(config, log)
    this.#log = log
  }

  /** @param given takes out of a text what was given to processes of the server */
  hooksOf(given: (text: string) => string): Hooks {
    return {
      recorder: this.audit?.recorder,
      arguments: this.audit?.argumentsOf(given),
      tracing: this.#traces,
    }
  }

  /** @throws BridgeError `config_invalid` */
  begin(options: AuditOptions): void {
    this.audit?.begin(this.events.source, options)
    this.#stopLogging = logEvents(this.events.source, this.#log)
  }

  /**
   * What happens in one server, until the returned function is called.
   *
   * @param log of this server
   * @param offered what its child has said of itself
   */
  follow(name: string, source: Source, log: Logger, offered: () => Offered | undefined): () => void {
    const heard = [
      logEvents(source, log),
      this.metrics?.follow(name, source, offered),
      this.audit?.follow(name, source),
      this.#traces?.follow(name, source),
    ]
    return () => {
      for (const stop of heard) stop?.()
    }
  }

  /** Where nothing has changed, nothing is told. */
  tellOf(changes: { servers?: Changes; clients: Changes }): void {
    if (!Object.values(changes).every(areNone)) this.events.configuration({ type: 'changed', ...changes })
  }

  async close(): Promise<void> {
    this.#stopLogging()
    await Promise.all([this.audit?.close(), this.#traces?.close(), this.#sent?.close()])
    this.metrics?.close()
  }
}
