// relay/process: what a route needs of a process; the child room has it.
import type { BridgeError } from '../errors.ts'
import type { Message } from '../rpc/message.ts'
import type { Pipe } from './multiplexer.ts'

export interface Process extends Pipe {
  readonly pid: number
  readonly startedAt: number
  /** Last lines of stderr, oldest first. */
  readonly stderrTail: readonly string[]
  listen(listener: {
    receive(message: Message): void
    receiveLost(id: string | undefined, error: BridgeError, isSure?: boolean): void
    childGone(error: BridgeError): void
  }): void
  stop(graceMs?: number): Promise<unknown>
  /** Settles when it has ended and nothing of it is left. */
  readonly ended: Promise<void>
}
