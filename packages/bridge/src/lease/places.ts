// lease/places: what the processes of all tools of one bridge share: how many may run, and how many may start at once.
import { Semaphore } from './semaphore.ts'

/** What can end a standby that nobody uses. */
export interface Supplier {
  /** Processes that live or are being started, standbys included. */
  readonly size: number
  /** Ends a standby, if there is one. */
  letGo(): Promise<void>
}

/** More than this many starts at once only make each of them slower. */
const MAX_STARTING = 8

export class Places {
  readonly #max: number
  readonly #suppliers = new Set<Supplier>()
  readonly #semaphores = new Set<Semaphore>()

  constructor(max: number) {
    this.#max = max
  }

  get isFull(): boolean {
    return this.size >= this.#max
  }

  get size(): number {
    let sum = 0
    for (const { size } of this.#suppliers) sum += size
    return sum
  }

  /** Gives what says whose turn it is to start: of each tool one may at any time, however many others are starting. */
  join(supplier: Supplier): Semaphore {
    const semaphore: Semaphore = new Semaphore({
      places: () => Math.max(1, MAX_STARTING - this.#starting + semaphore.used),
      left: () => {
        for (const each of this.#semaphores) each.look()
      },
    })
    this.#suppliers.add(supplier)
    this.#semaphores.add(semaphore)
    return semaphore
  }

  leave(supplier: Supplier, semaphore: Semaphore): void {
    this.#suppliers.delete(supplier)
    this.#semaphores.delete(semaphore)
  }

  /** Ends a standby of another tool. */
  async makeRoom(asking: Supplier): Promise<void> {
    for (const supplier of this.#suppliers) {
      if (!this.isFull) return
      if (supplier !== asking) await supplier.letGo()
    }
  }

  get #starting(): number {
    let sum = 0
    for (const { used } of this.#semaphores) sum += used
    return sum
  }
}
