// session/stream: one logical stream of messages to a client, with or without a connection behind it.
import { monotonicMs } from '../clock.ts'
import type { ListNode } from '../linked-list.ts'
import { BridgeError } from '../errors.ts'
import { errorFor } from '../rpc/factory.ts'
import { Message } from '../rpc/message.ts'
import type { Call, ReplyStream } from '../relay/dispatch.ts'
import type { Deadline, Deadlines } from './deadlines.ts'
import { formatEventId, type EventLog } from './event-log.ts'
import type { ResponseWriter, ResponseOwner } from '../http/response.ts'

/** What a stream needs of its session. */
export interface StreamHost {
  /** Absent on HTTP+SSE, where nothing can be resumed. */
  readonly events: EventLog | undefined
  /** The client knows priming events and `retry` (2025-11-25 and later). */
  readonly primes: boolean
  readonly maxBufferBytes: number
  /** More than `maxBufferBytes` wait for the client of this stream. */
  streamFull?(stream: SessionStream): void
  /** One more message came while it was full. */
  streamOverfull(stream: SessionStream): void
  streamDrained?(stream: SessionStream): void
  /** It could not be opened as an event stream. */
  streamFailed(stream: SessionStream, err: unknown): void
  /** The connection has gone while the stream goes on. */
  streamDetached(stream: SessionStream): void
  /** The connection has gone with answers that had been given, but not written. */
  streamLost?(stream: SessionStream): void
  /** Every answer has been given. */
  streamFinished?(stream: SessionStream): void
}

export interface StreamOptions {
  id: number
  /** Requests to be answered here; Infinity for a stream that stands until the session ends. */
  awaited: number
  isBatch?: boolean
  /** An undecided reply becomes an event stream when this is over without an answer. */
  decide?: Deadlines
}

/** "the client SHOULD respect the `retry` field" (2025-11-25): how long to wait before a reconnect. */
export const RETRY_MS = 1000

/**
 * The answers to one POST, or the standalone stream of a session. Late decision: as long as nothing but answers has come
 * and the client has not waited long, the answer can still be a JSON body with its own status.
 */
export class SessionStream implements ReplyStream, ResponseOwner {
  readonly id: number
  /** The requests in flight whose answers belong here. */
  readonly calls: Call[] = []
  /** Among the open replies of its session. */
  node: ListNode<SessionStream> | undefined
  detachedAt: number | undefined
  /** Since when its client has taken nothing while more than the limit waits. */
  stalledSince: number | undefined

  readonly #host: StreamHost
  readonly isStandalone: boolean
  readonly #isBatch: boolean
  readonly #decide: Deadlines | undefined
  #awaited: number
  #deadline: Deadline | undefined
  #writer: ResponseWriter | undefined
  #early: Message[] = []
  #counter = 0
  /** Counter of the last event that went out on a connection. */
  #delivered = 0
  #isPrimed = false

  constructor(host: StreamHost, options: StreamOptions) {
    this.id = options.id
    this.#host = host
    this.#awaited = options.awaited
    this.isStandalone = options.awaited === Infinity
    this.#isBatch = options.isBatch ?? false
    this.#decide = options.decide
  }

  get isFinished(): boolean {
    return this.#awaited === 0
  }

  get isConnected(): boolean {
    return this.#writer?.isOpen === true
  }

  get canReceive(): boolean {
    return this.#writer !== undefined && this.#writer.isOpen && this.#writer.takesEvents
  }

  get waitingBytes(): number {
    return this.#writer?.waitingBytes ?? 0
  }

