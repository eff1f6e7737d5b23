// relay/call: a request as a call, and what answers it without its child.
import { BridgeError, toBridgeError } from '../errors.ts'
import type { Message } from '../rpc/message.ts'
import { errorFor } from '../rpc/factory.ts'
import type { Call, ResponseHandler } from './dispatch.ts'

type Responding = Pick<ResponseHandler, 'onResponse'>

/** @param timeoutMs 0: never */
export function createCall({ envelope, id, method }: Message, timeoutMs: number): Call {
  const { progressToken, hasTask } = envelope
  return {
    id,
    progressToken: progressToken?.raw,
    method,
    opensTask: hasTask && progressToken !== undefined,
    timeoutMs,
    number: 0,
    stream: undefined,
    node: undefined,
    timer: undefined,
  }
}

/** Answers a call in place of its child. */
export function fail(call: Call, handler: Responding, error: BridgeError): void {
  handler.onResponse(errorFor(call.id, error), call)
}

/**
 * Whatever goes wrong with a response on its way to the client: the client has an answer, and it is nobody else's affair.
 *
 * @param onFailure told of what was thrown, and of what is answered with it
 */
export function respond(
  call: Call,
  handler: Responding,
  message: Message,
  onFailure: (error: BridgeError) => void,
): void {
  try {
    handler.onResponse(message, call)
  } catch (thrown) {
    const error = toBridgeError(thrown)
    onFailure(error)
    fail(call, handler, error)
  }
}
