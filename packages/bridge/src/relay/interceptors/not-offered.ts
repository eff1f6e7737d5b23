// relay/interceptors/not-offered: what a child cannot offer to clients that share it is refused as a server without it would.
import { BridgeError } from '../../errors.ts'
import type { Message } from '../../rpc/message.ts'
import { excerpt } from '../../visible.ts'
import { fail } from '../call.ts'
import type { Interceptor } from '../dispatch.ts'
import { intercept } from '../intercept.ts'

/** A task outlives its request, and its id is known to whoever asks for the list. */
export function isTask({ method, envelope }: Message): boolean {
  return method.startsWith('tasks/') || (envelope.hasTask && method !== 'initialize')
}

export function notOffered(isRefused: (message: Message) => boolean): Interceptor {
  return (next) =>
    intercept(next, {
      request: (call, message, handler) => {
        if (!isRefused(message)) return next.request(call, message, handler)
        const text = `${excerpt(call.method)} is not offered here`
        fail(call, handler, new BridgeError('method_not_offered', text))
      },
    })
}
