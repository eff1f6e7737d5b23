// session/line: what a session holds in place of a process, and what it says of its client to get it.
import type { Account } from '../budget/budget.ts'
import type { BridgeError } from '../errors.ts'
import type { Port } from '../relay/connection.ts'
import type { Sink } from '../relay/sink.ts'

export type { Caller } from '../access/caller.ts'

/** A port, and a hand on the process behind it. */
export interface Line {
  readonly port: Port
  /** Bytes that its own process has not read. */
  readonly backlogBytes?: number
  /** The process that is this session's for as long as it lasts. */
  readonly childPid?: number
  /**
   * Stops and backoffs the reading of the child's stdout: back-pressure of a slow client on its own child. Without it
   * the child is not the session's alone, and a stream that is full is cut instead.
   */
  pause?(): void
  resume?(): void
  /** The session is over. */
  close(reason: string): void
}

export interface LineRequest {
  unrelated: Sink
  principal: string
  account: Account
  /** What `--header-env` takes from the client's headers, by variable name. */
  env: Readonly<Record<string, string>>
  /** Aborted when the client has gone: nothing is started for it any more. */
  signal: AbortSignal
  /** The child has gone; what was in flight is answered already. */
  onGone(error: BridgeError): void
}

/** Gets a child and plugs the session into it. Throws BridgeError, `child_…`. */
export type OpenLine = (request: LineRequest) => Promise<Line>
