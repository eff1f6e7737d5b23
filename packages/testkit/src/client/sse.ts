// client/sse: HTTP+SSE by hand, 2024-11-05.
import type { Agent } from 'node:http'
import { WireClient } from './client.ts'
import type { EventStream } from './event-stream.ts'
import { openStream, send, type Headers, type Reply } from './http.ts'
import { Refused } from './refused.ts'

export interface SseOptions {
  port: number
  path?: string
  /** Sent with everything. */
  headers?: Headers
  /** For the POSTs. */
  agent?: Agent
}

export class SseClient extends WireClient {
  /** What the endpoint event said, as it came. */
  endpoint: string | undefined
  stream: EventStream | undefined
  readonly #options: SseOptions
  #target: string | undefined

  constructor(options: SseOptions) {
    super()
    this.#options = options
  }

  /** Opens the stream and waits for the endpoint event. */
  async connect(): Promise<EventStream> {
    const { port, path = '/sse', headers } = this.#options
    const stream = await openStream({ port, path, headers: { accept: 'text/event-stream', ...headers } })
    if (!stream.isEventStream) {
      await stream.ended
      throw new Refused({ status: stream.status, headers: stream.headers, body: stream.text })
    }
    this.stream = stream
    stream.onEvent(({ event, data }) => {
      if (event === 'message') this.takeText(data)
    })
    void stream.ended.then((how) => this.failAll(new Error(`the stream ${how}`)))
    const { data } = await stream.events.next(({ event }) => event === 'endpoint')
    const url = new URL(data, `http://127.0.0.1:${port}${path}`)
    this.endpoint = data
    this.#target = url.pathname + url.search
    return stream
  }

  get sessionId(): string | undefined {
    return new URLSearchParams(this.#target?.split('?')[1]).get('sessionId') ?? undefined
  }

  /** POSTs anything to the endpoint; says nothing about the answer. A string goes as it is. */
  post(message: unknown, extraHeaders: Headers = {}): Promise<Reply> {
    if (this.#target === undefined) throw new Error('connect() first')
    const { port, headers, agent } = this.#options
    return send({
      port,
      path: this.#target,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers, ...extraHeaders },
      body: typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message),
      ...(agent === undefined ? {} : { agent }),
    })
  }

  /** Cuts the stream, which ends the session. */
  close(): void {
    this.stream?.destroy()
  }

  protected override async transmit(message: unknown): Promise<void> {
    const reply = await this.post(message)
    if (reply.status !== 202) throw new Refused(reply)
  }
}
