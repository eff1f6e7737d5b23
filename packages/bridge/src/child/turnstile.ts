// child/turnstile: how many children may start at once; the rest wait in order.

/** A semaphore, first come, first served. */
export class Turnstile {
  #free: number
  #waiting: (() => void)[] = []

  constructor(places: number) {
    this.#free = places
  }

  /** Runs `work` as soon as a place is free; what it made keeps the place until it has `settled`. */
  async through<T>(work: () => Promise<T>, settled: (made: T) => Promise<unknown>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      const made = await work()
      void settled(made).then(() => this.#leave())
      return made
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }
}
