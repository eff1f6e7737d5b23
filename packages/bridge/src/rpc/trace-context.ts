// rpc/trace-context: the trace that a request belongs to, by W3C: read from `params._meta` or from headers, and told to a child.
import { Span, type TraceContext } from '../telemetry/tracer.ts'
import type { Edit, Member } from './members.ts'
import type { Message } from './message.ts'

/** Headers of HTTP that carry a trace. */
export interface TraceHeaders {
  readonly traceparent?: string | undefined
  readonly tracestate?: string | undefined
  readonly baggage?: string | undefined
}

/** What a request says of the trace that it belongs to. What is malformed, or too long, is as good as absent. */
export interface Arrival {
  /** From `params._meta` or, where that says nothing, from the headers. */
  readonly parent: TraceContext | undefined
  /** Of the headers, beside one in `params._meta`: HTTP may belong to another span. */
  readonly ambient: TraceContext | undefined
  /** Members of `params._meta`; undefined where that is no object. */
  readonly members: readonly Member[] | undefined
  /** The parent stands in `params._meta`. */
  readonly isOwn: boolean
  readonly headers: TraceHeaders | undefined
}

/** "Vendors SHOULD propagate at least 512 characters" (trace-context, 3.3.1.5). */
const MAX_STATE_LENGTH = 512
/** baggage, 3.3.2. */
const MAX_BAGGAGE_LENGTH = 8192
/** A later version may add to it. */
const MAX_PARENT_LENGTH = 512
const PARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-[!-~]*)?$/
const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)
/** One of a list; empty ones are allowed. */
const STATE_MEMBER = /^[a-z\d][a-z\d_\-*/@]{0,255}=[ -+\--<>-~]{0,256}$/
const MAX_STATE_MEMBERS = 32
const PRINTABLE = /^[ -~]*$/

/** @see https://www.w3.org/TR/trace-context/ */
export function parseTraceparent(text: string, state?: string): TraceContext | undefined {
  if (text.length > MAX_PARENT_LENGTH) return undefined
  const [whole, version, traceId = '', spanId = '', flags = '', more] = PARENT.exec(text) ?? []
  if (whole === undefined || version === 'ff' || traceId === NO_TRACE || spanId === NO_SPAN) return undefined
  // Only a later version has more.
  if (version === '00' && more !== undefined) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1, state: stateIn(state) }
}

/** Member by member: one pattern for the list would try each way to part its blanks. */
function stateIn(text: string | undefined): string | undefined {
  if (text === undefined || text === '' || text.length > MAX_STATE_LENGTH) return undefined
  const members = text.split(',').map((member) => member.trim())
  const isWhole = members.every((member) => member === '' || STATE_MEMBER.test(member))
  return isWhole && members.length <= MAX_STATE_MEMBERS ? text : undefined
}

