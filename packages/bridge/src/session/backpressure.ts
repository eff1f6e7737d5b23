// session/backpressure: streams that their client leaves full, and the child that is not read meanwhile.
import { monotonicMs } from '../clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { SessionStream } from './stream.ts'

/** What it needs of the session. */
export interface BackpressureHost {
  /** For the log. */
  readonly shortId: string
  /** All that a client may be reading now. */
  streams(): SessionStream[]
  /** Stops and restarts the reading of the child, where it is the session's alone. */
  pauseChild(): void
  resumeChild(): void
}

export class Backpressure {
  readonly #host: BackpressureHost
  readonly #stallMs: number
  readonly #log: Logger
  readonly #full = new Set<SessionStream>()
  #timer: NodeJS.Timeout | undefined

  constructor(host: BackpressureHost, stallMs: number, log: Logger) {
    this.#host = host
    this.#stallMs = stallMs
    this.#log = log
  }

  /** Since when the client leaves a stream full; undefined if it does not. */
  get since(): number | undefined {
    let since: number | undefined
    for (const stream of this.#full) since = Math.min(since ?? Infinity, stream.stalledSince ?? Infinity)
    return since
  }

  add(stream: SessionStream): void {
    this.#full.add(stream)
    this.#host.pauseChild()
    this.#timer ??= setTimeout(() => this.#cut(), this.#stallMs).unref()
  }

  delete(stream: SessionStream): void {
    if (!this.#full.delete(stream) || this.#full.size > 0) return
    this.close()
    this.#host.resumeChild()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** The child is paused for a reader that takes nothing: no reason to let the other calls of the session wait. */
  #cut(): void {
    this.#timer = undefined
    const others = this.#host.streams().some((each) => each.isConnected && !this.#full.has(each))
    const now = monotonicMs()
    let waitMs = this.#stallMs
    for (const stream of [...this.#full]) {
      const leftMs = (stream.stalledSince ?? now) + this.#stallMs - now
      if (leftMs > 0) waitMs = Math.min(waitMs, leftMs)
      else if (others) {
        this.#log.warn({ sessionId: this.#host.shortId, bytes: stream.waitingBytes }, 'stalled stream closed')
        stream.cut()
      }
    }
    if (this.#full.size > 0) this.#timer = setTimeout(() => this.#cut(), waitMs).unref()
  }
}
