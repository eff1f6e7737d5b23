// http/response: one HTTP response that carries messages: a JSON body or an event stream, headers written once.
import type { ServerResponse } from 'node:http'
import type { ErrorCode } from '../errors.ts'
import type { Encoded, Message } from '../rpc/message.ts'
import { lengthOf, writeTo } from '../rpc/write.ts'
import { onOneLine } from '../rpc/one-line.ts'
import type { Heartbeat } from './heartbeat.ts'

/** What the client can read. */
export interface AcceptedTypes {
  json: boolean
  events: boolean
}

export interface ResponseOptions {
  /** Sent with whatever answer comes, but an error as one JSON body: it has opened no session. */
  headers?: Readonly<Record<string, string>>
  /** The head of a JSON body whose message is a failure of the bridge's own; whatever the child says is 200. */
  failureHead: (code: ErrorCode) => { status: number; headers: Record<string, string> }
  /** Written first on an event stream. */
  preamble?: string
  /** The stream has the connection for itself: it ends with it, and needs no chunks to say where it ends. */
  isLasting?: boolean
  heartbeat: Heartbeat
}

/** What a writer reports, with itself: its owner may have another by then. */
export interface ResponseOwner {
  /** The connection is gone, by whichever side. */
  closed(writer: ResponseWriter): void
  /** What waited when `awaitDrain` was called has been written out. */
  drained(writer: ResponseWriter): void
}

/** One HTTP response that carries messages: undecided at first, then one JSON body or an event stream. */
export interface ResponseWriter {
  readonly isOpen: boolean
  /** Nothing is on the wire yet: the answer may still be a plain JSON body. */
  readonly isUndecided: boolean
  /** All of it has been handed to the operating system, the end included. */
  readonly isWritten: boolean
  /** The client takes an event stream. */
  readonly takesEvents: boolean
  /** The client takes a JSON body. */
  readonly takesJson: boolean
  /** Bytes written here that the client has not taken yet. */
  readonly waitingBytes: number
  bind(owner: ResponseOwner): void
  /** The whole answer: one message, or, for a batch, an array of them. Ends the writer. */
  sendJson(messages: readonly Message[], isBatch: boolean): void
  /** Begins the event stream; a priming event gives the client an id to resume from. */
  openStream(priming: { id: string; retryMs: number } | undefined): void
  sendEvent(id: string | undefined, message: Pick<Message, 'encode'>): void
  /** Has `drained` reported once. */
  awaitDrain(): void
  end(): void
  /** Cuts the connection without flushing what waits. */
  destroy(): void
}

/** The connection is destroyed if the client does not read the rest of a finished response for so long; see `#finish`. */
const UNREAD_MS = 15_000
const JSON_TYPE = 'application/json; charset=utf-8'
// No charset: some clients compare the type as a whole, and an event stream is UTF-8 by definition.
const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

export class HttpResponseWriter implements ResponseWriter {
  readonly takesEvents: boolean
  readonly takesJson: boolean
  readonly #res: ServerResponse
  readonly #options: ResponseOptions
  #isUndecided = true
  #hasEnded = false
  #owner: ResponseOwner | undefined
  /** Events that leave together, as soon as what brought them has been read. */
  #outbox = ''

  constructor(res: ServerResponse, takes: AcceptedTypes, options: ResponseOptions) {
    this.#res = res
    this.#options = options
    this.takesEvents = takes.events
    this.takesJson = takes.json
  }

  get isOpen(): boolean {
    return !this.#hasEnded && !this.#res.destroyed
  }

  get isUndecided(): boolean {
    return this.#isUndecided
  }

  get isWritten(): boolean {
    return this.#res.writableFinished
  }

  get waitingBytes(): number {
    return this.#res.writableLength + this.#outbox.length
  }

