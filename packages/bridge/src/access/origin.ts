// access/origin: refuses web pages that are not admitted.
import type { IncomingHttpHeaders } from 'node:http'
import { isLoopback } from '../config/loopback.ts'
import { isOrigin, normalOrigin } from '../config/origins.ts'
import { BridgeError } from '../errors.ts'
import { excerpt } from '../visible.ts'
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
  const allowed = new Set(policy.allowOrigin.map(normalOrigin))
  const isLocal = isLoopback(policy.host) || policy.insecure
  return (origin) => {
    if (allowed.has('*') || allowed.has(origin.toLowerCase())) return true
    const [, host] = /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase()) ?? []
    return isLocal && host !== undefined && isLoopback(hostName(host))
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
    if (origin === undefined) return refuseOtherSites(headers)
    if (isAllowed(origin)) return
    throw new BridgeError('origin_forbidden', `origin "${excerpt(origin)}" is not admitted`, hintFor(origin))
  }
}

/**
 * A request without Origin comes from a program that is no browser, or from a link, an image or a GET form of a page. The
 * latter say which site they are of; from another site, none of them is a legitimate way to call a tool.
 *
 * @see https://www.w3.org/TR/fetch-metadata/ sent by browsers to addresses of this machine and over TLS
 */
function refuseOtherSites(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site']
  if (site !== 'cross-site' && site !== 'same-site') return
  throw new BridgeError(
    'origin_forbidden',
    'the request comes from a page of another site and names no origin',
    {
      hint: 'call it with fetch, from a page that --allow-origin names',
    },
  )
}

/** The hint can be typed as it stands: nothing but a well-formed origin is quoted in it. */
function hintFor(origin: string): { hint: string } {
  if (!isOrigin(origin)) return { hint: 'no browser sends such an origin' }
  const risk = ' (every page in a sandboxed frame, whosever it is, sends this one)'
  return { hint: `admit it with --allow-origin ${origin}${origin.toLowerCase() === 'null' ? risk : ''}` }
}
