// traces/span: a request that is over as a span of OpenTelemetry, by its conventions for MCP; what it says is read when it is sent.
import { offsetToWallClock } from '../clock.ts'
import { ERRORS } from '../errors.ts'
import { unquote } from '../rpc/scanner.ts'
import type { CallEvent } from '../telemetry/events.ts'
import type { Span, TraceContext } from '../telemetry/tracer.ts'
import { excerpt } from '../visible.ts'

/** What is told of a request: of a call, or of an `initialize`. */
export type Told = Pick<
  CallEvent,
  | 'sessionId'
  | 'wire'
  | 'revision'
  | 'requestId'
  | 'method'
  | 'target'
  | 'outcome'
  | 'errorCode'
  | 'isToolError'
>

type Attributes = Readonly<Record<string, string>>
/** Seconds and nanoseconds. */
type Time = readonly [number, number]

/** What all spans of one server have in common. */
export interface Emitter {
  readonly resource: { readonly attributes: Attributes; readonly asyncAttributesPending: false }
  readonly instrumentationScope: { readonly name: string; readonly version: string }
  /** Of several servers its name. */
  readonly server: string
}

const KIND_SERVER = 1
const STATUS = { unset: 0, error: 2 } as const
const NONE: readonly never[] = []

/** In the shape that the exporters of OpenTelemetry take. */
export class ReadableSpan {
  readonly kind = KIND_SERVER
  readonly ended = true
  readonly events = NONE
  readonly droppedAttributesCount = 0
  readonly droppedEventsCount = 0
  readonly droppedLinksCount = 0
  readonly #span: Span
  readonly #told: Told
  readonly #emitter: Emitter
  readonly #endedAt = performance.now()
  readonly #offsetMs = offsetToWallClock()
  #attributes: Attributes | undefined

  constructor(span: Span, told: Told, emitter: Emitter) {
    this.#span = span
    this.#told = told
    this.#emitter = emitter
  }

  get resource() {
    return this.#emitter.resource
  }

  get instrumentationScope() {
    return this.#emitter.instrumentationScope
  }

  spanContext() {
    return contextOf(this.#span)
  }

  get parentSpanContext() {
    const { parent } = this.#span
    return parent === undefined ? undefined : { ...contextOf(parent), isRemote: true }
  }

  get links() {
    const { link } = this.#span
    return link === undefined ? NONE : [{ context: { ...contextOf(link), isRemote: true } }]
  }

  get startTime(): Time {
    return split(this.#offsetMs + this.#span.startedAt)
  }

  get endTime(): Time {
    return split(this.#offsetMs + this.#endedAt)
  }

  get duration(): Time {
    return split(this.#endedAt - this.#span.startedAt)
  }

  /** "target SHOULD match `{gen_ai.tool.name}` or `{gen_ai.prompt.name}` when applicable": never an address. */
  get name(): string {
    const { method, target } = this.#told
    return NAMED.has(method) && target !== undefined ? `${method} ${target}` : excerpt(method)
  }

  /** The text of an error may repeat what the tool was given; the bridge's own code for it says nothing of that. */
  get status(): { code: number; message?: string } {
    const { outcome, isToolError } = this.#told
    if (outcome === 'ok' && !isToolError) return { code: STATUS.unset }
    return { code: STATUS.error, ...(outcome in ERRORS ? { message: outcome } : {}) }
  }

  get attributes(): Attributes {
    return (this.#attributes ??= attributesOf(this.#told, this.#emitter.server))
  }
}

const NAMED: ReadonlySet<string> = new Set(['tools/call', 'prompts/get'])

/** @see https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/#server */
function attributesOf(told: Told, server: string): Attributes {
  const { sessionId, wire, revision, requestId, method, target, errorCode } = told
  const code = errorCode === undefined ? undefined : String(errorCode)
  const errorType = errorTypeOf(told, code)
  return {
    'mcp.method.name': excerpt(method),
    ...(target === undefined ? {} : targetOf(method, target)),
    'jsonrpc.request.id': excerpt(requestId.startsWith('"') ? unquote(requestId) : requestId),
    ...(revision === undefined ? {} : { 'mcp.protocol.version': excerpt(revision) }),
    // The whole is a credential.
    ...(wire === 'stateless' ? {} : { 'mcp.session.id': sessionId }),
    'network.transport': 'tcp',
    'network.protocol.name': 'http',
    ...(errorType === undefined ? {} : { 'error.type': errorType }),
    ...(code === undefined ? {} : { 'rpc.response.status_code': code }),
    ...(server === '' ? {} : { 'mcp_bridge.server': server }),
  }
}

function targetOf(method: string, target: string): Attributes {
  if (method === 'tools/call') return { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': target }
  if (method === 'prompts/get') return { 'gen_ai.prompt.name': target }
  return method.startsWith('resources/') ? { 'mcp.resource.uri': withoutSecrets(target) } : {}
}

/** Who logs in there, and what is asked, may be nobody's business. */
function withoutSecrets(uri: string): string {
  return uri.replace(/[?#].*$/s, '').replace(/^([^/:]*:\/\/)[^/]*@/, '$1')
}

function errorTypeOf({ outcome, isToolError }: Told, code: string | undefined): string | undefined {
  if (outcome === 'ok') return isToolError ? 'tool_error' : undefined
  return outcome === 'dropped' ? outcome : (code ?? '_OTHER')
}

function contextOf({ traceId, spanId, isSampled, state }: TraceContext) {
  return {
    traceId,
    spanId,
    traceFlags: isSampled ? 1 : 0,
    ...(state === undefined ? {} : { traceState: { serialize: () => state } }),
  }
}

function split(ms: number): Time {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.floor((ms - seconds * 1000) * 1e6)]
}
