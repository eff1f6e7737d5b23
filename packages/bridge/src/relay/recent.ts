// relay/recent: whose calls on a shared child have ended a moment ago.
import { monotonicMs } from '../clock.ts'

/**
 * What a child says behind the answer to a call looks as if it belonged to whoever calls next. Two names are enough: the
 * last one whose call ended, and the last one that is another.
 */
export class RecentCalls {
  #last = ''
  #lastAt = -Infinity
  #otherAt = -Infinity

  /** @param principal empty for a call of the bridge's own */
  ended(principal: string): void {
    if (principal === '') return
    if (principal !== this.#last) {
      this.#otherAt = this.#lastAt
      this.#last = principal
    }
    this.#lastAt = monotonicMs()
  }

  /** Whether a call of anybody but this principal has ended within so many milliseconds. */
  hasOther(principal: string, ms: number): boolean {
    return monotonicMs() - (principal === this.#last ? this.#otherAt : this.#lastAt) < ms
  }
}
