// lease/semaphore: how many children may start at once; the rest wait in order.

export interface SemaphoreOptions {
  /** How many may run now. */
  places(): number
  /** One of them has left. */
  left(): void
}

/** A semaphore, first come, first served. */
export class Semaphore {
  /** Places that are taken. */
  used = 0
  readonly #options: SemaphoreOptions
  #waiting: (() => void)[] = []

  constructor(options: SemaphoreOptions) {
    this.#options = options
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
    if (this.#waiting.length === 0 && this.used < this.#options.places()) this.used++
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

  /** Lets in who waits, as far as there are places. */
  look(): void {
    while (this.#waiting.length > 0 && this.used < this.#options.places()) {
      this.used++
      this.#waiting.shift()?.()
    }
  }

  #leave(): void {
    this.used--
    this.#options.left()
  }
}
