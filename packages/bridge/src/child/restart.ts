// child/restart: back-off after a crash.
import { monotonicMs } from '../clock.ts'
import { BridgeError } from '../errors.ts'

const FIRST_DELAY_MS = 250
const MAX_DELAY_MS = 30_000
/** So many crashes in a row, without one answered request between, are a loop. */
const LOOP_CRASHES = 3
/** A start waits this long by itself; longer, and the client is told when to come back. */
const MAX_WAIT_MS = 2000

/**
 * Counts crashes in a row. One crash costs nothing: the next client gets a new child at once. From the second on, starts
 * are held back: 250 ms, doubled each time, at most 30 s. A child that answers a request clears the count.
 */
export class Restart {
  #crashes = 0
  #notBefore = 0
  #last: BridgeError | undefined

  /** Why no child can start, or undefined while one can. */
  get failure(): BridgeError | undefined {
    return this.#crashes >= LOOP_CRASHES ? this.#last : undefined
  }

  /** Until the next start may be tried. */
  delayMs(now = monotonicMs()): number {
    return Math.max(0, this.#notBefore - now)
  }

  crashed(error: BridgeError, now = monotonicMs()): void {
    this.#last = error
    this.#crashes++
    if (this.#crashes < 2) return
    this.#notBefore = now + Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#crashes - 2))
  }

  proven(): void {
    this.#crashes = 0
    this.#notBefore = 0
    this.#last = undefined
  }

  /**
   * Waits for its turn, or says when to come back.
   *
   * @param signal who waits gives up when it is aborted; its reason is thrown then
   * @throws BridgeError `child_backing_off`
   */
  async turn(signal?: AbortSignal): Promise<void> {
    const delayMs = this.delayMs()
    if (delayMs === 0) return
    if (delayMs <= MAX_WAIT_MS) {
      await pause(delayMs, signal)
      return
    }
    const seconds = Math.ceil(delayMs / 1000)
    throw new BridgeError(
      'child_backing_off',
      `the tool crashed ${this.#crashes} times in a row; next try in ${seconds} s`,
      {
        ...(this.#last === undefined
          ? {}
          : { cause: this.#last, data: { lastError: this.#last.message, ...this.#last.data } }),
      },
    )
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', giveUp)
      resolve()
    }, ms)
    signal?.addEventListener('abort', giveUp)
  })
}
