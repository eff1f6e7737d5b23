// relay/call: one request of a client on its way through a child.
import type { Port } from './port.ts'
import type { Sink } from './sink.ts'

export interface Call {
  /** The integer the child knows this request by, as id and as progress token. */
  readonly number: number
  /** JSON text (latin1) of the client's own id and progress token. */
  readonly clientId: string
  readonly clientToken: string | undefined
  readonly method: string
  /** The answer opens a task, whose progress goes on after it. */
  readonly opensTask: boolean
  readonly port: Port
  readonly sink: Sink
  timer: NodeJS.Timeout | undefined
}
