// relay/peer: a client as the children see it.
import { UNCHARGED, type Account } from '../budget/budget.ts'
import type { Peer } from './dispatch.ts'

export function createPeer({ principal, account }: { principal: string; account: Account }): Peer {
  return { identity: Symbol('client'), principal, account, listener: undefined }
}

/** The bridge itself: nobody counts what it asks. */
export function createBridgePeer(): Peer {
  return createPeer({ principal: '', account: UNCHARGED })
}
