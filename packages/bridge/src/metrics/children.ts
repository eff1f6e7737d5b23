// metrics/children: a small number for each living process: pids would make a new series with each.

/** The lowest that is free. There are never more of them than processes at once. */
export class ChildNumbers {
  readonly #numbers = new Map<number, number>()

  /** @param pids those that live now; the numbers of all others are free again */
  of(pids: readonly number[]): ReadonlyMap<number, number> {
    const living = new Set(pids)
    for (const pid of this.#numbers.keys()) if (!living.has(pid)) this.#numbers.delete(pid)
    const taken = new Set(this.#numbers.values())
    let next = 0
    for (const pid of living) {
      if (this.#numbers.has(pid)) continue
      while (taken.has(next)) next++
      this.#numbers.set(pid, next++)
    }
    return this.#numbers
  }
}
