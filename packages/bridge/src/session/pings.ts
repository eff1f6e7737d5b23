// session/pings: asks a client whether it is still there, and knows its answer.
import { idKey, Message } from '../rpc/message.ts'

export class Pings {
  readonly #prefix: string
  #count = 0

  /** No child would choose such an id: what it asks of the client cannot be taken for the ping. */
  constructor(sessionId: string) {
    this.#prefix = `mcp-bridge-ping-${sessionId}-`
  }

  next(): Message {
    return Message.from({ jsonrpc: '2.0', id: `${this.#prefix}${++this.#count}`, method: 'ping' })
  }

  /** Whether this is the answer to the last. */
  isAnswer(message: Message): boolean {
    if (this.#count === 0 || message.kind !== 'response') return false
    return idKey(message.id) === JSON.stringify(`${this.#prefix}${this.#count}`)
  }
}
