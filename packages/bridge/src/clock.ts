// clock: the only clock for durations and deadlines.

/** Whole milliseconds of a monotonic clock: when the machine's time is set, no session ends and no deadline moves. */
export function monotonicMs(): number {
  return Math.trunc(performance.now())
}

/** A moment of the monotonic clock for people, in milliseconds since 1970: the same however often it is told. */
export function wallClock(monotonicMs: number): number {
  return Math.round(performance.timeOrigin + monotonicMs)
}

/**
 * What to add to a moment of the monotonic clock for what other machines call it now: taken when it is told, since a
 * machine that sleeps, or whose time is set, is else behind for ever.
 */
export function offsetToWallClock(): number {
  return new Date().getTime() - performance.now()
}
