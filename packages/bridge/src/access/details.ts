// access/details: who may learn why the bridge cannot serve: the reason may quote the tool's stderr.
import type { IncomingMessage } from 'node:http'
import { isLoopback } from '../config/loopback.ts'
import type { Authenticate } from './authenticate.ts'

export interface DetailsPolicy {
  /** The address listened on. */
  host: string
  hasTokens: boolean
}

/** Whether a request comes from somebody who could call the tool anyway, or from this machine. */
export function detailsCheck(
  { host, hasTokens }: DetailsPolicy,
  authenticate: Authenticate,
): (req: IncomingMessage) => boolean | Promise<boolean> {
  if (!hasTokens || isLoopback(host)) return () => true
  return (req) => {
    if (isFromThisMachine(req)) return true
    try {
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
function isFromThisMachine({ socket, headers }: IncomingMessage): boolean {
  const { remoteAddress = '' } = socket
  return isLoopback(remoteAddress.replace(/^::ffff:/, '')) && headers['x-forwarded-for'] === undefined
}