export function traceparentOf({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-0${isSampled ? 1 : 0}`
}

/**
 * Variables for a process that is started for a request which is traced.
 *
 * @see https://opentelemetry.io/docs/specs/otel/context/env-carriers/
 */
export function traceEnvironmentOf(trace: TraceContext | undefined): Record<string, string> {
  if (!(trace instanceof Span)) return {}
  const { state } = trace
  return { TRACEPARENT: traceparentOf(trace), ...(state === undefined ? {} : { TRACESTATE: state }) }
}

/** Those of a request that carry something; undefined for nearly all. */
export function traceHeadersIn(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): TraceHeaders | undefined {
  const { traceparent, tracestate, baggage } = headers
  if (traceparent === undefined && baggage === undefined) return undefined
  return { traceparent: textIn(traceparent), tracestate: textIn(tracestate), baggage: textIn(baggage) }
}

function textIn(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined
}

/** Nothing is read but where the members of `_meta` stand. */
export function arrivalOf(message: Message, headers: TraceHeaders | undefined): Arrival {
  const { meta } = message.envelope
  const members = meta === undefined ? undefined : message.membersAt(meta.start)
  const outer =
    headers?.traceparent === undefined ? undefined : parseTraceparent(headers.traceparent, headers.tracestate)
  const text = members && textOf(message, members, 'traceparent')
  const own = text === undefined ? undefined : parseTraceparent(text, textOf(message, members, 'tracestate'))
  return {
    parent: own ?? outer,
    ambient: own !== undefined && outer?.spanId !== own.spanId ? outer : undefined,
    members,
    isOwn: own !== undefined,
    headers,
  }
}

/** Undefined too where it is there twice, or is written in escapes, which no tracing system does. */
function textOf(message: Message, members: readonly Member[] = [], name: string): string | undefined {
  let text: string | undefined
  for (const { key, valueAt, end, first } of members) {
    if (key !== name) continue
    if (text !== undefined || first !== 0x22) return undefined
    if (end - valueAt > MAX_PARENT_LENGTH + 64) return undefined
    const raw = message.textAt({ start: valueAt, end }).trimEnd()
    text = raw.slice(1, -1)
    if (text.includes('\\')) return undefined
  }
  return text
}

/**
 * The same request, whose `params._meta` tells its child that it belongs to this span. Where the parent came with the
 * headers, what else they carry of the trace is told too.
 */
export function told(message: Message, span: TraceContext, { members, isOwn, headers }: Arrival): Message {
  const has = (name: string) => members?.some(({ key }) => key === name) === true
  const baggage = has('baggage') ? undefined : baggageIn(headers)
  const additions = [
    ...(has('traceparent') ? [] : [`"traceparent":"${traceparentOf(span)}"`]),
    ...(isOwn || span.state === undefined || has('tracestate')
      ? []
      : [`"tracestate":${JSON.stringify(span.state)}`]),
    ...(baggage === undefined ? [] : [`"baggage":${JSON.stringify(baggage)}`]),
  ]
  return message.edited([
    ...(members ?? [])
      .filter(({ key }) => key === 'traceparent')
      .map(({ valueAt, end }) => ({ start: valueAt, end, text: `"${traceparentOf(span)}"` })),
    ...(isOwn ? [] : replacedState(members, span)),
    ...(additions.length === 0 ? [] : inserted(message, members, additions.join(','))),
  ])
}

/** "tracestate" beside a parent that does not count is that of nobody. */
function replacedState(members: readonly Member[] = [], { state = '' }: TraceContext): Edit[] {
  return members
    .filter(({ key }) => key === 'tracestate')
    .map(({ valueAt, end }) => ({ start: valueAt, end, text: JSON.stringify(state) }))
}

function baggageIn(headers: TraceHeaders | undefined): string | undefined {
  const text = headers?.baggage
  return text !== undefined && text.length <= MAX_BAGGAGE_LENGTH && PRINTABLE.test(text) ? text : undefined
}

/** In front of what is there: into `_meta`, or with it into `params`, or with that into the message. */
function inserted(message: Message, members: readonly Member[] | undefined, text: string): Edit[] {
  const { meta, hasOddMeta, paramsAt, nulls, hasOddParams, id } = message.envelope
  if (meta !== undefined) return front(meta.start, members?.length === 0, text)
  // It is there, and is no object: whatever it is to say, it stays.
  if (hasOddMeta) return []
  const own = `"_meta":{${text}}`
  if (paramsAt !== -1) return front(paramsAt, message.isEmptyAt(paramsAt), own)
  const end = nulls?.params
  if (end !== undefined) return [{ start: end - NULL_LENGTH, end, text: `{${own}}` }]
  if (hasOddParams || id === undefined) return []
  return [{ start: id.end, end: id.end, text: `,"params":{${own}}` }]
}

const NULL_LENGTH = 4

function front(brace: number, isEmpty: boolean, text: string): Edit[] {
  return [{ start: brace + 1, end: brace + 1, text: isEmpty ? text : `${text},` }]
}
