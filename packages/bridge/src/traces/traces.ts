// traces/traces: the requests of one bridge as spans, from its first event on; without it nobody begins one.
import { setTimeout as sleep } from 'node:timers/promises'
import type { TraceSettings } from '../config/otel.ts'
import { CHANNELS, listen, type CallEvent, type SessionEvent, type Source } from '../telemetry/events.ts'
import type { Logger } from '../telemetry/logger.ts'
import { Sender } from '../telemetry/otlp.ts'
import { Span, type Sampler, type TraceContext } from '../telemetry/tracer.ts'
import { VERSION } from '../version.ts'
import { Batch } from './batch.ts'
import { loadExporter } from './exporter.ts'
import { samplerOf } from './sampler.ts'
import { ReadableSpan, type Emitter, type Told } from './span.ts'

/** What is left at the end is sent within this, or is lost. */
const CLOSE_MS = 2000

export class Traces {
  /** None where nothing can be sent: then all goes on as if nothing were traced. */
  sampler: Sampler | undefined
  readonly #batch: Batch
  readonly #resource: Emitter['resource']

  constructor(settings: TraceSettings, log: Logger) {
    this.sampler = samplerOf(settings)
    this.#resource = { attributes: settings.attributes, asyncAttributesPending: false }
    // Nobody waits for it: the spans do.
    const exporter = loadExporter(settings.protocol)
    exporter.catch(() => {
      this.sampler = undefined
    })
    this.#batch = new Batch(settings, new Sender('spans', exporter, log), log)
  }

  /**
   * Takes the requests of this source until the returned function is called.
   *
   * @param server its name, where there are several
   */
  follow(server: string, source: Source): () => void {
    const instrumentationScope = { name: 'mcp-bridge', version: VERSION }
    const emitter = { resource: this.#resource, instrumentationScope, server }
    const subscriptions = [
      listen(CHANNELS.call, source, (event: CallEvent) => this.#take(event.trace, event, emitter)),
      listen(CHANNELS.session, source, ({ initialize, ...event }: SessionEvent) => {
        if (initialize !== undefined)
          this.#take(initialize.trace, { ...event, ...initialize, ...INITIALIZE }, emitter)
      }),
    ]
    return () => {
      for (const unsubscribe of subscriptions) unsubscribe()
    }
  }

  async close(): Promise<void> {
    const ended = new AbortController()
    const late = sleep(CLOSE_MS, undefined, { signal: ended.signal }).catch(() => {})
    await Promise.race([this.#batch.flush(), late])
    ended.abort()
  }

  #take(trace: TraceContext | undefined, told: Told, emitter: Emitter): void {
    if (trace instanceof Span && trace.isSampled && this.sampler !== undefined)
      this.#batch.add(new ReadableSpan(trace, told, emitter))
  }
}

const INITIALIZE = { method: 'initialize', target: undefined, isToolError: false }
