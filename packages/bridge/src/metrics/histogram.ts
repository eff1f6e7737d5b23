// metrics/histogram: durations by the buckets of the conventions: one call adds to three numbers.

/**
 * Upper bounds in seconds, included.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/#metrics
 */
export const BOUNDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const

export class DurationHistogram {
  /** How many fell into each bucket alone; the last one has no upper bound. */
  readonly counts = new Float64Array(BOUNDS.length + 1)
  sumSeconds = 0

  add(durationMs: number): void {
    const seconds = durationMs / 1000
    let at = 0
    while (at < BOUNDS.length && seconds > BOUNDS[at]!) at++
    this.counts[at]!++
    this.sumSeconds += seconds
  }
}
