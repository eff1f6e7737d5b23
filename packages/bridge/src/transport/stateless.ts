// transport/stateless: 2026-07-28: each POST stands for itself.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { addressOf } from '../access/address.ts'
import type { Caller } from '../access/caller.ts'
import { BridgeError, toBridgeError, type ErrorCode } from '../errors.ts'
import type { ImplicitSessions } from '../exchange/implicit-sessions.ts'
import { waiting } from '../exchange/waiting.ts'
import { accepted } from '../http/empty.ts'
import type { Era } from '../session/lease.ts'
import type { Heartbeat } from '../http/heartbeat.ts'
import { HttpResponseWriter, type ResponseOptions } from '../http/response.ts'
import { BRIDGE_INFO } from '../relay/client.ts'
import { failureAsResult } from '../relay/interceptors/litellm.ts'
import type { Members } from '../rpc/content.ts'
import { errorFor } from '../rpc/factory.ts'
import { Message } from '../rpc/message.ts'
import { completed, resultFor } from '../rpc/modern.ts'
import { ModernRequest } from '../rpc/modern-request.ts'
import type { ParamHeader } from '../rpc/param-headers.ts'
import { MODERN_REVISION, SUPPORTED_REVISIONS } from '../rpc/revisions.ts'
import { traceHeadersIn } from '../rpc/trace-context.ts'
import { accepts } from './classify.ts'
import { checkHeaders } from './mirror-headers.ts'
import { headOf } from './streamable-http.ts'

/** What there is to say of the tool. */
export interface Discovered {
  capabilities: Members
  serverInfo: Members
  instructions: string | undefined
}

export interface StatelessOptions {
  clients: ImplicitSessions
  heartbeat: Heartbeat
  /** No failure to answer a request is a status of HTTP: for clients that do not survive one. */
  isLenient: boolean
  /** False: headers that repeat the body may be missing, and the revision be another. */
  needsHeaders: boolean
  /** What the tool speaks, once it is up. Throws BridgeError, `child_…`. */
  era(): Era | Promise<Era>
  /** The same, and what there is to say; that only if it does not take a client to know. Throws BridgeError, `child_…`. */
  discover(): Promise<{ era: Era; known: Discovered | undefined }>
  /** What is to be said of a child by its answer to `initialize`. */
  discovered(answer: Members): Discovered
  /** The arguments that a client of this tool repeats as headers. */
  paramHeaders(tool: unknown): readonly ParamHeader[]
}

/** A request, and whom it is from. */
interface Asked {
  req: IncomingMessage
  res: ServerResponse
  message: Message
  request: ModernRequest
  caller: Caller
}

const NONE: readonly ParamHeader[] = []

/** What 2026-07-28 has taken away. */
const GONE = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
])

/** @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http */
export class StatelessTransport {
  readonly #options: StatelessOptions
  readonly #response: ResponseOptions
  /** Of a stream that stands. */
  readonly #lasting: ResponseOptions

  constructor(options: StatelessOptions) {
    const { heartbeat, isLenient } = options
    this.#options = options
    const failureHead = (code: ErrorCode) => (isLenient ? { status: 200, headers: {} } : headOf(code, false))
    this.#response = { heartbeat, failureHead }
    this.#lasting = { ...this.#response, isLasting: true }
  }

  /** Whether this body is for here: it, or else its header, says so. */
  static takes({ headers }: IncomingMessage, body: Message | readonly Message[]): body is Message {
    if (!(body instanceof Message) || body.kind === 'response') return false
    if (body.envelope.isModern) return true
    // A legacy client has a session, or is about to open one.
    return (
      headers['mcp-protocol-version'] === MODERN_REVISION &&
      headers['mcp-session-id'] === undefined &&
      body.method !== 'initialize'
    )
  }

  /** No promise is made where all is known. */
  post(req: IncomingMessage, res: ServerResponse, message: Message, caller: Caller): void | Promise<void> {
    // What a client may tell has no meaning without a session: a call ends with its connection.
    if (message.kind === 'notification') return accepted(res)
    const { paramHeaders, needsHeaders, isLenient } = this.#options
    const request = new ModernRequest(message)
    const { method } = message
    const { revision } = request.sender
    const declared = method === 'tools/call' ? paramHeaders(request.name) : NONE
    checkHeaders(req.headers, method, request, declared, needsHeaders)
    if (revision !== MODERN_REVISION) throw unsupported(revision)
    if (GONE.has(method)) throw unknown(method)
    const asked = { req, res, message, request, caller }
    if (!isLenient) return this.#serve(asked)
    const failed = (thrown: unknown) => this.#tellAsResult(asked, thrown)
    try {
      return this.#serve(asked)?.catch(failed)
    } catch (thrown) {
      return failed(thrown)
    }
  }

