// connect/poster: one request of Streamable HTTP, with the headers that its session, or its own words, ask for.
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { listOf } from '../rpc/content.ts'
import type { Message } from '../rpc/message.ts'
import { paramHeadersOf, type ParamHeader } from '../rpc/param-headers.ts'
import type { Link, Sent } from './link.ts'
import { mirrorHeaders } from './mirror.ts'

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
    const from = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
    const headers = { accept: 'text/event-stream', ...this.#ofSession, ...from }
    return this.#open({ method: 'GET', headers, signal })
  }

  /** Ends the session. Throws LinkError. */
  end(signal: AbortSignal): Promise<IncomingMessage> {
    return this.#open({ method: 'DELETE', headers: this.#ofSession, signal })
  }

  forget(): void {
    this.sessionId = undefined
    this.revision = undefined
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
