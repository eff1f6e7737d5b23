// http/refuse: the one translation from what was thrown to status, headers and JSON-RPC body.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { toBridgeError, type BridgeError } from '../errors.ts'
import { errorFor } from '../rpc/factory.ts'
import { lengthOf, writeTo } from '../rpc/write.ts'
import type { Events } from '../telemetry/events.ts'
import type { Logger } from '../telemetry/logger.ts'
import { excerpt } from '../visible.ts'
import { isSamePath, pathOf } from './path.ts'

/** Answers a request with what was thrown. Throws nothing itself: nobody further up could catch it. */
export type Refuse = (thrown: unknown, req: IncomingMessage, res: ServerResponse) => void

export interface RefusalPolicy {
  /** Where LiteLLM asks for Streamable HTTP. */
  liteLlmPaths: readonly string[]
  /** Another replica asks whether this one takes the request, and tells the client itself. */
  isHandedOver?(req: IncomingMessage): boolean
  /** Told of each. */
  events: Events
}

/** An error, and the request of JSON-RPC that it answers. */
export class Refusal extends Error {
  readonly error: BridgeError
  /** JSON text (latin1), where the request has one. */
  readonly id: string | undefined

  constructor(error: BridgeError, id: string | undefined) {
    super(error.message, { cause: error })
    this.error = error
    this.id = id
  }
}

export function createRefuse(policy: RefusalPolicy, log: Logger): Refuse {
  return (thrown, req, res) => {
    try {
      const { error, id } =
        thrown instanceof Refusal ? thrown : { error: toBridgeError(thrown), id: undefined }
      report(error, req, policy.events)
      // The client may have gone while it was looked up who it is.
      if (res.destroyed) return
      if (!req.complete) dropBody(req, res)
      write(res, error, id, statusFor(error, req, policy))
    } catch (err) {
      log.error({ err }, 'a failure could not be answered')
      res.destroy()
    }
  }
}

function report(error: BridgeError, req: IncomingMessage, events: Events): void {
  const { code, message: reason, cause } = error
  const { remoteAddress: address } = req.socket
  events.refused({ method: req.method, path: excerpt(pathOf(req)), address, code, reason, cause })
}

/** Streamable HTTP: any status but 404 that refuses `initialize` hangs the MCP endpoint of LiteLLM 1.77. */
function statusFor(error: BridgeError, req: IncomingMessage, policy: RefusalPolicy): number {
  const { http } = error.row
  const isForLiteLlm =
    req.method === 'POST' && policy.liteLlmPaths.some((path) => isSamePath(pathOf(req), path))
  return isForLiteLlm && !(http === 503 && policy.isHandedOver?.(req) === true) ? 404 : http
}

/** `{ "jsonrpc": "2.0", "id": …, "error": { code, message, data: { code, hint? } } }`, or an end without a word. */
function write(res: ServerResponse, error: BridgeError, id: string | undefined, status: number): void {
  if (res.headersSent) {
    res.destroy()
    return
  }
  const { retryAfterSeconds } = error.row
  const body = errorFor(id ?? 'null', error).encode('', '\n')
  res.writeHead(status, {
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...(error.code === 'unauthorized' ? { 'www-authenticate': 'Bearer realm="mcp-bridge"' } : {}),
    'content-type': 'application/json; charset=utf-8',
    'content-length': lengthOf(body),
  })
  writeTo(res, body)
  res.end()
}

/** What is left of a body that was refused is read and dropped for this long; a client that still sends is cut. */
const REFUSED_BODY_MS = 10_000

/** To close at once would reset the connection before the client has read why. */
export function dropBody(req: IncomingMessage, res: ServerResponse): void {
  const isLast = !res.shouldKeepAlive
  // Where the client asked for it, Node closes the connection as soon as the answer is written.
  res.shouldKeepAlive = true
  req.resume()
  const cut = setTimeout(() => req.destroy(), REFUSED_BODY_MS).unref()
  req.on('close', () => {
    clearTimeout(cut)
    if (isLast) req.socket.end()
  })
}
