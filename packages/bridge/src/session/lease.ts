// session/lease: what a session holds in place of a process, and what it says of its client to get it.
import type { Caller } from '../access/caller.ts'
import type { BridgeError } from '../errors.ts'
import type { Dispatcher } from '../relay/dispatch.ts'
import type { Members } from '../rpc/content.ts'
import type { InitializeParams } from '../rpc/initialize-params.ts'
import type { TraceContext } from '../telemetry/tracer.ts'

/** How a client or a child begins: with `initialize`, or with any request, each of which says all there is to say. */
export type Era = 'legacy' | 'modern'

/** The right to use a child. */
export interface Lease {
  /** The way there. Closing it gives back what was shared. */
  readonly dispatcher: Dispatcher
  /** What a modern child says of itself; undefined for one that is initialised. */
  readonly discovered?: Members | undefined
  /** Where the child speaks another revision than its client may. */
  readonly childRevision?: string | undefined
  /** The process that is this lease's alone, if there is one, and bytes that it has not read. */
  readonly childPid?: number
  readonly backlogBytes?: number
  /**
   * Stops and restarts the reading of the child's stdout: back-pressure of a slow client on its own child. Without it
   * the child is not the client's alone, and a stream that is full is cut instead.
   */
  pause?(): void
  resume?(): void
  /** Ends the process that is this lease's alone. */
  stop?(): void
}

export interface LeaseRequest {
  caller: Caller
  /** Which requests the client sends: with a session, or each for itself. */
  era: Era
  /** What the client says of itself. */
  params: InitializeParams
  /** Of the request for which it is taken: a process that is started for it alone is told. */
  trace?: TraceContext | undefined
  /** Aborted when the client has gone: nothing is started for it any more. */
  signal: AbortSignal
  /** The child that was this lease's alone has gone; what was in flight is answered already. */
  onGone(error: BridgeError): void
}

/** Throws BridgeError, `child_…`. */
export type OpenLease = (request: LeaseRequest) => Promise<Lease>
