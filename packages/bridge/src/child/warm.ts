// child/warm: children started and waiting, so that a session waits for no process start.
import type { Logger } from '../log/logger.ts'
import type { Child } from './child.ts'

/** A standby that ends unused is no crash, but a tool that cannot wait is not worth starting for nothing. */
const MAX_DEATHS = 2
/** Of several that are taken at once the last one counts. */
const REFILL_DELAY_MS = 20

export class Warm {
  readonly #log: Logger
  readonly #start: () => Promise<Child | undefined>
  #wanted: number
  #standbys: Child[] = []
  /** Who waits for one that is being started. */
  #awaited: ((child: Child | undefined) => void)[] = []
  #starting = 0
  #deaths = 0
  #timer: NodeJS.Timeout | undefined

  /** @param start starts one child, or gives undefined where there is no room for it now */
  constructor(wanted: number, start: () => Promise<Child | undefined>, log: Logger) {
    this.#wanted = wanted
    this.#start = start
    this.#log = log
  }

  /** Starts what is missing, now. */
  fill(): void {
    while (this.#standbys.length + this.#starting < this.#wanted) void this.#add()
  }

  /** The oldest standby, which has come furthest in its start, or the one being started; undefined if there is none. */
  async next(): Promise<Child | undefined> {
    const child = this.#standbys.shift()
    if (child !== undefined || this.#starting <= this.#awaited.length) return child
    return new Promise((resolve) => this.#awaited.push(resolve))
  }

  /** Starts another in the place of one that was taken, once that has come so far that it is not slowed down by it. */
  refill(taken: Child): void {
    if (this.#wanted === 0) return
    void taken.answered.then(() => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.fill(), REFILL_DELAY_MS).unref()
    })
  }

  /** Lets all standbys go and starts no more. */
  async close(graceMs?: number): Promise<void> {
    this.#wanted = 0
    clearTimeout(this.#timer)
    await Promise.all(this.#standbys.splice(0).map((child) => child.stop(graceMs)))
  }

  async #add(): Promise<void> {
    this.#starting++
    let child: Child | undefined
    try {
      child = await this.#start()
    } catch (err) {
      this.#log.debug({ err }, 'standby not started')
    }
    this.#starting--
    const awaited = this.#awaited.shift()
    if (awaited !== undefined) return awaited(child)
    if (child === undefined) return
    if (this.#wanted === 0) return void child.stop()
    this.#standbys.push(child)
    void child.ended.then(() => this.#died(child))
  }

  #died(child: Child): void {
    const at = this.#standbys.indexOf(child)
    if (at === -1) return
    this.#standbys.splice(at, 1)
    if (this.#wanted === 0) return
    if (++this.#deaths < MAX_DEATHS) return this.fill()
    this.#wanted = 0
    const advice = 'if the tool holds a lock, use --children shared --warm 0'
    this.#log.warn(
      { stderr: child.stderrTail.slice(-5), advice },
      'standbys end unused; none are kept from now on',
    )
    void this.close()
  }
}
