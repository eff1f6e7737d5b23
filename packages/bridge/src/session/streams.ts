// session/streams: what goes to one client: its standalone stream, and one stream for the answers to each POST.
import type { Part } from '../budget/budget.ts'
import { LinkedList } from '../linked-list.ts'
import type { Call } from '../relay/dispatch.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Timings } from '../timings.ts'
import { Backpressure } from './backpressure.ts'
import { Deadlines } from './deadlines.ts'
import { EventLog } from './event-log.ts'
import { SessionStream, type StreamHost } from './stream.ts'

export interface StreamsOptions {
  /** Begins the id of the session. */
  shortId: string
  wire: 'streamable' | 'sse'
  maxBufferBytes: number
  maxReplayBytes: number
  timings: Timings
  /** What is kept for a client that comes back is charged to this. */
  bytes: Part
}

/** What the streams need of their session. */
export interface StreamsHost {
  /** The client knows priming events and `retry`. */
  readonly primes: boolean
  /** The child is the session's alone, and can be paused for a client that does not read. */
  readonly isChildOwn: boolean
  pauseChild(): void
  resumeChild(): void
  /** The connection has gone without which there is no session. */
  clientGone(): void
}

/** A POST is answered as JSON if its answer comes within this. */
const DECIDE = new Deadlines(250)
/** `initialize` waits longer: the status is worth more than an early byte, and proxies cut at 60 s or later. */
const DECIDE_INITIALIZE = new Deadlines(15_000)
const STANDALONE_ID = 0

export class SessionStreams implements StreamHost {
  /** Belongs to no request: GET, or the only one of HTTP+SSE. */
  readonly standalone: SessionStream
  readonly events: EventLog | undefined
  readonly maxBufferBytes: number
  readonly #options: StreamsOptions
  readonly #host: StreamsHost
  readonly #log: Logger
  readonly #replies = new LinkedList<SessionStream>()
  readonly #backpressure: Backpressure
  /** The only stream whose client can learn that there is this session, until it has. */
  #introduction: SessionStream | undefined
  #lastId = STANDALONE_ID

  constructor(options: StreamsOptions, host: StreamsHost, log: Logger) {
    const { wire, shortId, maxReplayBytes, timings, bytes } = options
    this.#options = options
    this.#host = host
    this.#log = log
    this.maxBufferBytes = options.maxBufferBytes
    // HTTP+SSE cannot be resumed.
    this.events = wire === 'sse' ? undefined : new EventLog(maxReplayBytes, timings.replayMs, bytes)
    this.standalone = new SessionStream(this, { id: STANDALONE_ID, awaited: Infinity })
    this.#backpressure = new Backpressure(
      {
        shortId,
        streams: () => this.#all(),
        pauseChild: () => host.pauseChild(),
        resumeChild: () => host.resumeChild(),
      },
      timings.stallMs,
      log,
    )
  }

  get primes(): boolean {
    return this.#host.primes
  }

  /** Bytes that the client has not read, and answers held back for a batch. */
  get unreadBytes(): number {
    let bytes = this.standalone.unreadBytes
    for (const stream of this.#replies.values()) bytes += stream.unreadBytes
    return bytes
  }

  get hasConnected(): boolean {
    return this.#all().some((stream) => stream.isConnected)
  }

  /** One that takes more than answers now. */
  get receiving(): SessionStream | undefined {
    return this.#all().find((stream) => stream.canReceive)
  }

  /** Since when the client leaves a stream full; undefined if it does not. */
  get stalledSince(): number | undefined {
    return this.#backpressure.since
  }

  /** A stream for the answers to one POST. */
  openReply(awaited: number, isBatch: boolean, isInitialize = false): SessionStream {
    const decide = isInitialize ? DECIDE_INITIALIZE : DECIDE
    const stream = new SessionStream(this, { id: ++this.#lastId, awaited, isBatch, decide })
    stream.node = this.#replies.add(stream)
    if (isInitialize) this.#introduction = stream
    return stream
  }

  /** The stream a client wants to resume, if it still goes on. */
  of(id: number): SessionStream | undefined {
    return id === STANDALONE_ID ? this.standalone : this.#replies.values().find((stream) => stream.id === id)
  }

  /** Stands for a stream that has given every answer, for a client that comes back for what it missed. */
  replayFinished(id: number): SessionStream {
    return new SessionStream(this, { id, awaited: 0 })
  }

  cutUnread(): void {
    for (const stream of this.#all()) if (stream.unreadBytes > 0) stream.cut()
  }

  /** Ends streams whose client went away and cannot, or did not, come back. */
  endDetached(now: number, abandon: (calls: readonly Call[]) => void): void {
    const { replayMs, detachedMs } = this.#options.timings
    for (const stream of this.#replies.values()) {
      if (stream.detachedAt === undefined) continue
      if (now - stream.detachedAt < (stream.isResumable ? replayMs : detachedMs)) continue
      abandon(stream.calls)
      stream.close()
      this.#replies.delete(stream.node)
    }
    this.events?.expire(now)
  }

  /** The session is ending: the child is not held back any more. */
  release(): void {
    this.#backpressure.close()
  }

  close(): void {
    for (const stream of this.#all()) {
      stream.close()
      this.#replies.delete(stream.node)
    }
    this.events?.clear()
  }

  streamFull(stream: SessionStream): void {
    this.#backpressure.add(stream)
  }

  /** A single message may be larger than the limit; what follows while it waits is too much of a child that nobody pauses. */
  streamOverfull(stream: SessionStream): void {
    if (this.#host.isChildOwn) return
    const fields = { sessionId: this.#options.shortId, bytes: stream.waitingBytes }
    this.#log.warn(fields, 'full stream closed: its child serves others too')
    stream.cut()
  }

  streamFailed(stream: SessionStream, err: unknown): void {
    this.#log.error({ err, sessionId: this.#options.shortId }, 'stream failed')
    stream.cut()
  }

  streamDrained(stream: SessionStream): void {
    this.#backpressure.delete(stream)
  }

  streamDetached(stream: SessionStream): void {
    this.streamDrained(stream)
    // The end of the stream is the end of an HTTP+SSE session. Of the other, nobody knows the id before `initialize` is
    // answered, and nobody can come back for it.
    const isLast = this.#options.wire === 'sse' && stream === this.standalone
    if (isLast || stream === this.#introduction) this.#host.clientGone()
  }

  streamLost(stream: SessionStream): void {
    if (stream === this.#introduction) this.#host.clientGone()
  }

  streamFinished(stream: SessionStream): void {
    this.#replies.delete(stream.node)
    this.streamDrained(stream)
  }

  /** The standalone stream first. */
  #all(): SessionStream[] {
    return [this.standalone, ...this.#replies.values()]
  }
}
