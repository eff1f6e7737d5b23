// clock: the only clock for durations and deadlines.

/** Whole milliseconds of a monotonic clock: when the machine's time is set, no session ends and no deadline moves. */
export function monotonicMs(): number {
  return Math.trunc(performance.now())
}
