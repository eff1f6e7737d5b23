// relay/interceptors/observe: each call as an event, when it is over.
import { monotonicMs } from '../../clock.ts'
import { exactContentOf, paramsOf, recordOf } from '../../rpc/content.ts'
import { errorFor } from '../../rpc/factory.ts'
import type { Message } from '../../rpc/message.ts'
import { unquote } from '../../rpc/scanner.ts'
import { errorCodeOf, isToolError } from '../../rpc/outcome.ts'
import type { CallEvent, Events } from '../../telemetry/events.ts'
import { excerpt } from '../../visible.ts'
import { fail } from '../call.ts'
import type { Call, Entry, ReplyStream } from '../dispatch.ts'

/** The session of the calls. */
export interface Observed {
  readonly shortId: string
  readonly client: CallEvent['client']
  readonly wire: CallEvent['wire']
  readonly caller: { readonly principal: string; readonly env: Readonly<Record<string, string>> }
  readonly protocolVersion: string | undefined
  readonly childRevision: string | undefined
}

/** What is thrown is the response of a call too, and is for `next` to give. */
export function observeCalls(next: Entry, events: Events, session: Observed): Entry {
  return {
    request: (call, message, stream) => {
      const seen = observed(stream, message, events, session)
      const refusal = events.recorder?.refusal()
      if (refusal === undefined) next.request(call, message, seen)
      else fail(call, seen, refusal)
    },
  }
}

/** The same stream, whose response is told. While nobody listens, that costs one look at whether somebody does. */
export function observed(
  stream: ReplyStream,
  message: Message,
  events: Events,
  session: Observed,
): ReplyStream {
  return events.areCallsHeard ? new ObservedStream(stream, message, events, session) : stream
}

class ObservedStream implements ReplyStream {
  readonly isStandalone: boolean
  readonly #stream: ReplyStream
  readonly #events: Events
  readonly #session: Observed
  readonly #target: string | undefined
  readonly #arguments: string | undefined
  readonly #requestBytes: number
  readonly #from = monotonicMs()
  #isOver = false

  constructor(stream: ReplyStream, message: Message, events: Events, session: Observed) {
    this.isStandalone = stream.isStandalone
    this.#stream = stream
    this.#events = events
    this.#session = session
    this.#target = targetOf(message)
    this.#arguments = argumentsOf(message, this.#target, events, session)
    this.#requestBytes = message.receivedBytes
  }

  get canReceive(): boolean {
    return this.#stream.canReceive
  }

  onMessage(message: Message): void {
    this.#stream.onMessage(message)
  }

  onResponse(message: Message, call: Call): void {
    const outcome = message.failure ?? (message.envelope.hasResult ? 'ok' : 'error')
    this.#publish(call, outcome, message)
    const refusal = this.#events.recorder?.refusal()
    this.#stream.onResponse(refusal === undefined ? message : errorFor(call.id, refusal), call)
  }

  onDropped(call: Call): void {
    this.#publish(call, 'dropped', undefined)
    this.#stream.onDropped?.(call)
  }

  #publish({ id, method, trace }: Call, outcome: string, response: Message | undefined): void {
    // A response that could not be handed on is followed by an error in its place.
    if (this.#isOver) return
    this.#isOver = true
    const { shortId, client, wire, caller, protocolVersion, childRevision } = this.#session
    this.#events.call({
      source: this.#events.source,
      principal: caller.principal,
      sessionId: shortId,
      client,
      wire,
      revision: protocolVersion,
      childRevision,
      requestId: id,
      trace,
      method,
      target: this.#target,
      arguments: this.#arguments,
      outcome,
      errorCode: response === undefined ? undefined : errorCodeOf(response),
      isToolError: response !== undefined && method === 'tools/call' && isToolError(response),
      durationMs: monotonicMs() - this.#from,
      requestBytes: this.#requestBytes,
      responseBytes: response?.byteLength ?? 0,
    })
  }
}

/** A name is found without looking into what stands beside it: arguments may be large. */
function targetOf(message: Message): string | undefined {
  const { name } = message.envelope
  if (name !== undefined) return nameOf(message.textAt(name))
  if (!message.method.startsWith('resources/')) return undefined
  const { uri } = paramsOf(message)
  return typeof uri === 'string' ? excerpt(uri) : undefined
}

/** Of a longer message nothing is told. */
const MAX_TOLD_BYTES = 64 * 1024

function argumentsOf(
  message: Message,
  tool: string | undefined,
  { arguments: told }: Events,
  { caller }: Observed,
): string | undefined {
  if (told === undefined || tool === undefined || message.method !== 'tools/call' || !told.means(tool))
    return undefined
  const args = message.byteLength > MAX_TOLD_BYTES ? undefined : exactContentOf(message)['params']
  return told.masked(args && recordOf(args)['arguments'], Object.values(caller.env))
}

/** As they were written, and as they are told. */
const names = new Map<string, string>()
const MAX_NAMES = 1000
const MAX_NAME_LENGTH = 200

/** Few names are called often: what each comes to is not worked out again. */
function nameOf(raw: string): string {
  const known = names.get(raw)
  if (known !== undefined) return known
  const name = excerpt(unquote(raw))
  if (raw.length > MAX_NAME_LENGTH) return name
  if (names.size >= MAX_NAMES) names.clear()
  names.set(raw, name)
  return name
}
