// audit/journal: lines on their way out, in their order: in batches, kept while they cannot be written, counted when dropped.
import { monotonicMs } from '../clock.ts'
import type { Logger } from '../telemetry/logger.ts'

/** What has become of lines: how many of them the kernel has, from the first on, and why it has no more. */
export type Written = (lines: number, error?: Error) => void

/** Where lines go. What it has of a line in part goes on with the next call, which begins with that line. */
export interface Sink {
  /** For people. */
  readonly place: string
  /** Throws BridgeError `config_invalid` where nothing can ever be written. */
  open(heard: SinkListener): void
  /** Calls `done` once, later. */
  write(lines: readonly string[], done: Written): void
  /** Calls `done` before it returns. */
  writeNow(lines: readonly string[], done: Written): void
  /** Whoever has taken the file away wants another. */
  reopen(): void
  close(): void
}

/** Of a sink that knows by itself whether lines can be written. */
export interface SinkListener {
  ready(): void
  lost(error: Error): void
}

export interface JournalOptions {
  /** Each line is with the kernel before `append` returns, or there is a problem. */
  isRequired: boolean
  /** A line that says how many are missing. */
  missing(count: number): string
}

/** What comes within this goes out together. */
const BATCH_MS = 10
const MAX_BATCH = 1000
/** Characters that are kept while they cannot be written: some 30,000 lines. */
export const MAX_KEPT = 8 * 1024 * 1024
export const RETRY_MS = 1000
/** Whoever reads a pipe slowly is no failure yet. */
const BUSY_MS = 20
/** Lines that nobody takes for longer are a problem, though nothing has failed. */
const SLOW_MS = 5000
/** How long the end waits for what is left. */
const END_MS = 2000

export class Journal {
  /** With the kernel, and never to be written, since the start. */
  written = 0
  dropped = 0
  readonly #sink: Sink
  readonly #options: JournalOptions
  readonly #log: Logger
  #lines: string[] = []
  #length = 0
  /** Of them, those that the sink is writing. */
  #inFlight = 0
  /** When the first of those that wait was to be written, unless one was since. */
  #stuckSince: number | undefined
  /** Dropped, and not told of yet. */
  #untold = 0
  #failure: string | undefined
  #timer: NodeJS.Timeout | undefined
  #settled: (() => void) | undefined

  constructor(sink: Sink, options: JournalOptions, log: Logger) {
    this.#sink = sink
    this.#options = options
    this.#log = log
  }

  /** Not written yet. */
  get waiting(): number {
    return this.#lines.length
  }

  /** Why lines are not written; undefined while they are. */
  get problem(): string | undefined {
    if (this.#failure !== undefined) return this.#failure
    const isSlow = this.#stuckSince !== undefined && monotonicMs() - this.#stuckSince > SLOW_MS
    return isSlow || this.#untold > 0 ? 'audit lines are taken too slowly' : undefined
  }

  /** @throws BridgeError `config_invalid` */
  open(): void {
    this.#sink.open({ ready: () => this.#recovered(), lost: (error) => this.#failed(error) })
  }

  append(line: string): void {
    if (this.#length + line.length > MAX_KEPT) {
      this.dropped++
      this.#untold++
      return
    }
    this.#tellOfMissing()
    this.#push(line)
    if (this.#options.isRequired) this.#writeNow()
    else if (this.#inFlight === 0) this.#timer ??= setTimeout(() => this.#write(), BATCH_MS).unref()
  }

  reopen(): void {
    this.#sink.reopen()
  }

  /** What can be written at once, at the very end of the process. */
  flush(): void {
    this.#writeNow()
  }

  /** Waits for what is left to be written, for a while. */
  async close(): Promise<void> {
    const deadline = monotonicMs() + END_MS
    while (this.#lines.length > 0 && monotonicMs() < deadline) {
      if (this.#inFlight === 0) this.#write()
      await new Promise<void>((resolve) => {
        this.#settled = resolve
        setTimeout(resolve, this.#inFlight === 0 ? BUSY_MS : deadline - monotonicMs())
      })
    }
    clearTimeout(this.#timer)
    this.#sink.close()
    const lost = this.#lines.length + this.#untold
    if (lost > 0) this.#log.error({ lines: lost, place: this.#sink.place }, 'audit lines are lost')
  }

  #push(line: string): void {
    this.#lines.push(line)
    this.#length += line.length
  }

  #tellOfMissing(): void {
    if (this.#untold === 0) return
    const count = this.#untold
    this.#untold = 0
    this.#push(this.#options.missing(count))
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#inFlight > 0 || this.#lines.length === 0) return
    const batch = this.#lines.slice(0, MAX_BATCH)
    this.#inFlight = batch.length
    this.#stuckSince ??= monotonicMs()
    this.#sink.write(batch, (lines, error) => {
      this.#inFlight = 0
      this.#took(lines, error)
      this.#settled?.()
      if (error === undefined && this.#lines.length > 0) this.#write()
    })
  }

  #writeNow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    let hasMore = true
    while (hasMore) hasMore = this.#writeSome()
  }

  /** Whether there is more to write, as far as is known. */
  #writeSome(): boolean {
    const batch = this.#lines.slice(this.#inFlight, this.#inFlight + MAX_BATCH)
    if (batch.length === 0) return false
    let isWritten = false
    this.#sink.writeNow(batch, (lines, error) => {
      this.#took(lines, error)
      isWritten = error === undefined
    })
    return isWritten
  }

  #took(count: number, error: Error | undefined): void {
    for (const line of this.#lines.splice(this.#inFlight, count)) this.#length -= line.length
    this.written += count
    if (count > 0) this.#stuckSince = undefined
    if (error !== undefined) return this.#failed(error)
    if (count > 0) this.#clear()
    this.#tellOfMissing()
  }

  #recovered(): void {
    if (this.#lines.length > 0) this.#again()
    else this.#clear()
  }

  #clear(): void {
    if (this.#failure === undefined) return
    this.#failure = undefined
    this.#log.info({ place: this.#sink.place, dropped: this.#untold }, 'audit lines are written again')
  }

  #failed(error: NodeJS.ErrnoException): void {
    const isBusy = error.code === 'EAGAIN'
    if (!isBusy || this.#options.isRequired) {
      if (this.#failure === undefined)
        this.#log.error({ reason: error.message, place: this.#sink.place }, 'audit lines cannot be written')
      this.#failure = `audit lines cannot be written (${error.code ?? error.message})`
    }
    this.#timer ??= setTimeout(() => this.#again(), isBusy ? BUSY_MS : RETRY_MS).unref()
  }

  #again(): void {
    if (this.#options.isRequired) this.#writeNow()
    else this.#write()
  }
}
