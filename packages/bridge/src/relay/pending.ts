// relay/pending: the requests that a child has, by the numbers that it knows them by.
import type { Call, Peer, ResponseHandler } from './dispatch.ts'

/** A request that the child has not answered. */
export interface Pending {
  readonly call: Call
  readonly handler: ResponseHandler
  readonly peer: Peer
}

/** Of a power of two, the slots; each request stands in the one that its number points to. */
const FEWEST_SLOTS = 16

/** A table that never moves what is in it, as a Map would every few calls: see `LinkedList`. */
export class PendingRequests {
  #slots = emptySlots(FEWEST_SLOTS)
  #size = 0
  #last = 0

  get size(): number {
    return this.#size
  }

  /** The newest number. */
  get last(): number {
    return this.#last
  }

  /** Gives the call the next number, or the one after it where a call that takes long stands in the way. */
  add(pending: Pending): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow()
    do this.#last++
    while (this.#slots[this.#at(this.#last)] !== undefined)
    pending.call.number = this.#last
    this.#slots[this.#at(this.#last)] = pending
    this.#size++
  }

  /** Undefined also for what is no number of ours. */
  get(number: number): Pending | undefined {
    const pending = this.#slots[this.#at(number)]
    return pending?.call.number === number ? pending : undefined
  }

  delete(number: number): boolean {
    if (this.get(number) === undefined) return false
    this.#slots[this.#at(number)] = undefined
    this.#size--
    return true
  }

  clear(): void {
    this.#slots = emptySlots(FEWEST_SLOTS)
    this.#size = 0
  }

  /** Oldest first. */
  values(): Pending[] {
    return this.#slots
      .filter((pending) => pending !== undefined)
      .toSorted((a, b) => a.call.number - b.call.number)
  }

  #at(number: number): number {
    return number & (this.#slots.length - 1)
  }

  #grow(): void {
    const all = this.values()
    this.#slots = emptySlots(this.#slots.length * 2)
    for (const pending of all) this.#slots[this.#at(pending.call.number)] = pending
  }
}

function emptySlots(count: number): (Pending | undefined)[] {
  return Array.from({ length: count })
}
