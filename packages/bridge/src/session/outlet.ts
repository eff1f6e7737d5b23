// session/outlet: the client's connection behind a stream, as the session sees it.
import type { Message } from '../rpc/message.ts'

/** What an outlet reports, with itself: its owner may have another by then. */
export interface OutletOwner {
  /** The connection is gone, by whichever side. */
  closed(outlet: Outlet): void
  /** What waited when `awaitDrain` was called has been written out. */
  drained(outlet: Outlet): void
}

/** One HTTP response that carries messages: undecided at first, then one JSON body or an event stream. */
export interface Outlet {
  readonly isOpen: boolean
  /** Nothing is on the wire yet: the answer may still be a plain JSON body. */
  readonly isUndecided: boolean
  /** All of it has been handed to the operating system, the end included. */
  readonly isWritten: boolean
  /** The client takes an event stream. */
  readonly takesEvents: boolean
  /** The client takes a JSON body. */
  readonly takesJson: boolean
  /** Bytes written here that the client has not taken yet. */
  readonly waitingBytes: number
  bind(owner: OutletOwner): void
  /** The whole answer: one message, or, for a batch, an array of them. Ends the outlet. */
  sendJson(messages: readonly Message[], isBatch: boolean): void
  /** Begins the event stream; a priming event gives the client an id to resume from. */
  openStream(priming: { id: string; retryMs: number } | undefined): void
  sendEvent(id: string | undefined, message: Pick<Message, 'encode'>): void
  /** Has `drained` reported once. */
  awaitDrain(): void
  end(): void
  /** Cuts the connection without flushing what waits. */
  destroy(): void
}