  bind(owner: ResponseOwner): void {
    this.#owner = owner
    const close = () => {
      this.#hasEnded = true
      this.#options.heartbeat.delete(this)
      owner.closed(this)
    }
    // Of one whose client has gone before, Node tells nothing any more.
    if (this.#res.destroyed) close()
    else this.#res.on('close', close)
  }

  sendJson(messages: readonly Message[], isBatch: boolean): void {
    this.#isUndecided = false
    this.#hasEnded = true
    const [first] = messages
    const failure = isBatch ? undefined : first?.failure
    const body = isBatch ? encodeBatch(messages) : (first?.encode('', '') ?? '')
    const ofBody = { 'content-type': JSON_TYPE, 'content-length': lengthOf(body) }
    if (failure !== undefined) {
      const { status, headers } = this.#options.failureHead(failure)
      const own = first?.envelope.hasError === true ? undefined : this.#options.headers
      this.#res.writeHead(status, { ...own, ...headers, ...ofBody })
    } else if (this.#options.headers === undefined || first?.envelope.hasError === true)
      this.#res.writeHead(200, ofBody)
    else this.#res.writeHead(200, { ...this.#options.headers, ...ofBody })
    // As text, head and body leave in one write.
    if (typeof body === 'string') return this.#finish(body)
    writeTo(this.#res, body)
    this.#finish()
  }

  openStream(priming: { id: string; retryMs: number } | undefined): void {
    this.#isUndecided = false
    if (this.#options.isLasting === true) this.#res.useChunkedEncodingByDefault = false
    this.#res.writeHead(200, { ...this.#options.headers, ...STREAM_HEADERS })
    // Some proxies keep back even the headers until the first byte of the body.
    const first =
      priming === undefined ? ': open\n' : `id: ${priming.id}\nretry: ${priming.retryMs}\ndata: \n\n`
    this.#res.write(this.#options.preamble ?? first)
    this.#options.heartbeat.add(this)
  }

  sendEvent(id: string | undefined, message: Pick<Message, 'encode'>): void {
    if (!this.isOpen) return
    const head = id === undefined ? 'event: message\ndata: ' : `id: ${id}\nevent: message\ndata: `
    const encoded = onOneLine(message.encode(head, '\n\n'))
    if (typeof encoded !== 'string') {
      this.#flush()
      return writeTo(this.#res, encoded)
    }
    if (this.#outbox === '') process.nextTick(this.#flush)
    this.#outbox += encoded
  }

  /** Not by Node's `drain`, which comes only where more waited than Node's own mark, whatever the limit is here. */
  awaitDrain(): void {
    // A write behind the end is an error of the response. Who waits hears of its close.
    if (!this.isOpen) return
    this.#flush()
    this.#res.write('', () => this.#owner?.drained(this))
  }

  /**
   * A comment line, unless bytes are on their way anyway. No blank line after it: that would dispatch an event without
   * data in parsers that remember the last id (httpx-sse).
   */
  beat(): void {
    if (this.isOpen && this.waitingBytes === 0) this.#res.write(': keep-alive\n')
  }

  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#options.heartbeat.delete(this)
    this.#finish()
  }

  destroy(): void {
    this.#res.destroy()
  }

  readonly #flush = (): void => {
    const text = this.#outbox
    if (text === '') return
    this.#outbox = ''
    if (!this.#res.destroyed && !this.#res.writableEnded) writeTo(this.#res, text)
  }

  #finish(text?: string): void {
    this.#flush()
    this.#res.end(text, 'latin1')
    // Destroys the socket after once or twice that time, unless somebody reads: progress of a write counts as activity.
    if (this.waitingBytes > 0) this.#res.setTimeout(UNREAD_MS)
  }
}

function encodeBatch(messages: readonly Message[]): Encoded {
  const last = messages.length - 1
  const all = messages.map((message, i) => message.encode(i === 0 ? '[' : '', i === last ? ']' : ','))
  return all.flatMap((each) => (typeof each === 'string' ? Buffer.from(each, 'latin1') : each))
}
