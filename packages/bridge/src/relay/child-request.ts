// relay/child-request: a request of a child, with the way back to it.
import { BridgeError } from '../errors.ts'
import { emptyResultFor, errorFor } from '../rpc/factory.ts'
import type { Message } from '../rpc/message.ts'
import type { ServerRequest } from './dispatch.ts'

/** Writes to the child. */
export interface ChildWriter {
  /** What a client says. Throws BridgeError `child_backlogged`. */
  notify(message: Message): void
  /** What the bridge says; dropped where the child does not read. */
  write(message: Message): void
}

/** It keeps nothing of the request but its id. */
export class ChildRequest implements ServerRequest {
  readonly id: string
  readonly source: ChildWriter
  readonly isOnlySource: boolean

  constructor(id: string, source: ChildWriter, isOnlySource: boolean) {
    this.id = id
    this.source = source
    this.isOnlySource = isOnlySource
  }

  reply(response: Message): void {
    this.source.notify(response.rewrite([[response.envelope.id, this.id]]))
  }

  refuse(why: string): void {
    this.source.write(errorFor(this.id, new BridgeError('server_request_refused', why)))
  }

  pong(): void {
    this.source.write(emptyResultFor(this.id))
  }
}
