// http/refuse: the one translation from BridgeError to status, headers and JSON-RPC body.
import type { ServerResponse } from 'node:http'
import type { BridgeError } from '../errors.ts'
import { errorFor } from '../rpc/factory.ts'
import { lengthOf, writeTo } from '../rpc/write.ts'

/**
 * Refuses a request: `{ "jsonrpc": "2.0", "id": …, "error": { code, message, data: { code, hint? } } }`.
 *
 * @param id JSON text (latin1) of the request's id, where there is one
 */
export function refuse(
  res: ServerResponse,
  error: BridgeError,
  id = 'null',
  status: number = error.row.http,
): void {
  if (res.headersSent) {
    res.destroy()
    return
  }
  const { retryAfterSeconds } = error.row
  const body = errorFor(id, error).encode('', '\n')
  res.writeHead(status, {
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...(error.code === 'unauthorized' ? { 'www-authenticate': 'Bearer realm="mcp-bridge"' } : {}),
    'content-type': 'application/json; charset=utf-8',
    'content-length': lengthOf(body),
  })
  writeTo(res, body)
  res.end()
}

/** "the server MUST return HTTP status code 202 Accepted with no body" (2025-11-25, basic/transports). */
export function accepted(res: ServerResponse): void {
  res.writeHead(202, { 'content-length': 0 })
  res.end()
}
