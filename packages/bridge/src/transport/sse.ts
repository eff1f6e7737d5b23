// transport/sse: 2024-11: GET stream plus POST messages.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller } from '../access/caller.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import { HttpResponseWriter } from '../http/response.ts'
import type { Heartbeat } from '../http/heartbeat.ts'
import { accepted } from '../http/empty.ts'
import { errorFor } from '../rpc/factory.ts'
import { Message } from '../rpc/message.ts'
import { traceHeadersIn, type TraceHeaders } from '../rpc/trace-context.ts'
import type { Registry } from '../session/registry.ts'
import type { Session } from '../session/session.ts'
import { checkInitialize } from './check-initialize.ts'
import { refuseBatch } from './streamable-http.ts'

export interface SsePaths {
  ssePath: string
  messagePath: string
}

/** @see https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse */
export class SseTransport {
  readonly #registry: Registry
  readonly #heartbeat: Heartbeat
  readonly #paths: SsePaths

  constructor(registry: Registry, heartbeat: Heartbeat, paths: SsePaths) {
    this.#registry = registry
    this.#heartbeat = heartbeat
    this.#paths = paths
  }

  /** Opens a session; its first event names where to POST. */
  get(req: IncomingMessage, res: ServerResponse, caller: Caller): void {
    const session = this.#registry.open('sse', caller)
    const endpoint = `${relativePath(this.#paths, req.url ?? '')}?sessionId=${session.id}`
    session.streams.standalone.attachStream(
      new HttpResponseWriter(
        res,
        { json: false, events: true },
        {
          isLasting: true,
          preamble: `event: endpoint\ndata: ${endpoint}\n\n`,
          failureHead: () => ({ status: 200, headers: {} }),
          heartbeat: this.#heartbeat,
        },
      ),
    )
  }

  /**
   * Takes one message, or a batch (2025-03-26). Answers come on the stream, refusals of a request too: clients that get a 4xx here
   * wait on their stream for ever.
   */
  post(req: IncomingMessage, res: ServerResponse, body: Message | readonly Message[], caller: Caller): void {
    const sessionId = sessionIdIn(req.url ?? '')
    if (sessionId === undefined) {
      throw new BridgeError('request_invalid', 'the sessionId parameter is missing', {
        hint: 'POST to the address that the endpoint event of the stream names',
      })
    }
    const session = this.#registry.find(sessionId, 'sse', caller)
    const messages = body instanceof Message ? [body] : body
    refuseBatch(!(body instanceof Message), session)
    accepted(res)
    const headers = traceHeadersIn(req.headers)
    for (const message of messages) {
      if (message.kind !== 'request') session.accept(message)
      else if (message.method === 'initialize' && session.isNew) initialize(session, message, headers)
      else session.request(message, session.streams.standalone, headers)
    }
  }
}

function initialize(session: Session, message: Message, headers: TraceHeaders | undefined): void {
  try {
    checkInitialize(message)
  } catch (error) {
    return session.streams.standalone.onResponse(errorFor(message.id, toBridgeError(error)))
  }
  const opened = session.initialize(message, session.streams.standalone, headers)
  opened.catch(() => session.close('initialize failed'))
}

/** As we have written it; whoever escapes what needs no escape is read by the book. */
export function sessionIdIn(url: string): string | undefined {
  const [, plain] = /^[^?#]*\?sessionId=([\w.-]+)$/.exec(url) ?? []
  return plain ?? (new URL(url, 'http://localhost').searchParams.get('sessionId') || undefined)
}

/**
 * Where the message path lies from the SSE path, relative: right behind any proxy that strips a prefix, and on the
 * host that the client used, whatever it is called.
 */
export function relativePath({ ssePath, messagePath }: SsePaths, url: string): string {
  const [path = ''] = url.split('?')
  const from = ssePath.split('/').slice(1)
  // The last segment is replaced when a relative reference is resolved, unless the path ends in a slash.
  if (!path.endsWith('/')) from.pop()
  const to = messagePath.split('/').slice(1)
  let shared = 0
  while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared++
  return [...from.slice(shared).map(() => '..'), ...to.slice(shared)].join('/')
}
