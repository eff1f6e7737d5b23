// connect/poster: one request of Streamable HTTP, with the headers that its session, or its own words, ask for.
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { listOf } from '../rpc/content.ts'
import type { Message } from '../rpc/message.ts'
import { paramHeadersOf, type ParamHeader } from '../rpc/param-headers.ts'
import { isEventStream, type Place } from './answers.ts'
import type { Link, Sent } from './link.ts'
import { mirrorHeaders } from './mirror.ts'
import { AWAY_MS, Patience } from './server.ts'

/** Before a stream is gone on with. */
export const RETRY_MS = 1000
const ACCEPT = 'application/json, text/event-stream'

export class Poster {
  readonly #link: Link
  readonly #url: URL
  readonly #paramHeaders = new Map<unknown, readonly ParamHeader[]>()
  /** As the server has named it. */
  sessionId: string | undefined
  /** As `initialize` agreed. */
  revision: string | undefined

  constructor(link: Link, url: URL) {
    this.#link = link
    this.#url = url
  }

  /** The head of the answer to `initialize`. */
  opened(headers: IncomingHttpHeaders): void {
    this.sessionId = single(headers['mcp-session-id'])
  }

  /** From a list of tools: what is to be said again in headers when one is called. */
  learn(tools: unknown): void {
    for (const [tool, headers] of paramHeadersOf(listOf(tools))) this.#paramHeaders.set(tool, headers)
  }

  /** Throws LinkError; BridgeError `envelope_invalid`. */
  async post(message: Message, signal: AbortSignal): Promise<IncomingMessage> {
    const { method, envelope } = message
    const isOpening = method === 'initialize' || envelope.isModern
    const headers = {
      'content-type': 'application/json',
      accept: ACCEPT,
      ...(!isOpening && this.#ofSession),
      ...(envelope.isModern && mirrorHeaders(message, (tool) => this.#paramHeaders.get(tool) ?? [])),
    }
    return this.#open({ method: 'POST', headers, body: message.encode('', ''), signal })
  }

  /** What the server says of itself, or the rest of a stream behind this event. Throws LinkError. */
  listen(lastEventId: string | undefined, signal: AbortSignal): Promise<IncomingMessage> {
    // A header carries bytes.
    const from =
      lastEventId === undefined ? {} : { 'last-event-id': Buffer.from(lastEventId).toString('latin1') }
    const headers = { accept: 'text/event-stream', ...this.#ofSession, ...from }
    return this.#open({ method: 'GET', headers, signal })
  }

  /** The rest of a stream, from the event on that came last; undefined: there is none. */
  async resume(place: Place, signal: AbortSignal): Promise<IncomingMessage | undefined> {
    const patience = new Patience(AWAY_MS)
    for (
      let waitMs: number | undefined = place.retryMs ?? RETRY_MS;
      await patience.wait(signal, waitMs);
      waitMs = undefined
    ) {
      const res = await this.listen(place.lastEventId, signal).catch(() => undefined)
      if (res?.statusCode === 200 && isEventStream(res)) return res
      res?.resume()
      if (res !== undefined && res.statusCode !== 503 && res.statusCode !== 429) return undefined
    }
    return undefined
  }

  /** Ends the session. Throws LinkError. */
  end(signal: AbortSignal): Promise<IncomingMessage> {
    return this.#open({ method: 'DELETE', headers: this.#ofSession, signal })
  }

  /** @returns takes it back: there is no other session */
  forget(): () => void {
    const { sessionId, revision } = this
    this.sessionId = undefined
    this.revision = undefined
    return () => {
      this.sessionId = sessionId
      this.revision = revision
    }
  }

  get #ofSession(): OutgoingHttpHeaders {
    return {
      ...(this.sessionId !== undefined && { 'mcp-session-id': this.sessionId }),
      ...(this.revision !== undefined && { 'mcp-protocol-version': this.revision }),
    }
  }

  #open(sent: Sent): Promise<IncomingMessage> {
    return this.#link.open(this.#url, sent)
  }
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
