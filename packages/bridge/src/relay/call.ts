// relay/call: a request as a call, and what answers it without its child.
import { BridgeError, toBridgeError } from '../errors.ts'
import type { Message } from '../rpc/message.ts'
import { errorFor } from '../rpc/factory.ts'
import type { Logger } from '../telemetry/logger.ts'
import { excerpt } from '../visible.ts'
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
    startedAt: performance.now(),
    trace: undefined,
    number: 0,
    stream: undefined,
    node: undefined,
    timer: undefined,
  }
}

/** It has no response until either side has had enough, and nothing that the child logs or asks is about it. */
export function isStanding({ method }: Call): boolean {
  return method === 'subscriptions/listen'
}

/** What is a fault of the bridge is answered without its cause: the log has it. */
export function logInternal({ code, cause }: BridgeError, { method }: Call, log: Logger): void {
  if (code === 'internal') log.error({ err: cause, method: excerpt(method) }, 'request failed')
}

/** Answers a call in place of its child. */
export function fail(call: Call, handler: Responding, error: BridgeError): void {
  handler.onResponse(errorFor(call.id, error), call)
}

/**
 * Whatever goes wrong with a response on its way to the client: the client has an answer, it is nobody else's affair, and
 * nothing is thrown.
 */
export function respond(call: Call, handler: Responding, message: Message, log: Logger): void {
  try {
    handler.onResponse(message, call)
  } catch (thrown) {
    const error = toBridgeError(thrown)
    logInternal(error, call, log)
    try {
      fail(call, handler, error)
    } catch (err) {
      log.error({ err, method: excerpt(call.method) }, 'a failure could not be answered')
    }
  }
}
