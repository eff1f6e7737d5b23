// relay/lost-responses: answers that nobody can read, and that do not say to which call they belong.
import type { BridgeError } from '../errors.ts'
import { isStanding } from './call.ts'
import type { Pending, PendingRequests } from './pending.ts'

/**
 * Finds the calls whose answers were lost, so that none waits for ever. Guessing would end a call that is still worked on
 * and leave the other waiting. But each lost answer belongs to a call that was in flight then: as soon as no more of those
 * are left than answers were lost, they are the ones. Where a long call keeps it open, all of them end after a while: it
 * may have been theirs, and that is what their error says.
 */
export class LostResponses {
  readonly #requests: PendingRequests
  readonly #waitMs: number
  readonly #fail: (pending: Pending, error: BridgeError) => void
  #count = 0
  /** The newest call that was in flight. */
  #newest = 0
  #error: BridgeError | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param fail ends one call of these with the error */
  constructor(
    requests: PendingRequests,
    waitMs: number,
    fail: (pending: Pending, error: BridgeError) => void,
  ) {
    this.#requests = requests
    this.#waitMs = waitMs
    this.#fail = fail
  }

  get isLooking(): boolean {
    return this.#timer !== undefined
  }

  /** @param isSure it was the answer to one of them; else they are only given the same while to end */
  add(error: BridgeError, isSure: boolean): void {
    // What is not sure suspects no more calls than were there when the wait began.
    if (!isSure && this.isLooking) return
    if (isSure) this.#count++
    this.#newest = this.#requests.last
    this.#error = error
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#end(this.#suspects()), this.#waitMs).unref()
    this.look()
  }

  /** To be called whenever a call has ended. */
  look(): void {
    const suspects = this.#suspects()
    if (suspects.length <= this.#count) this.#end(suspects)
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#count = 0
  }

  #suspects(): Pending[] {
    return this.#requests.values().filter(({ call }) => call.number <= this.#newest && !isStanding(call))
  }

  #end(suspects: readonly Pending[]): void {
    const error = this.#error
    this.clear()
    if (error !== undefined) for (const pending of suspects) this.#fail(pending, error)
  }
}
