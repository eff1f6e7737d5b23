// relay/cancelled: calls that nobody waits for any more, on a child that may still be at work on them.
import { monotonicMs } from '../clock.ts'
import type { Timings } from '../timings.ts'

export interface CancelledOptions {
  timings: Pick<Timings, 'afterCancelMs' | 'cancelledMs'>
  /** Asks the child for a sign of life. True if it gave one; false if it did not in time, or has gone. */
  ping(): Promise<boolean>
  /** The child has read the cancellation of this call, and reads on. */
  onRead?: (number: number) => void
}

interface Entry {
  /** Whose call it was. Not the connection itself, which would keep alive all that a client has left behind. */
  owner: symbol
  principal: string
  at: number
  /** A ping sent behind the cancellation was answered then. */
  readAt: number | undefined
  wasAsked: boolean
}

/** More than these are forgotten, the oldest first. */
const MAX_ENTRIES = 4096

/**
 * A child that obeys a cancellation never answers the call, so nothing tells that it is done. What tells a lot is a ping
 * sent behind the cancellation: once that is answered, the child has read both. Only a handler that ignores the
 * cancellation may be at work then, and may ask its client something for a while yet.
 */
export class CancelledCalls {
  readonly #options: CancelledOptions
  /** By the child's number, oldest first. */
  readonly #entries = new Map<number, Entry>()
  #isAsking = false

  constructor(options: CancelledOptions) {
    this.#options = options
  }

  add(number: number, { identity, principal }: { identity: symbol; principal: string }): void {
    this.#entries.set(number, {
      owner: identity,
      principal,
      at: monotonicMs(),
      readAt: undefined,
      wasAsked: false,
    })
    if (this.#entries.size > MAX_ENTRIES) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest)
        break
      }
    }
    void this.#ask()
  }

  /** The child has answered this call after all. Whose it was, if it was one of these. */
  answered(number: number): string | undefined {
    const entry = this.#entries.get(number)
    this.#entries.delete(number)
    return entry?.principal
  }

  clear(): void {
    this.#entries.clear()
  }

  /** Whether what the child asks next could be about a cancelled call of anybody but this owner. */
  isClearFor(owner: symbol): boolean {
    if (this.#entries.size === 0) return true
    const askers = this.askers()
    return askers.size === 0 || (askers.size === 1 && askers.has(owner))
  }

  /** Whose calls a request of the child may still be about. */
  askers(): Set<symbol> {
    const owners = new Set<symbol>()
    const now = monotonicMs()
    const { afterCancelMs, cancelledMs } = this.#options.timings
    for (const [number, { owner, at, readAt }] of this.#entries) {
      const isOver = readAt === undefined ? now - at >= cancelledMs : now - readAt >= afterCancelMs
      if (isOver) this.#entries.delete(number)
      else owners.add(owner)
    }
    return owners
  }

  /** Whose calls the child may still be busy with: what it says meanwhile may be about them. */
  busy(): Set<symbol> {
    const owners = this.askers()
    if (owners.size === 0) return owners
    owners.clear()
    for (const { owner, readAt } of this.#entries.values()) if (readAt === undefined) owners.add(owner)
    return owners
  }

  /** One ping at a time, for all that were cancelled before it. */
  async #ask(): Promise<void> {
    if (this.#isAsking) return
    this.#isAsking = true
    for (;;) {
      const asked = [...this.#entries].filter(([, entry]) => !entry.wasAsked)
      if (asked.length === 0) break
      for (const [, entry] of asked) entry.wasAsked = true
      if (!(await this.#options.ping())) continue
      for (const [number, entry] of asked) {
        entry.readAt = monotonicMs()
        this.#options.onRead?.(number)
      }
    }
    this.#isAsking = false
  }
}
