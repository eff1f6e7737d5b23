// telemetry/tracer: spans begun for requests, and whether they are recorded; what becomes of them is up to who listens.
import { randomFillSync } from 'node:crypto'

/** @see https://www.w3.org/TR/trace-context/ */
export interface TraceContext {
  /** Hex digits, in lower case. */
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
  /** `tracestate`: what tracing systems on the way tell each other. */
  readonly state: string | undefined
}

/** Whether a trace is recorded. */
export type Sampler = (traceId: string, parent: TraceContext | undefined) => boolean

/** Whether requests are traced may change while they come. */
export interface Tracing {
  readonly sampler: Sampler | undefined
}

/** One request, from its arrival; it is `isSampled` where it is recorded. */
export class Span implements TraceContext {
  readonly traceId: string
  readonly spanId = hexOf(8)
  readonly isSampled: boolean
  readonly state: string | undefined
  readonly parent: TraceContext | undefined
  /** Another span that it came along with. */
  readonly link: TraceContext | undefined
  /** By the monotonic clock, in milliseconds. */
  readonly startedAt = performance.now()

  constructor(sampler: Sampler, parent: TraceContext | undefined, link: TraceContext | undefined) {
    this.traceId = parent?.traceId ?? hexOf(16)
    this.state = parent?.state
    this.parent = parent
    this.link = link
    this.isSampled = sampler(this.traceId, parent)
  }
}

const POOL = Buffer.alloc(8192)
let used = POOL.length

/** Random, and not nothing but zeros. */
function hexOf(bytes: number): string {
  if (used + bytes > POOL.length) {
    randomFillSync(POOL)
    used = 0
  }
  const text = POOL.toString('hex', used, (used += bytes))
  return /[^0]/.test(text) ? text : hexOf(bytes)
}
