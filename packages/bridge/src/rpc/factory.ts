// rpc/factory: the few messages that the bridge writes itself.
import type { BridgeError } from '../errors.ts'
import { Message } from './message.ts'

/** A JSON-RPC error for the request with this id (JSON text, latin1). */
export function errorFor(id: string, error: BridgeError): Message {
  return withId(Message.from({ jsonrpc: '2.0', id: 0, error: error.toRpc() }, error.code), id)
}

/** An empty result for the request with this id: the answer to `ping`. */
export function emptyResultFor(id: string): Message {
  return withId(Message.from({ jsonrpc: '2.0', id: 0, result: {} }), id)
}

/** @see https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/cancellation */
export function cancellationOf(requestId: number, reason: string): Message {
  return Message.from({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId, reason } })
}

/** The id goes in as text: `9007199254740993` is no number that JSON.stringify could write. */
function withId(message: Message, id: string): Message {
  return message.rewrite([[message.envelope.id, id]])
}
