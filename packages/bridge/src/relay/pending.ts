// relay/pending: the calls that a child has, by the numbers that it knows them by.
import type { Call } from './call.ts'

/** Of a power of two, the slots; each call stands in the one that its number points to. */
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
  add(call: Call): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow()
    do this.#last++
    while (this.#slots[this.#at(this.#last)] !== undefined)
    call.number = this.#last
    this.#slots[this.#at(call.number)] = call
    this.#size++
  }

  /** Undefined also for what is no number of ours. */
  get(number: number): Call | undefined {
    const call = this.#slots[this.#at(number)]
    return call?.number === number ? call : undefined
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
  values(): Call[] {
    return this.#slots.filter((call) => call !== undefined).toSorted((a, b) => a.number - b.number)
  }

  #at(number: number): number {
    return number & (this.#slots.length - 1)
  }

  #grow(): void {
    const calls = this.values()
    this.#slots = emptySlots(this.#slots.length * 2)
    for (const call of calls) this.#slots[this.#at(call.number)] = call
  }
}

function emptySlots(count: number): (Call | undefined)[] {
  return Array.from({ length: count })
}