  /** What waits for the client, or for the rest of its batch. */
  get unreadBytes(): number {
    let bytes = this.waitingBytes
    for (const message of this.#early) bytes += message.byteLength
    return bytes
  }

  /** Whether a client could come back for what it misses: it has seen an event id of this stream. */
  get isResumable(): boolean {
    return this.#isPrimed || this.#delivered > 0
  }

  /** The client's reply to wait on: decided late. */
  attachReply(writer: ResponseWriter): void {
    this.#connect(writer)
    if (!writer.isOpen || !writer.takesEvents) return
    if (writer.takesJson && this.#decide !== undefined)
      this.#deadline = this.#decide.begin(() => this.#openLate())
    else this.#openStream()
  }

  /**
   * A connection that is an event stream from the start. A newer one replaces an older one.
   *
   * @param cursor the last event the client has seen; without one it gets what no connection has carried yet
   */
  attachStream(writer: ResponseWriter, cursor?: number): void {
    const older = this.#writer
    this.#connect(writer)
    older?.end()
    if (!writer.isOpen) return
    let last = cursor ?? this.#delivered
    writer.openStream(this.#priming(last))
    // Who names the last event that he has seen counts on the next.
    const tellMissed = (next: number) => {
      if (cursor !== undefined && next > last + 1) writer.sendEvent(undefined, notReplayed(next - last - 1))
    }
    for (const { counter, message } of this.#host.events?.after(this.id, last) ?? []) {
      tellMissed(counter)
      writer.sendEvent(formatEventId(this.id, counter), message)
      last = counter
    }
    tellMissed(this.#counter + 1)
    this.#delivered = this.#counter
    if (this.isFinished) this.#finish()
  }

  onResponse(message: Message): void {
    if (this.isFinished) return
    this.#awaited--
    const writer = this.#writer
    if (writer !== undefined && writer.isOpen && writer.isUndecided) {
      this.#early.push(message)
      if (this.isFinished) {
        if (writer.takesJson) writer.sendJson(this.#early, this.#isBatch)
        else this.#openStream()
      }
    } else this.#emit(message, true)
    if (this.isFinished) this.#finish()
  }

  onMessage(message: Message): void {
    if (this.isFinished) return
    const writer = this.#writer
    if (writer !== undefined && writer.isOpen) {
      // A client that takes one JSON body only has no place for it.
      if (!writer.takesEvents) return
      if (writer.isUndecided) this.#openStream()
    }
    this.#emit(message, false)
  }

  /** Ends the connection, whatever is still awaited. */
  close(): void {
    this.#decide?.end(this.#deadline)
    const isLeft = this.#awaited > 0 && !this.isStandalone
    this.#awaited = 0
    const writer = this.#writer
    this.#writer = undefined
    // An empty body with status 200 would be no answer.
    if (isLeft && writer !== undefined && writer.isOpen && writer.isUndecided) {
      writer.sendJson([...this.#early, ended()], this.#isBatch)
    } else writer?.end()
  }

  /** Cuts the connection of a client that takes nothing. */
  cut(): void {
    this.#writer?.destroy()
  }

  closed(writer: ResponseWriter): void {
    if (this.#writer !== writer) return
    this.#decide?.end(this.#deadline)
    this.#writer = undefined
    this.#early = []
    this.stalledSince = undefined
    if (this.isFinished) {
      if (!writer.isWritten) this.#host.streamLost?.(this)
      return
    }
    this.detachedAt = monotonicMs()
    this.#host.streamDetached(this)
  }

  drained(writer: ResponseWriter): void {
    if (this.#writer !== writer || !writer.isOpen) return
    // More may have come meanwhile.
    if (writer.waitingBytes >= this.#host.maxBufferBytes) writer.awaitDrain()
    else this.#relieved()
  }

  #connect(writer: ResponseWriter): void {
    this.#writer = writer
    this.detachedAt = undefined
    // What an older connection left unread is of no concern any more.
    if (this.stalledSince !== undefined) this.#relieved()
    writer.bind(this)
  }

  #relieved(): void {
    this.stalledSince = undefined
    this.#host.streamDrained?.(this)
  }

  #openLate(): void {
    try {
      this.#openStream()
    } catch (err) {
      this.#host.streamFailed(this, err)
    }
  }

  #openStream(): void {
    this.#decide?.end(this.#deadline)
    const writer = this.#writer
    if (writer === undefined || !writer.isOpen || !writer.isUndecided) return
    writer.openStream(this.#priming(0))
    const early = this.#early
    this.#early = []
    for (const message of early) this.#emit(message, true)
  }

  /** Names the place in the stream where the client joins, so that it can come back to it. */
  #priming(cursor: number): { id: string; retryMs: number } | undefined {
    if (!this.#host.primes || this.#host.events === undefined) return undefined
    this.#isPrimed = true
    return { id: formatEventId(this.id, cursor), retryMs: RETRY_MS }
  }

  #emit(message: Message, isAnswer: boolean): void {
    const { events } = this.#host
    const writer = this.#writer
    const before = writer?.waitingBytes ?? 0
    if (events === undefined) {
      writer?.sendEvent(undefined, message)
    } else {
      const counter = ++this.#counter
      const kept = events.add(this.id, counter, message)
      if (kept === undefined && isAnswer) events.add(this.id, counter, notKept(message))
      if (writer !== undefined && writer.isOpen) {
        writer.sendEvent(formatEventId(this.id, counter), kept ?? message)
        this.#delivered = counter
      }
    }
    if (writer === undefined || writer.waitingBytes < this.#host.maxBufferBytes) return
    if (this.stalledSince === undefined) {
      this.stalledSince = monotonicMs()
      this.#host.streamFull?.(this)
      writer.awaitDrain()
    } else if (before >= this.#host.maxBufferBytes) this.#host.streamOverfull(this)
  }

  #finish(): void {
    this.#decide?.end(this.#deadline)
    this.#writer?.end()
    this.#host.streamFinished?.(this)
  }
}

function ended(): Message {
  return errorFor('null', new BridgeError('session_unknown', 'the session has ended'))
}

/** Tells a client that comes back that something is missing between the events it gets. */
function notReplayed(count: number): Message {
  const data = `${count} ${count === 1 ? 'message is' : 'messages are'} missing here: more came than --max-replay keeps`
  const params = { level: 'warning', logger: 'mcp-bridge', data }
  return Message.from({ jsonrpc: '2.0', method: 'notifications/message', params })
}

/** Stands in the log for an answer that is too large for it: a client that comes back is not left waiting. */
function notKept(message: Message): Message {
  const text = `the answer (${message.byteLength} bytes) is too large to be sent again after a lost connection`
  return errorFor(message.writtenId, new BridgeError('answer_not_kept', text))
}
