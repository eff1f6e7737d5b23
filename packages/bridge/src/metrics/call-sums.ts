// metrics/call-sums: calls summed by what they were and how they ended; one call costs some comparisons and five additions.
import { ERRORS } from '../errors.ts'
import type { CallEvent } from '../telemetry/events.ts'
import { DurationHistogram } from './histogram.ts'
import { methodLabel, Names, OTHER, revisionLabel } from './labels.ts'

/** All calls that are alike. An empty text is a label that they do not have. */
export interface CallSum {
  readonly server: string
  readonly method: string
  readonly tool: string
  readonly prompt: string
  readonly wire: CallEvent['wire']
  readonly revision: string
  readonly outcome: string
  /** By the conventions: the code of the JSON-RPC error, or `tool_error`; or `dropped`. */
  readonly errorType: string
  readonly statusCode: string
  /** As it stood in the event, where the label says the same. */
  readonly errorCode: number | undefined
  readonly isToolError: boolean
  /** Of docs/ERRORS.md, where the bridge answered in place of the child. */
  readonly bridgeError: string
  readonly durations: DurationHistogram
  requestBytes: number
  responseBytes: number
}

/** What a child says of itself when it starts. */
export interface Offered {
  tools: readonly { name: string }[]
  prompts: readonly { name: string }[]
}

/** No server has as many; what is beyond counts as one. */
const MAX_NAMES = 1000
/** Each is 17 series: where a server answers to every name, or wires, revisions and codes are many, what is beyond counts as one. */
const MAX_SUMS = 1000
/** Codes of errors, which children choose. */
const MAX_CODES = 64
const BRIDGE_CODES = Object.values(ERRORS).map(({ rpc }) => String(rpc))

/** The calls of one server. */
export class CallSums {
  readonly #server: string
  readonly #offered: () => Offered | undefined
  #named: Offered | undefined
  readonly #tools = new Names(MAX_NAMES)
  readonly #prompts = new Names(MAX_NAMES)
  readonly #codes = new Names(MAX_CODES, BRIDGE_CODES)
  /** By tool or prompt. */
  readonly #sums = new Map<string, CallSum[]>()
  #size = 0
  /** By wire: what is beyond the limit. */
  readonly #rests = new Map<string, CallSum>()

  constructor(server: string, offered: () => Offered | undefined) {
    this.#server = server
    this.#offered = offered
  }

  get all(): readonly CallSum[] {
    return [...this.#sums.values(), ...this.#rests.values()].flat()
  }

  add(event: CallEvent): void {
    const sum = this.#sumFor(event)
    sum.durations.add(event.durationMs)
    sum.requestBytes += event.requestBytes
    sum.responseBytes += event.responseBytes
  }

  /**
   * Nearly all calls are as one before: found by what it is about, then by comparing with the event as it is. To make one
   * key of all that, or the labels first, would cost more than all else.
   */
  #sumFor(event: CallEvent): CallSum {
    const alike = this.#sums.get(event.target ?? '')
    if (alike !== undefined)
      for (const sum of alike)
        if (
          sum.method === event.method &&
          sum.outcome === event.outcome &&
          sum.wire === event.wire &&
          sum.revision === event.revision &&
          sum.errorCode === event.errorCode &&
          sum.isToolError === event.isToolError
        )
          return sum
    return this.#sumByLabels(event)
  }

  #sumByLabels(event: CallEvent): CallSum {
    const { wire, outcome, isToolError } = event
    const method = methodLabel(event.method)
    const revision = revisionLabel(event.revision)
    const statusCode = this.#codeOf(event)
    const target = this.#targetOf(event)
    const errorType = errorTypeOf(event, statusCode)
    const alike = this.#sums.get(target)
    if (alike !== undefined)
      for (const sum of alike)
        if (
          sum.method === method &&
          sum.outcome === outcome &&
          sum.wire === wire &&
          sum.revision === revision &&
          sum.errorType === errorType
        )
          return sum
    if (this.#size >= MAX_SUMS) return this.#rest(wire)
    const sum = this.#create({
      method,
      tool: method === 'tools/call' ? target : '',
      prompt: method === 'prompts/get' ? target : '',
      wire,
      revision,
      outcome,
      errorType,
      statusCode,
      errorCode: statusCode === OTHER ? NaN : event.errorCode,
      isToolError,
      bridgeError: outcome in ERRORS ? outcome : '',
    })
    if (alike === undefined) this.#sums.set(target, [sum])
    else alike.push(sum)
    this.#size++
    return sum
  }

  #rest(wire: CallSum['wire']): CallSum {
    const known = this.#rests.get(wire)
    if (known !== undefined) return known
    const nothing = {
      tool: '',
      prompt: '',
      statusCode: '',
      bridgeError: '',
      errorCode: NaN,
      isToolError: false,
    }
    const same = { method: OTHER, revision: OTHER, outcome: OTHER, errorType: OTHER }
    const rest = this.#create({ ...nothing, ...same, wire })
    this.#rests.set(wire, rest)
    return rest
  }

  #create(labels: Omit<CallSum, 'server' | 'durations' | 'requestBytes' | 'responseBytes'>): CallSum {
    const durations = new DurationHistogram()
    return { server: this.#server, ...labels, durations, requestBytes: 0, responseBytes: 0 }
  }

  #codeOf({ errorCode }: CallEvent): string {
    if (errorCode === undefined) return ''
    const code = String(errorCode)
    this.#codes.add(code)
    return this.#codes.label(code)
  }

  /** What a child has named when it started, or has answered without an error: nobody else can make a name known. */
  #targetOf({ method, target = '', outcome, isToolError }: CallEvent): string {
    if (method !== 'tools/call' && method !== 'prompts/get') return ''
    this.#learn()
    const names = method === 'tools/call' ? this.#tools : this.#prompts
    if (outcome === 'ok' && !isToolError) names.add(target)
    return names.label(target)
  }

  #learn(): void {
    const offered = this.#offered()
    if (offered === undefined || offered === this.#named) return
    this.#named = offered
    for (const { name } of offered.tools) this.#tools.add(name)
    for (const { name } of offered.prompts) this.#prompts.add(name)
  }
}

function errorTypeOf({ outcome, isToolError }: CallEvent, statusCode: string): string {
  if (outcome === 'ok') return isToolError ? 'tool_error' : ''
  if (outcome === 'dropped') return 'dropped'
  return statusCode === '' ? OTHER : statusCode
}
