// transport/streamable-http: 2025-era POST, GET, DELETE on one path, session by header.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller } from '../access/caller.ts'
import { monotonicMs } from '../clock.ts'
import { BridgeError, ERRORS, type ErrorCode } from '../errors.ts'
import { excerpt } from '../visible.ts'
import { HttpResponseWriter, type AcceptedTypes, type ResponseOptions } from '../http/response.ts'
import type { Heartbeat } from '../http/heartbeat.ts'
import { accepted, noContent } from '../http/empty.ts'
import type { Message } from '../rpc/message.ts'
import { traceHeadersIn } from '../rpc/trace-context.ts'
import { parseEventId } from '../session/event-log.ts'
import type { Registry } from '../session/registry.ts'
import type { Session } from '../session/session.ts'
import { accepts, classify, isRevisionAccepted, type Route } from './classify.ts'
import { checkInitialize } from './check-initialize.ts'

/** The only revision whose clients may send several messages in one body. */
const BATCH_REVISION = '2025-03-26'

type Head = ReturnType<ResponseOptions['failureHead']>

/** @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http */
export class StreamableHttpTransport {
  readonly #registry: Registry
  /** How the answer to a call of a session leaves, and how one to whatever opens a session or a stream. */
  readonly #toCall: ResponseOptions
  readonly #toOpen: ResponseOptions

  /** @param isLenient no failure to answer a request is a status of HTTP: for clients that do not survive one */
  constructor(registry: Registry, heartbeat: Heartbeat, isLenient: boolean) {
    this.#registry = registry
    const lenient: Head = { status: 200, headers: {} }
    this.#toCall = { heartbeat, failureHead: (code) => (isLenient ? lenient : headOf(code, false)) }
    this.#toOpen = { heartbeat, failureHead: (code) => (isLenient ? lenient : headOf(code, true)) }
  }

  post(
    req: IncomingMessage,
    res: ServerResponse,
    body: Message | readonly Message[],
    caller: Caller,
  ): void | Promise<void> {
    const isAlive = (id: string) => this.#registry.has(id, 'streamable', caller)
    const route = classify(body, sessionIdOf(req), isAlive)
    switch (route.action) {
      case 'open':
        return this.#open(req, res, route.message, caller)
      case 'exchange':
        return this.#exchange(req, res, route, caller)
      case 'accept': {
        const session = this.#sessionOf(req, route.sessionId, caller)
        refuseBatch(route.isBatch, session)
        const refusals = route.messages.map((message) => session.accept(message))
        const refusal = refusals.find((each) => each !== undefined)
        if (refusal !== undefined) throw refusal
        accepted(res)
      }
    }
  }

  /** Opens the standalone stream, or resumes any stream from `Last-Event-ID`. */
  get(req: IncomingMessage, res: ServerResponse, caller: Caller): void {
    const session = this.#sessionOf(req, requireSessionId(req), caller)
    // Whatever `Accept` says: a GET can be answered with nothing else, and what it carries must not be dropped.
    const takes = { ...acceptedTypesOf(req), events: true }
    const writer = new HttpResponseWriter(res, takes, { ...this.#toOpen, isLasting: true })
    const from = parseEventId(header(req, 'last-event-id') ?? '')
    session.lastRequestAt = monotonicMs()
    if (from === undefined) session.streams.standalone.attachStream(writer)
    else this.#resume(session, writer, from)
    session.flush()
  }

  delete(req: IncomingMessage, res: ServerResponse, caller: Caller): void {
    this.#sessionOf(req, requireSessionId(req), caller).close('ended by the client')
    noContent(res)
  }

  async #open(req: IncomingMessage, res: ServerResponse, message: Message, caller: Caller): Promise<void> {
    checkInitialize(message)
    const session = this.#registry.open('streamable', caller)
    const reply = session.streams.openReply(1, false, true)
    const headers = { 'mcp-session-id': session.id }
    reply.attachReply(new HttpResponseWriter(res, acceptedTypesOf(req), { ...this.#toOpen, headers }))
    await session.initialize(message, reply, traceHeadersIn(req.headers))
  }

  #exchange(
    req: IncomingMessage,
    res: ServerResponse,
    route: Route & { action: 'exchange' },
    caller: Caller,
  ): void {
    const session = this.#sessionOf(req, route.sessionId, caller)
    refuseBatch(route.isBatch, session)
    const reply = session.streams.openReply(route.awaited, route.isBatch)
    reply.attachReply(new HttpResponseWriter(res, acceptedTypesOf(req), this.#toCall))
    const headers = traceHeadersIn(req.headers)
    for (const message of route.messages) {
      if (message.kind === 'request') session.request(message, reply, headers)
      else session.accept(message)
    }
    session.flush()
  }

  #resume(session: Session, writer: HttpResponseWriter, from: { streamId: number; counter: number }): void {
    let stream = session.streams.of(from.streamId)
    if (stream === undefined) {
      // Every answer of that stream has been given: replay it and end.
      stream = session.streams.replayFinished(from.streamId)
      const { events } = session.streams
      if (
        events?.after(from.streamId, from.counter).length === 0 &&
        !events.holds(from.streamId, from.counter)
      ) {
        throw new BridgeError('request_invalid', 'what followed that event is no longer kept')
      }
    }
    stream.attachStream(writer, from.counter)
  }

  #sessionOf(req: IncomingMessage, sessionId: string, caller: Caller): Session {
    const session = this.#registry.find(sessionId, 'streamable', caller)
    const revision = header(req, 'mcp-protocol-version')
    if (!isRevisionAccepted(revision, session.protocolVersion)) {
      throw new BridgeError('request_invalid', 'unsupported MCP-Protocol-Version', {
        hint: `it is "${excerpt(revision ?? '')}"; this session speaks ${excerpt(session.protocolVersion ?? 'none yet')}`,
      })
    }
    return session
  }
}

/**
 * The HTTP status of a failure the bridge answers with. A child that fails in the middle of a call is no failure of
 * HTTP: clients turn such a status into an error of the transport and lose the JSON-RPC error in its body.
 */
export function headOf(code: ErrorCode, isInitialize: boolean): Head {
  const row: { who: string; http: number; retryAfterSeconds?: number } = ERRORS[code]
  const retry = row.retryAfterSeconds === undefined ? {} : { 'retry-after': String(row.retryAfterSeconds) }
  const isHttp = isInitialize || row.who === 'client' || row.retryAfterSeconds !== undefined
  return { status: isHttp ? row.http : 200, headers: retry }
}

/** @throws BridgeError `request_invalid` where the revision of the session knows no batches */
export function refuseBatch(isBatch: boolean, session: Session): void {
  if (isBatch && session.protocolVersion !== BATCH_REVISION) {
    throw new BridgeError(
      'request_invalid',
      `batches exist in ${BATCH_REVISION} only; this session speaks ${excerpt(session.protocolVersion ?? 'none yet')}`,
    )
  }
}

function acceptedTypesOf(req: IncomingMessage): AcceptedTypes {
  return accepts(header(req, 'accept'))
}

export function sessionIdOf(req: IncomingMessage): string | undefined {
  return header(req, 'mcp-session-id')
}

function requireSessionId(req: IncomingMessage): string {
  const id = sessionIdOf(req)
  if (id === undefined) {
    throw new BridgeError('request_invalid', 'the Mcp-Session-Id header is missing', {
      hint: 'POST initialize here first; for HTTP+SSE use the SSE path',
    })
  }
  return id
}

function header(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
