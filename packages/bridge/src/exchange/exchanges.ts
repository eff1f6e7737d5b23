// exchange/exchanges: the requests of one modern client that are open, and what they cost together.
import type { BridgeError } from '../errors.ts'
import { LinkedList } from '../linked-list.ts'
import type { Exchange } from './exchange.ts'
import { lowestOf } from './log-levels.ts'

export class Exchanges {
  readonly #all = new LinkedList<Exchange>()

  /** Those whose client is asked among them. */
  get size(): number {
    return this.#all.size
  }

  /** Requests whose client waits. */
  get awaited(): number {
    return this.#all.values().filter(({ isParked, isStanding }) => !isParked && !isStanding).length
  }

  /** Some are no streams that stand until they are ended. */
  get haveCalls(): boolean {
    return [...this.#all.values()].some(({ isStanding }) => !isStanding)
  }

  get unreadBytes(): number {
    let bytes = 0
    for (const { unreadBytes } of this.#all.values()) bytes += unreadBytes
    return bytes
  }

  /** Bytes that wait for a client that is asked. */
  get keptBytes(): number {
    let bytes = 0
    for (const { keptBytes } of this.#all.values()) bytes += keptBytes
    return bytes
  }

  /** The level that lets most of the log messages through that any of them asks for. */
  get logLevel(): string | undefined {
    return lowestOf(this.#all.values().map(({ logLevel }) => logLevel))
  }

  add(exchange: Exchange): void {
    exchange.node = this.#all.add(exchange)
  }

  delete({ node }: Exchange): void {
    this.#all.delete(node)
  }

  awaits(id: string): boolean {
    return this.#all.values().some((exchange) => exchange.isParked && exchange.id === id)
  }

  /** The one that waits for its client to come back, if it does. */
  waiting(id: string, round: number): Exchange | undefined {
    return this.#all
      .values()
      .find((exchange) => exchange.isParked && exchange.round === round && exchange.id === id)
  }

  cutUnread(): void {
    for (const exchange of this.#all.values()) exchange.cutUnread()
  }

  close(error: BridgeError): void {
    for (const exchange of this.#all.values()) exchange.close(error)
  }
}
