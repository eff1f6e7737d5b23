// client/queue: what has come, in order, and a wait for what has not.

/** Keeps everything; each reader of `next` gets the following item. */
export class Queue<T> implements AsyncIterable<T> {
  /** All so far, read or not. */
  readonly all: T[] = []
  #read = 0
  #hasEnded = false
  readonly #waiting = new Set<() => void>()

  push(item: T): void {
    this.all.push(item)
    this.#wake()
  }

  /** Nothing more comes; what came can still be read. */
  end(): void {
    this.#hasEnded = true
    this.#wake()
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** The following item, or the following for which the predicate holds (those before it are skipped). */
  async next(predicate: (item: T) => boolean = () => true, withinMs = 20_000): Promise<T> {
    const deadline = performance.now() + withinMs
    for (;;) {
      while (this.#read < this.all.length) {
        const item = this.all[this.#read++] as T
        if (predicate(item)) return item
      }
      if (this.#hasEnded) throw new Error(`ended after ${this.all.length} items`)
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw new Error(`nothing within ${withinMs} ms, after ${this.all.length} items`)
      await this.#news(leftMs)
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      while (this.#read < this.all.length) yield this.all[this.#read++] as T
      if (this.#hasEnded) return
      await this.#news()
    }
  }

  #news(withinMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = withinMs === undefined ? undefined : setTimeout(() => wake(), withinMs)
      const wake = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      this.#waiting.add(wake)
    })
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }
}
