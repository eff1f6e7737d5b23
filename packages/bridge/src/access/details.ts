// access/details: who may learn why the bridge cannot serve: the reason may quote the tool's stderr.
import type { IncomingMessage } from 'node:http'
import { isLoopback } from '../config/loopback.ts'
import type { Authenticate } from './authenticate.ts'
import type { Gate } from './gate.ts'

export interface DetailsPolicy {
  /** The address listened on. */
  host: string
  hasTokens: boolean
}

/**
 * Whether a request comes from somebody who could call the tool anyway, or from this machine; never from a page that has
 * rebound a name.
 */
export function detailsCheck(
  { host, hasTokens }: DetailsPolicy,
  admit: Gate,
  authenticate: Authenticate,
): (req: IncomingMessage) => boolean | Promise<boolean> {
  const isOpen = !hasTokens || isLoopback(host)
  return (req) => {
    try {
      admit(req)
      if (isOpen || isFromThisMachine(req)) return true
      const caller = authenticate(req)
      if (!(caller instanceof Promise)) return true
      return caller.then(
        () => true,
        () => false,
      )
    } catch {
      return false
    }
  }
}

/** The health check of a container does; what a proxy on this machine passes on does not. */
export function isFromThisMachine({ socket, headers }: IncomingMessage): boolean {
  const { remoteAddress = '' } = socket
  return isLoopback(remoteAddress.replace(/^::ffff:/, '')) && headers['x-forwarded-for'] === undefined
}
