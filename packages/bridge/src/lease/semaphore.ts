// lease/semaphore: how many children may start at once; the rest wait in order.

/** A semaphore, first come, first served. */
export class Semaphore {
  #free: number
  #waiting: (() => void)[] = []

  constructor(places: number) {
    this.#free = places
  }

  /**
   * Runs `work` as soon as a place is free; what it made keeps the place until it has `settled`.
   *
   * @param signal who waits leaves the queue when it is aborted; its reason is thrown then
   */
  async run<T>(
    work: () => Promise<T>,
    settled: (made: T) => Promise<unknown>,
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted()
    if (this.#free > 0) this.#free--
    else await this.#turn(signal)
    try {
      const made = await work()
      void settled(made).then(() => this.#leave())
      return made
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = () => {
        this.#waiting = this.#waiting.filter((each) => each !== enter)
        reject(signal?.reason as Error)
      }
      this.#waiting.push(enter)
      signal?.addEventListener('abort', giveUp)
    })
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }
}
