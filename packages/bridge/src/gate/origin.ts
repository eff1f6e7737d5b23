// gate/origin: refuses web pages that are not admitted; says what CORS headers the others get.
import { isLoopback } from '../config/loopback.ts'
import { BridgeError } from '../errors.ts'
import { excerpt } from '../foreign.ts'
import type { Gate } from './gate.ts'
import { hostName } from './host.ts'

export interface OriginPolicy {
  host: string
  /** Origins such as `https://app.example`; '*' admits all. */
  allowOrigin: readonly string[]
  insecure: boolean
}

/** Whether a page of this origin may call; pages of this machine may call a bridge that listens on loopback. */
export function originCheck(policy: OriginPolicy): (origin: string) => boolean {
  const allowed = new Set(policy.allowOrigin.map((origin) => origin.toLowerCase().replace(/\/$/, '')))
  const isLocal = isLoopback(policy.host) || policy.insecure
  return (origin) => {
    if (allowed.has('*') || allowed.has(origin.toLowerCase())) return true
    const match = /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase())
    return isLocal && match?.[1] !== undefined && isLoopback(hostName(match[1]))
  }
}

/**
 * "Servers MUST validate the Origin header on all incoming connections"; "if the Origin header is present and invalid,
 * servers MUST respond with HTTP 403".
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
 */
export function originGate(isAllowed: (origin: string) => boolean): Gate {
  return ({ headers }) => {
    const { origin } = headers
    // Absent is fine: only browsers send Origin, and only a browser can be rebound.
    if (origin === undefined || isAllowed(origin)) return
    throw new BridgeError('origin_forbidden', `origin "${excerpt(origin)}" is not admitted`, {
      hint: `admit it with --allow-origin ${/^[\w.:/[\]-]{1,200}$/.test(origin) ? origin : 'ORIGIN'}`,
    })
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
