// http/empty: the answers that have no body.
import type { ServerResponse } from 'node:http'

/** "the server MUST return HTTP status code 202 Accepted with no body" (2025-11-25, basic/transports). */
export function accepted(res: ServerResponse): void {
  res.writeHead(202, { 'content-length': 0 })
  res.end()
}

export function noContent(res: ServerResponse, headers: Record<string, string> = {}): void {
  res.writeHead(204, headers)
  res.end()
}
