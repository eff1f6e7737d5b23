// traces/batch: spans that wait to be sent: many at once, and never so many that they matter.
import type { OtelSettings } from '../config/otel.ts'
import type { Logger } from '../telemetry/logger.ts'
import { ExporterMissing, type ExportResult, type SpanExporter } from './exporter.ts'
import type { ReadableSpan } from './span.ts'

type Limits = Pick<OtelSettings, 'maxQueue' | 'maxBatch' | 'delayMs'>

export class Batch {
  readonly #limits: Limits
  readonly #exporter: Promise<SpanExporter>
  readonly #log: Logger
  #waiting: ReadableSpan[] = []
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined
  #dropped = 0
  /** What went wrong has been said. */
  #isFailing = false

  /** @param exporter where it cannot be had, nothing is to be added any more */
  constructor(limits: Limits, exporter: Promise<SpanExporter>, log: Logger) {
    this.#limits = limits
    this.#exporter = exporter
    this.#log = log
  }

  /** Of more than there is room for the newest are dropped. */
  add(span: ReadableSpan): void {
    const { maxQueue, maxBatch, delayMs } = this.#limits
    if (this.#waiting.length >= maxQueue) return void this.#dropped++
    this.#waiting.push(span)
    if (this.#waiting.length >= maxBatch) void this.flush()
    else this.#timer ??= setTimeout(() => void this.flush(), delayMs).unref()
  }

  /** Sends all that waits now, one batch after the other. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
    })
    return this.#sending
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#send(this.#waiting.splice(0, this.#limits.maxBatch))
  }

  async #send(spans: readonly ReadableSpan[]): Promise<void> {
    try {
      const exporter = await this.#exporter
      const { code, error } = await new Promise<ExportResult>((done) => exporter.export(spans, done))
      if (code !== 0) this.#failed(error)
      else if (this.#isFailing) this.#recovered()
    } catch (error) {
      // Said already, and for good.
      if (error instanceof ExporterMissing) return
      this.#failed(error)
    }
  }

  #failed(err: unknown): void {
    this.#log[this.#isFailing ? 'debug' : 'warn']({ reason: reasonOf(err) }, 'spans cannot be sent')
    this.#isFailing = true
  }

  #recovered(): void {
    this.#isFailing = false
    this.#log.info({ dropped: this.#dropped }, 'spans are sent again')
    this.#dropped = 0
  }
}

/** Not the answer of whoever should have taken them: it may repeat what it got. */
function reasonOf(err: unknown): string {
  if (!(err instanceof Error)) return String(err)
  const { code } = err as NodeJS.ErrnoException
  const what = [err.message, code].filter((each) => each !== undefined && each !== '')
  return [...new Set(what)].join(', ')
}
