// relay/traced: a request as part of a trace: a span is begun for it, and its child is told.
import type { Message } from '../rpc/message.ts'
import { arrivalOf, told, type Arrival, type TraceHeaders } from '../rpc/trace-context.ts'
import type { Events } from '../telemetry/events.ts'
import { Span, type TraceContext } from '../telemetry/tracer.ts'
import type { Call } from './dispatch.ts'

/**
 * The request as it goes on. While nothing is traced that is the very same, and the call is only told what its client says
 * of the trace, if somebody listens.
 */
export function traced(
  call: Call,
  message: Message,
  headers: TraceHeaders | undefined,
  events: Events,
): Message {
  const { sampler } = events
  if (sampler === undefined) {
    if (events.areCallsHeard && (headers !== undefined || message.envelope.meta !== undefined))
      call.trace = arrivalOf(message, headers).parent
    return message
  }
  const arrival = arrivalOf(message, headers)
  const span = new Span(sampler, arrival.parent, arrival.ambient)
  call.trace = span
  const toTell = contextFor(span, arrival)
  return toTell === undefined ? message : told(message, toTell, arrival)
}

/** A span that is not recorded is nobody's parent: the child is told of the one before, or to record nothing either. */
function contextFor(span: Span, { parent, isOwn }: Arrival): TraceContext | undefined {
  if (span.isSampled || parent === undefined) return span
  if (isOwn && !parent.isSampled) return undefined
  return { ...parent, isSampled: false }
}
