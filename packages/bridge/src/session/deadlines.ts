// session/deadlines: waits of one length for many, on one timer.

/** Called when the wait is over; the same object ends it early. */
export interface Waiting {
  due(): void
}

/** A timer for each reply costs more than the answer to most of them takes. */
export class Deadlines {
  readonly #ms: number
  /** Oldest first: all wait equally long. */
  readonly #since = new Map<Waiting, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  begin(waiting: Waiting): void {
    this.#since.set(waiting, performance.now())
    if (this.#timer === undefined) this.#timer = setTimeout(this.#look, this.#ms)
  }

  end(waiting: Waiting): void {
    this.#since.delete(waiting)
  }

  readonly #look = (): void => {
    this.#timer = undefined
    const now = performance.now()
    for (const [waiting, since] of this.#since) {
      // A timer of Node may be early by a part of a millisecond.
      const leftMs = since + this.#ms - now
      if (leftMs >= 1) {
        this.#timer = setTimeout(this.#look, leftMs)
        return
      }
      this.#since.delete(waiting)
      waiting.due()
    }
  }
}
