// relay/call: one request of a client on its way through a child.
import type { ListNode } from '../linked-list.ts'
import type { Message } from '../rpc/message.ts'
import type { Port } from './connection.ts'
import type { Sink } from './sink.ts'
import type { Switchboard } from './multiplexer.ts'

export interface Call {
  /** The integer the child knows this request by, as id and as progress token; 0 while it waits for a child. */
  number: number
  /** The child that has it. */
  switchboard: Switchboard | undefined
  /** JSON text (latin1) of the client's own id and progress token. */
  readonly clientId: string
  readonly clientToken: string | undefined
  readonly method: string
  /** The answer opens a task, whose progress goes on after it. */
  readonly opensTask: boolean
  readonly port: Port
  /** Among the calls of the port that wait for their answers. */
  link: ListNode<Call> | undefined
  sink: Sink
  timer: NodeJS.Timeout | undefined
}

export function createCall(message: Message, port: Port, sink: Sink): Call {
  const { progressToken, hasTask } = message.envelope
  return {
    number: 0,
    switchboard: undefined,
    clientId: message.id,
    clientToken: progressToken?.raw,
    method: message.method,
    opensTask: hasTask && progressToken !== undefined,
    port,
    link: undefined,
    sink,
    timer: undefined,
  }
}
