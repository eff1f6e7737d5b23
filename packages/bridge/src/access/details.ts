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

/** The health check of a container does; what a proxy on this machine passes on does not. */
export function isFromThisMachine({ socket, headers }: IncomingMessage): boolean {
  const { remoteAddress = '' } = socket
  return isLoopback(remoteAddress.replace(/^::ffff:/, '')) && headers['x-forwarded-for'] === undefined
}
