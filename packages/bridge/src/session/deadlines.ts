// session/deadlines: waits of one length for many, on one timer.
import { LinkedList, type ListNode } from '../linked-list.ts'

interface Waiting {
  since: number
  due: () => void
}

export type Deadline = ListNode<Waiting>

/** A timer for each reply costs more than the answer to most of them takes. */
export class Deadlines {
  readonly #ms: number
  /** Oldest first: all wait equally long. */
  readonly #waiting = new LinkedList<Waiting>()
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  /** Calls `due` when the wait is over. */
  begin(due: () => void): Deadline {
    if (this.#timer === undefined) this.#timer = setTimeout(this.#look, this.#ms).unref()
    return this.#waiting.add({ since: performance.now(), due })
  }

  /** Ends the wait early; one that is over, or never was, stays so. The timer runs on for the others. */
  end(deadline: Deadline | undefined): void {
    this.#waiting.delete(deadline)
  }

  readonly #look = (): void => {
    this.#timer = undefined
    const now = performance.now()
    for (let first = this.#waiting.first; first !== undefined; first = this.#waiting.first) {
      // A timer of Node may be early by a part of a millisecond.
      const leftMs = first.value.since + this.#ms - now
      if (leftMs >= 1) {
        this.#timer ??= setTimeout(this.#look, leftMs).unref()
        return
      }
      this.#waiting.delete(first)
      try {
        first.value.due()
      } catch (error) {
        // One that throws keeps no other from its turn.
        this.#timer ??= setTimeout(this.#look, 0).unref()
        throw error
      }
    }
  }
}
