// relay/interceptors/envelope: what each request to a modern child says of itself, for those that do not say it themselves.
import { recordOf, type Members } from '../../rpc/content.ts'
import { Message } from '../../rpc/message.ts'
import { envelopeOf, type Envelope } from '../../rpc/modern-request.ts'
import type { Interceptor } from '../dispatch.ts'
import { intercept } from '../intercept.ts'

/** @param envelope for a request of the bridge's own, or of a client that has said it once, in `initialize` */
export function enveloped(envelope: () => Envelope): Interceptor {
  return (next) =>
    intercept(next, {
      request: (call, message, handler) =>
        next.request(call, message.envelope.isModern ? message : withEnvelope(message, envelope()), handler),
    })
}

/** Its own progress token stays. */
function withEnvelope(message: Message, envelope: Envelope): Message {
  const whole = recordOf(message.exactJson())
  const params = recordOf(whole['params'])
  const _meta: Members = { ...recordOf(params['_meta']), ...envelopeOf(envelope) }
  return Message.from({ ...whole, params: { ...params, _meta } })
}
