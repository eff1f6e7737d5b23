// access/details: who may learn why the bridge cannot serve: the reason may quote the tool's stderr.
import type { IncomingMessage } from 'node:http'
import { isLoopback } from '../config/loopback.ts'
import type { Authenticate } from './authenticate.ts'
import type { Caller } from './caller.ts'
import type { Gate } from './gate.ts'

/** All reasons, none, or those of the tools that this caller may use. */
export type Details = 'all' | 'none' | Pick<Caller, 'principal'>

/**
 * Whoever asks from this machine may know all, whoever has a token what is there for him; never a page that has rebound a
 * name. Without tokens nobody else may: that the tool can be called by all does not mean that its stderr is for all.
 */
export function detailsFor(
  hasTokens: boolean,
  admit: Gate,
  authenticate: Authenticate,
): (req: IncomingMessage) => Details | Promise<Details> {
  return (req) => {
    try {
      admit(req)
      if (isFromThisMachine(req)) return 'all'
      if (!hasTokens) return 'none'
      const caller = authenticate(req)
      return caller instanceof Promise ? caller.catch(() => 'none' as const) : caller
    } catch {
      return 'none'
    }
  }
}

/**
 * The health check of a container does; what a proxy on this machine passes on does not. Most leave `X-Forwarded-For`, but
 * nginx as its own documentation sets it up `X-Real-IP` alone, and a sidecar of Istio, which has an address of 127/8,
 * `X-Forwarded-Proto`. One that leaves nothing cannot be told from this machine.
 */
export function isFromThisMachine({ socket, headers }: IncomingMessage): boolean {
  const { remoteAddress = '' } = socket
  return isLoopback(remoteAddress.replace(/^::ffff:/, '')) && !Object.keys(headers).some(isOfProxy)
}

function isOfProxy(header: string): boolean {
  return header.startsWith('x-forwarded-') || OF_PROXY.has(header)
}

/** RFC 7239, RFC 9110, and custom. */
const OF_PROXY = new Set(['forwarded', 'via', 'x-real-ip'])
