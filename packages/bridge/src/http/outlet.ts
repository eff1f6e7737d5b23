// http/outlet: a ServerResponse as an outlet: one JSON body or an event stream, headers written once.
import type { ServerResponse } from 'node:http'
import type { ErrorCode } from '../errors.ts'
import type { Message } from '../message/message.ts'
import type { KeepAlive } from './keepalive.ts'

export interface HttpOutletOptions {
  takesEvents: boolean
  takesJson: boolean
  /** Sent with whatever answer comes, but an error as one JSON body: it has opened no session. */
  headers?: Readonly<Record<string, string>>
  /** The head of a JSON body whose message is a failure of the bridge's own; whatever the child says is 200. */
  failureHead: (code: ErrorCode) => { status: number; headers: Record<string, string> }
  /** Written first on an event stream. */
  preamble?: string
  keepAlive: KeepAlive
}

/** How long a client may leave the end of an answer unread, whose connection would else be kept for ever; see `#finish`. */
const UNREAD_MS = 15_000
const JSON_TYPE = 'application/json; charset=utf-8'
// No charset: some clients compare the type as a whole, and an event stream is UTF-8 by definition.
const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

/** Structurally the session's `Outlet`: the session never learns of HTTP. */
export class HttpOutlet {
  readonly takesEvents: boolean
  readonly takesJson: boolean
  readonly #res: ServerResponse
  readonly #options: HttpOutletOptions
  #isUndecided = true
  #hasEnded = false

  constructor(res: ServerResponse, options: HttpOutletOptions) {
    this.#res = res
    this.#options = options
    this.takesEvents = options.takesEvents
    this.takesJson = options.takesJson
  }

  get isOpen(): boolean {
    return !this.#hasEnded && !this.#res.destroyed
  }

  get isUndecided(): boolean {
    return this.#isUndecided
  }

  get waitingBytes(): number {
    return this.#res.writableLength
  }

  bind(owner: { closed(): void; drained(): void }): void {
    this.#res.on('close', () => {
      this.#hasEnded = true
      this.#options.keepAlive.delete(this)
      owner.closed()
    })
    this.#res.on('drain', () => owner.drained())
  }

  sendJson(messages: readonly Message[], isBatch: boolean): void {
    this.#isUndecided = false
    this.#hasEnded = true
    const [first] = messages
    const failure = isBatch ? undefined : first?.failure
    const head = failure === undefined ? { status: 200, headers: {} } : this.#options.failureHead(failure)
    const last = messages.length - 1
    const body = isBatch
      ? messages.flatMap((message, i) => message.encode(i === 0 ? '[' : '', i === last ? ']' : ','))
      : (first?.encode('', '') ?? [])
    let length = 0
    for (const part of body) length += part.length
    this.#res.writeHead(head.status, {
      ...(first?.envelope.hasError === true ? {} : this.#options.headers),
      ...head.headers,
      'content-type': JSON_TYPE,
      'content-length': length,
    })
    if (body.length === 1) {
      // As text, head and body leave in one write; latin1 is byte for byte.
      this.#finish(body[0]?.toString('latin1'))
    } else {
      this.#write(body)
      this.#finish()
    }
  }

  openStream(priming: { id: string; retryMs: number } | undefined): void {
    this.#isUndecided = false
    this.#res.writeHead(200, { ...this.#options.headers, ...STREAM_HEADERS })
    // Some proxies keep back even the headers until the first byte of the body.
    const first =
      priming === undefined ? ': open\n' : `id: ${priming.id}\nretry: ${priming.retryMs}\ndata: \n\n`
    this.#res.write(this.#options.preamble ?? first)
    this.#options.keepAlive.add(this)
  }

  sendEvent(id: string | undefined, message: Message): void {
    if (!this.isOpen) return
    this.#write(
      message.encode(
        id === undefined ? 'event: message\ndata: ' : `id: ${id}\nevent: message\ndata: `,
        '\n\n',
      ),
    )
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
    this.#options.keepAlive.delete(this)
    this.#finish()
  }

  destroy(): void {
    this.#res.destroy()
  }

  #finish(text?: string): void {
    this.#res.end(text, 'latin1')
    // Destroys the socket after once or twice that time, unless somebody reads: progress of a write counts as activity.
    if (this.waitingBytes > 0) this.#res.setTimeout(UNREAD_MS)
  }

  #write(parts: readonly Buffer[]): void {
    if (parts.length === 1) {
      this.#res.write(parts[0])
      return
    }
    this.#res.cork()
    for (const part of parts) this.#res.write(part)
    this.#res.uncork()
  }
}
