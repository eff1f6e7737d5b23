// client/event-stream: an answer read as it comes: events, comments, or a body of another type.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { createParser } from 'eventsource-parser'
import { Queue } from './queue.ts'

export interface StreamEvent {
  event: string
  id: string | undefined
  data: string
  /** Milliseconds, where the event carried it. */
  retry: number | undefined
}

export class EventStream {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly events = new Queue<StreamEvent>()
  readonly comments: string[] = []
  /** How it ended: by the server, or cut off by either side. */
  readonly ended: Promise<'ended' | 'cut'>
  /** The body so far, of whatever type. */
  text = ''
  readonly #listeners: ((event: StreamEvent) => void)[] = []
  readonly #res: IncomingMessage

  constructor(res: IncomingMessage) {
    this.#res = res
    this.status = res.statusCode ?? 0
    this.headers = res.headers
    if (this.isEventStream) this.#parse()
    res.setEncoding('utf8').on('data', (text: string) => (this.text += text))
    this.ended = new Promise((resolve) => {
      res.once('close', () => {
        this.events.end()
        resolve(res.complete ? 'ended' : 'cut')
      })
    })
    // 'close' follows and tells.
    res.on('error', () => {})
  }

  get isEventStream(): boolean {
    return this.headers['content-type']?.startsWith('text/event-stream') === true
  }

  /** Calls for each event as it comes, those that have come first. */
  onEvent(listener: (event: StreamEvent) => void): void {
    for (const event of this.events.all) listener(event)
    this.#listeners.push(listener)
  }

  /** Stops reading: the buffers of both kernels fill, then the server's. */
  pause(): void {
    this.#res.pause()
  }

  resume(): void {
    this.#res.resume()
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#res.destroy()
  }

  #parse(): void {
    let retry: number | undefined
    const parser = createParser({
      onRetry: (ms) => (retry = ms),
      onComment: (comment) => this.comments.push(comment),
      onEvent: ({ event, id, data }) => {
        const received = { event: event ?? 'message', id, data, retry }
        retry = undefined
        this.events.push(received)
        for (const listener of this.#listeners) listener(received)
      },
    })
    this.#res.on('data', (text: string) => parser.feed(text))
  }
}
