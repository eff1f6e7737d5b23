// status/viewer: who looks at the status, and so what may be seen: by token, by the cookie that a form gave for one, or by place.
import type { IncomingMessage } from 'node:http'
import type { Authenticate } from '../access/authenticate.ts'
import type { Caller } from '../access/caller.ts'
import { isFromThisMachine } from '../access/details.ts'
import { isLoopback } from '../config/loopback.ts'
import { ownerOf } from '../lease/owner.ts'
import type { StatusCookies } from './cookies.ts'

/** `states`: whoever reaches a bridge without tokens that others reach too. */
export type Viewer =
  | { readonly sees: 'all' }
  | { readonly sees: 'own'; readonly principal: string; readonly ownerKey: string }
  | { readonly sees: 'states' }

export interface ViewerOptions {
  /** The address listened on. */
  host: string
  hasTokens: boolean
  authenticate: Authenticate
  cookies: StatusCookies
}

/**
 * Without tokens whoever is on this machine may see all, if the bridge is for this machine; with tokens everybody sees what
 * is their own.
 *
 * @returns undefined where a token is needed and none was sent
 * @throws BridgeError `unauthorized` for one that is not known
 */
export function viewerOf(
  req: IncomingMessage,
  { host, hasTokens, authenticate, cookies }: ViewerOptions,
): Viewer | undefined | Promise<Viewer> {
  // What a proxy passes on comes from elsewhere: `isFromThisMachine` says no to that.
  if (!hasTokens) return { sees: isLoopback(host) && isFromThisMachine(req) ? 'all' : 'states' }
  const { authorization, 'x-api-key': key } = req.headers
  if (authorization === undefined && key === undefined) {
    const known = cookies.callerOf(req)
    return known === undefined ? undefined : ownView(known)
  }
  const caller = authenticate(req)
  return caller instanceof Promise ? caller.then(ownView) : ownView(caller)
}

/** Of a principal whose environment differs from session to session, only what has that of this request. */
function ownView({ principal, env }: Caller): Viewer {
  return { sees: 'own', principal, ownerKey: ownerOf(principal, env).key }
}
