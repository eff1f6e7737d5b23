// exchange/identity: who a modern client is, and so which requests are of the same one.
import { createHash } from 'node:crypto'
import type { Caller } from '../access/caller.ts'
import type { Members } from '../rpc/content.ts'
import type { ClientName } from '../rpc/initialize-params.ts'
import type { Sender } from '../rpc/modern-request.ts'
import type { Era } from '../session/lease.ts'

/** Who it is: the same in all its requests. */
export interface Identity {
  /** A hash of all that tells it from others. */
  key: string
  caller: Caller
  /** Who it says that it is; of several clients that the bridge cannot tell apart, the first. */
  client: ClientName | undefined
  /** What it can be asked; a modern child hears it with each request. */
  capabilities: Members
  /** Of its child. */
  era: Era
}

/** @param address of its machine: without tokens that is all there is to know it by */
export function whoIs(
  { principal, tokenHash, env }: Caller,
  address: string | undefined,
  { identity }: Sender,
  era: Era,
): string {
  const who = tokenHash === undefined ? address : tokenHash
  // A modern child is told all of it with each request.
  const said = era === 'legacy' ? identity : ''
  return JSON.stringify([era, principal, who, env]) + said
}

/** Hashed for all that see it: its environment is secret. */
export function keyOf(who: string): string {
  return createHash('sha256').update(who).digest('base64url')
}
