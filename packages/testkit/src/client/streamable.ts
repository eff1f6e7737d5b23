// client/streamable: Streamable HTTP by hand, 2025-03-26 … 2025-11-25.
import type { Agent } from 'node:http'
import { WireClient, type Waiting } from './client.ts'
import type { EventStream } from './event-stream.ts'
import { openStream, send, type Headers, type Reply, type Sent } from './http.ts'
import { Refused } from './refused.ts'
import type { RpcId } from './rpc.ts'

export interface StreamableOptions {
  port: number
  path?: string
  /** Sent with everything; `null` leaves out one that would be there. */
  headers?: Headers
  agent?: Agent
}

export class StreamableClient extends WireClient {
  sessionId: string | undefined
  /** Head of the answer to the last request that was sent by `request` or `initialize`. */
  lastStatus: number | undefined
  /** Streams that are open or were: one for each request, and those of `listen`. */
  readonly streams: EventStream[] = []
  readonly #options: StreamableOptions

  constructor(options: StreamableOptions) {
    super()
    this.#options = options
  }

  /** POSTs anything, with the headers of the session; says nothing about the answer. A string goes as it is. */
  post(message: unknown, extraHeaders: Headers = {}): Promise<Reply> {
    return send(this.#post(message, extraHeaders))
  }

  /** Opens the GET stream, or resumes any stream behind an event; what comes on it is taken. */
  async listen(
    options: { lastEventId?: string; headers?: Headers; signal?: AbortSignal } = {},
  ): Promise<EventStream> {
    const { lastEventId, signal } = options
    const resumed = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
    const stream = await openStream({
      ...this.#sent('GET', { accept: 'text/event-stream' }, { ...resumed, ...options.headers }),
      ...(signal === undefined ? {} : { signal }),
    })
    this.streams.push(stream)
    if (!stream.isEventStream) {
      await stream.ended
      throw new Refused({ status: stream.status, headers: stream.headers, body: stream.text })
    }
    this.#takeEvents(stream)
    return stream
  }

  /** Ends the session; forgets nothing, so that a test can knock again. */
  del(extraHeaders: Headers = {}): Promise<Reply> {
    return send(this.#sent('DELETE', {}, extraHeaders))
  }

  /** Cuts all streams, like a client that vanishes; the session stays behind. */
  close(): void {
    for (const stream of this.streams) stream.destroy()
  }

  protected override async transmit(message: unknown, waiting?: Waiting): Promise<void> {
    if (waiting !== undefined) return this.#request(message, waiting)
    const reply = await this.post(message)
    if (reply.status !== 202) throw new Refused(reply)
  }

  async #request(message: unknown, { id, method, options, fail }: Waiting): Promise<void> {
    const { signal } = options
    const stream = await openStream({ ...this.#post(message), ...(signal === undefined ? {} : { signal }) })
    this.lastStatus = stream.status
    const sessionId = stream.headers['mcp-session-id']
    if (method === 'initialize' && typeof sessionId === 'string') this.sessionId = sessionId
    this.streams.push(stream)
    if (stream.isEventStream) this.#takeEvents(stream, id)
    const how = await stream.ended
    const { status, headers, text: body } = stream
    if (how === 'ended' && isJson(stream) && answers(body, id)) this.takeText(body, id)
    if (!this.isWaitingFor(id) || options.keepWaiting === true) return
    fail(
      stream.isEventStream
        ? new Error(`the stream of ${method} ${how} without its answer`)
        : new Refused({ status, headers, body }),
    )
  }

  #takeEvents(stream: EventStream, of?: RpcId): void {
    stream.onEvent(({ event, data }) => {
      // Without data it only names the place from which to resume.
      if (event === 'message' && data !== '') this.takeText(data, of)
    })
  }

  #post(message: unknown, extraHeaders: Headers = {}): Sent {
    const body =
      typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message)
    const types = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    return { ...this.#sent('POST', types, extraHeaders), body }
  }

  #sent(method: string, types: Headers, extraHeaders: Headers): Sent {
    const { port, path = '/mcp', headers = {}, agent } = this.#options
    const session: Headers = {
      'mcp-session-id': this.sessionId ?? null,
      'mcp-protocol-version': this.protocolVersion ?? null,
    }
    const all = { ...types, ...session, ...lowerCased(headers), ...lowerCased(extraHeaders) }
    return { port, path, method, headers: all, ...(agent === undefined ? {} : { agent }) }
  }
}

function isJson({ headers }: EventStream): boolean {
  return headers['content-type']?.startsWith('application/json') === true
}

/** Whether the body is a response to this request: a refusal may be one to nobody. */
function answers(body: string, id: RpcId): boolean {
  try {
    return (JSON.parse(body) as { id?: unknown }).id === id
  } catch {
    return false
  }
}

function lowerCased(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