  /** Throws what it was given where it is no failure of a tool call; a fault of the bridge is logged further up. */
  #tellAsResult({ req, res, message, request }: Asked, thrown: unknown): void {
    const error = toBridgeError(thrown)
    const told = failureAsResult(errorFor(message.id, error), message.method)
    if (!told.envelope.hasResult || error.code === 'internal' || res.headersSent) throw thrown
    answerWith(
      new HttpResponseWriter(res, takesOf(req, false), this.#response),
      completed(told, message.method, BRIDGE_INFO, request.sender.capabilities),
    )
  }

  /** Throws BridgeError for what goes wrong before there is an exchange. */
  #serve(asked: Asked): void | Promise<void> {
    const { message, caller } = asked
    if (message.method === 'server/discover') return this.#discover(asked)
    const known = this.#options.era()
    if (!(known instanceof Promise)) return this.#pass(asked, known)
    return waiting(caller.account, message.byteLength, known).then((era) => this.#pass(asked, era))
  }

  #pass({ req, res, message, request, caller }: Asked, era: Era): void | Promise<void> {
    // Its client may have gone meanwhile: nothing is done for it.
    if (res.destroyed) return
    const { clients } = this.#options
    const { method } = message
    const address = addressOf(req)
    // Tasks of 2025-11-25 are others.
    if (era === 'legacy' && method.startsWith('tasks/')) throw unknown(method)
    const isListen = method === 'subscriptions/listen'
    const takes = takesOf(req, isListen)
    const writer = () => new HttpResponseWriter(res, takes, isListen ? this.#lasting : this.#response)
    const headers = traceHeadersIn(req.headers)
    if (isListen) return clients.of(caller, address, request, era).listen(message, request, writer(), headers)
    if (era === 'legacy' && message.envelope.isRetry && request.params['requestState'] !== undefined) {
      const exchange = clients.waiting(caller, address, message, request)
      return exchange.resume(writer(), message, request)
    }
    return clients.of(caller, address, request, era).request(message, request, writer(), headers)
  }

  /** A modern tool says for itself what it is; for an older one it is said. */
  async #discover({ req, res, message, request, caller }: Asked): Promise<void> {
    const { clients, discover, discovered } = this.#options
    const writer = new HttpResponseWriter(res, takesOf(req, false), this.#response)
    const found = await waiting(caller.account, message.byteLength, discover()).catch((error: unknown) => {
      // A probe that comes too early is nobody's fault, and no refusal: its client goes on with initialize.
      if (error instanceof BridgeError && error.code === 'child_starting') return error
      throw error
    })
    if (res.destroyed) return
    if (found instanceof BridgeError) return answerWith(writer, errorFor(message.id, found))
    const { era, known } = found
    const client = () => clients.of(caller, addressOf(req), request, era)
    if (era === 'modern') return client().request(message, request, writer, traceHeadersIn(req.headers))
    const { capabilities, serverInfo, instructions } = known ?? discovered(await client().described())
    const result = {
      resultType: 'complete',
      supportedVersions: SUPPORTED_REVISIONS,
      capabilities,
      ...(instructions === undefined ? {} : { instructions }),
      ttlMs: 0,
      cacheScope: 'private',
    }
    answerWith(writer, resultFor(message.id, result, serverInfo))
  }
}

function answerWith(writer: HttpResponseWriter, answer: Message): void {
  if (!writer.isOpen) return
  if (writer.takesJson) return writer.sendJson([answer], false)
  writer.openStream(undefined)
  writer.sendEvent(undefined, answer)
  writer.end()
}

/** A stream that stands can be nothing but a stream of events, whatever `Accept` says. */
function takesOf({ headers }: IncomingMessage, isListen: boolean): ReturnType<typeof accepts> {
  const types = accepts(headers['accept'])
  return isListen ? { ...types, events: true } : types
}

function unknown(method: string): BridgeError {
  return new BridgeError('method_unknown', `${method} is not of ${MODERN_REVISION}`)
}

function unsupported(requested: string): BridgeError {
  return new BridgeError(
    'revision_unsupported',
    `${MODERN_REVISION} is the only revision without a session`,
    {
      data: { supported: SUPPORTED_REVISIONS, requested },
      hint: 'older ones begin with initialize',
    },
  )
}
