// telemetry/latency: how long calls took, minute by minute, for the last hour; as much memory as in its first minute.
import { wallClock } from '../clock.ts'

/** What one minute was like. */
export interface Minute {
  /** Its beginning, in milliseconds since 1970. */
  at: number
  calls: number
  /** Of these: answered with an error, by the child or by the bridge. */
  errors: number
  /** Half of the calls took no longer, and 95 of 100; in milliseconds, to within a fifth. */
  p50Ms: number
  p95Ms: number
}

const MINUTE_MS = 60_000
const MINUTES = 60
/** Three to an octave, from a quarter of a millisecond to nine minutes. */
const FIRST_MS = 0.25
const PER_OCTAVE = 3
const BUCKETS = 64

/** A ring of histograms. One call adds one to one number. */
export class Latency {
  /** By minute, then by duration; made with the first call. */
  #counts: Uint32Array | undefined
  readonly #errors = new Uint32Array(MINUTES)
  /** Which minute stands in which place of the ring. */
  readonly #minutes = new Float64Array(MINUTES).fill(-1)

  /** @param endMs,durationMs of the monotonic clock */
  add(endMs: number, durationMs: number, isError: boolean): void {
    const counts = (this.#counts ??= new Uint32Array(MINUTES * BUCKETS))
    const minute = Math.floor(endMs / MINUTE_MS)
    const place = minute % MINUTES
    if (this.#minutes[place] !== minute) {
      this.#minutes[place] = minute
      this.#errors[place] = 0
      counts.fill(0, place * BUCKETS, (place + 1) * BUCKETS)
    }
    const at = place * BUCKETS + bucketOf(durationMs)
    counts[at] = (counts[at] ?? 0) + 1
    if (isError) this.#errors[place] = (this.#errors[place] ?? 0) + 1
  }

  /** Those in which a call ended, oldest first. */
  minutes(nowMs: number): Minute[] {
    const counts = this.#counts
    if (counts === undefined) return []
    const last = Math.floor(nowMs / MINUTE_MS)
    const found: Minute[] = []
    for (let minute = Math.max(0, last - MINUTES + 1); minute <= last; minute++) {
      const place = minute % MINUTES
      if (this.#minutes[place] !== minute) continue
      const histogram = counts.subarray(place * BUCKETS, (place + 1) * BUCKETS)
      const calls = histogram.reduce((sum, count) => sum + count, 0)
      found.push({
        at: wallClock(minute * MINUTE_MS),
        calls,
        errors: this.#errors[place] ?? 0,
        p50Ms: quantile(histogram, calls * 0.5),
        p95Ms: quantile(histogram, calls * 0.95),
      })
    }
    return found
  }
}

function bucketOf(ms: number): number {
  if (ms <= FIRST_MS) return 0
  return Math.min(BUCKETS - 1, Math.floor(Math.log2(ms / FIRST_MS) * PER_OCTAVE))
}

/** The middle of the bucket that holds the call of this rank. */
function quantile(histogram: Uint32Array, rank: number): number {
  let sum = 0
  const at = histogram.findIndex((count) => (sum += count) >= rank && count > 0)
  const ms = FIRST_MS * 2 ** ((at + 0.5) / PER_OCTAVE)
  return Number(ms.toPrecision(2))
}
