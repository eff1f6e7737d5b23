// http/cors: the headers that let a browser show our answers to the page that asked, once that page is admitted.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { noContent } from './empty.ts'

/** Answers a preflight; gives all other answers to a page their headers. `headerEnv`: names of `--header-env`. */
export function cors(
  headerEnv: readonly string[],
): (req: IncomingMessage, res: ServerResponse, next: () => void) => void {
  return (req, res, next) => {
    const { origin } = req.headers
    if (origin === undefined) return next()
    if (req.method === 'OPTIONS') return noContent(res, preflightHeaders(origin, headerEnv))
    for (const [name, value] of Object.entries(corsHeaders(origin))) res.setHeader(name, value)
    next()
  }
}

/** Headers a browser needs to let an admitted page read our answers. */
export function corsHeaders(origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'Mcp-Session-Id, WWW-Authenticate, Retry-After',
    vary: 'Origin',
  }
}

/** The answer to a preflight. `headerEnv`: the names of `--header-env`, which a page may have to send too. */
export function preflightHeaders(origin: string, headerEnv: readonly string[]): Record<string, string> {
  const names = [
    'Content-Type',
    'Accept',
    'Authorization',
    'X-API-Key',
    'Mcp-Session-Id',
    'MCP-Protocol-Version',
    'Last-Event-ID',
  ]
  return {
    ...corsHeaders(origin),
    'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
    'access-control-allow-headers': [...names, ...headerEnv].join(', '),
    'access-control-allow-private-network': 'true',
    'access-control-max-age': '600',
  }
}
