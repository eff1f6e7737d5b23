// lease/backoff: back-off after crashes: of each owner by itself, so that nobody is held back for another's.
import { monotonicMs } from '../clock.ts'
import { BridgeError } from '../errors.ts'
import { TOOL, type Owner } from './owner.ts'

const FIRST_DELAY_MS = 250
const MAX_DELAY_MS = 30_000
/** So many crashes in a row, without one answered request between, are a loop. */
const LOOP_CRASHES = 3
/** A start waits this long by itself; longer, and the client is told when to come back. */
const MAX_WAIT_MS = 2000
/** Clients can be as many owners as they send credentials: more than these are forgotten, the longest quiet first. */
const MAX_OWNERS = 1024
const FORGET_MS = 10 * 60_000

/**
 * Counts crashes in a row. One crash costs nothing: the next start goes ahead at once. From the second on, starts are
 * held back: 250 ms, doubled each time, at most 30 s. A child that answers a request clears the count.
 */
class Backoff {
  /** The last, and when. */
  error: BridgeError
  at = monotonicMs()
  crashes = 0
  readonly isOperators: boolean
  #notBefore = 0

  constructor(error: BridgeError, isOperators: boolean) {
    this.error = error
    this.isOperators = isOperators
  }

  crashed(error: BridgeError): void {
    this.error = error
    this.at = monotonicMs()
    this.crashes++
    if (this.crashes < 2) return
    this.#notBefore = this.at + Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.crashes - 2))
  }

  /** Until the next start may be tried. */
  get delayMs(): number {
    return Math.max(0, this.#notBefore - monotonicMs())
  }
}

export class Backoffs {
  readonly #told: (owner: Owner, error: BridgeError) => BridgeError
  /** By owner, the longest quiet first. */
  readonly #backoffs = new Map<string, Backoff>()

  /** @param told what an owner may know of a crash */
  constructor(told: (owner: Owner, error: BridgeError) => BridgeError) {
    this.#told = told
  }

  /** Counts a crash of a process that had not served a client yet. */
  crashed(owner: Owner, error: BridgeError): void {
    const backoff = this.#of(owner) ?? new Backoff(error, owner.isOperators)
    backoff.crashed(error)
    this.#backoffs.delete(owner.key)
    this.#backoffs.set(owner.key, backoff)
    if (this.#backoffs.size <= MAX_OWNERS) return
    for (const oldest of this.#backoffs.keys()) {
      this.#backoffs.delete(oldest)
      break
    }
  }

  /** The last of so many crashes that they are a loop. */
  loopOf(owner: Owner): BridgeError | undefined {
    const backoff = this.#of(owner)
    return backoff !== undefined && backoff.crashes >= LOOP_CRASHES ? backoff.error : undefined
  }

  delayMs(owner: Owner): number {
    return this.#of(owner)?.delayMs ?? 0
  }

  healthy(owner: Owner): void {
    if (this.#backoffs.size === 0) return
    this.#backoffs.delete(owner.key)
    if (owner.isOperators) this.#backoffs.delete(TOOL.key)
  }

  /** The tool works in the operator's environment: whoever uses that is held back no longer. */
  recovered(): void {
    for (const [key, { isOperators }] of this.#backoffs) if (isOperators) this.#backoffs.delete(key)
  }

  /**
   * Waits until this owner may start a process, or says when to come back.
   *
   * @param signal who waits gives up when it is aborted; its reason is thrown then
   * @throws BridgeError `child_backing_off`
   */
  async turn(owner: Owner, signal?: AbortSignal): Promise<void> {
    if (owner.isOperators && owner !== TOOL) await this.#turn(TOOL, signal)
    await this.#turn(owner, signal)
  }

  async #turn(owner: Owner, signal: AbortSignal | undefined): Promise<void> {
    const backoff = this.#of(owner)
    if (backoff === undefined || backoff.delayMs === 0) return
    const { delayMs, crashes } = backoff
    if (delayMs <= MAX_WAIT_MS) return pause(delayMs, signal)
    const last = this.#told(owner, backoff.error)
    const text = `the tool crashed ${crashes} times in a row; next try in ${Math.ceil(delayMs / 1000)} s`
    throw new BridgeError('child_backing_off', text, {
      cause: backoff.error,
      data: { lastError: last.message, ...last.data },
      ...(last.hint === undefined ? {} : { hint: last.hint }),
    })
  }

  #of({ key }: Owner): Backoff | undefined {
    const backoff = this.#backoffs.get(key)
    if (backoff === undefined || monotonicMs() - backoff.at < FORGET_MS) return backoff
    this.#backoffs.delete(key)
    return undefined
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
