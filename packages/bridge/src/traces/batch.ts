// traces/batch: spans that wait to be sent: many at once, and never so many that they matter.
import type { TraceSettings } from '../config/otel.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Sender } from '../telemetry/otlp.ts'
import type { ReadableSpan } from './span.ts'

type Limits = Pick<TraceSettings, 'maxQueue' | 'maxBatch' | 'delayMs'>

export class Batch {
  readonly #limits: Limits
  readonly #sender: Pick<Sender<readonly ReadableSpan[]>, 'send'>
  readonly #log: Logger
  #waiting: ReadableSpan[] = []
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined
  #dropped = 0

  constructor(limits: Limits, sender: Pick<Sender<readonly ReadableSpan[]>, 'send'>, log: Logger) {
    this.#limits = limits
    this.#sender = sender
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
    while (this.#waiting.length > 0) {
      const isSent = await this.#sender.send(this.#waiting.splice(0, this.#limits.maxBatch))
      if (!isSent || this.#dropped === 0) continue
      this.#log.warn({ dropped: this.#dropped }, 'spans were more than there was room for')
      this.#dropped = 0
    }
  }
}
