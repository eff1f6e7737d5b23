// lease/warm: children started and waiting, so that a session waits for no process start.
import { monotonicMs } from '../clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Child } from '../child/child.ts'

/** A standby that ends unused is no crash; but of a tool that cannot wait, none is started for nothing. */
const MAX_DEATHS = 2
/** So long none are kept then, doubled each time until one has been used. */
const PAUSE_MS = 60_000
const MAX_PAUSE_MS = 30 * 60_000
/** Of several that are taken at once the last one counts. */
const REFILL_DELAY_MS = 20

export class Warm {
  readonly #log: Logger
  readonly #start: () => Promise<Child | undefined>
  readonly #pauseMs: number
  #wanted: number
  #standbys: Child[] = []
  /** Who waits for one that is being started. */
  #awaited: ((child: Child | undefined) => void)[] = []
  #starting = 0
  /** Of standbys that nobody had used, since one was used. */
  #deaths = 0
  #pausedUntil = 0
  #isAdvised = false
  #refill: NodeJS.Timeout | undefined
  #resume: NodeJS.Timeout | undefined

  /** @param start starts one child, or gives undefined where there is no room for it now */
  constructor(wanted: number, start: () => Promise<Child | undefined>, log: Logger, pauseMs = PAUSE_MS) {
    this.#wanted = wanted
    this.#start = start
    this.#log = log
    this.#pauseMs = pauseMs
  }

  /** Starts what is missing, now. */
  fill(): void {
    if (monotonicMs() < this.#pausedUntil) return
    while (this.#standbys.length + this.#starting < this.#wanted) void this.#add()
  }

  /** The oldest standby, which has come furthest in its start, or the one being started; undefined if there is none. */
  async next(): Promise<Child | undefined> {
    const child = await this.#take()
    if (child !== undefined) this.#deaths = 0
    return child
  }

  /** Ends one, for somebody who needs its place. */
  async makeRoom(): Promise<void> {
    await (await this.#take())?.stop()
  }

  /** Takes one that its user did not need after all. */
  giveBack(child: Child): void {
    const awaited = this.#awaited.shift()
    if (awaited !== undefined) return awaited(child.isGone ? undefined : child)
    if (this.#standbys.length >= this.#wanted) return void child.stop()
    this.#standbys.push(child)
    // Nobody may have it from the moment its process ends; the next is started when nothing of it is left.
    void child.exited.then(() => this.#died(child))
  }

  /** Starts another in the place of one that was taken, once that has come so far that it is not slowed down by it. */
  refill(taken: Child): void {
    if (this.#wanted === 0) return
    void taken.answered.then(() => {
      clearTimeout(this.#refill)
      this.#refill = setTimeout(() => this.fill(), REFILL_DELAY_MS).unref()
    })
  }

  /** Lets all standbys go and starts no more. */
  async close(graceMs?: number): Promise<void> {
    this.#wanted = 0
    clearTimeout(this.#refill)
    clearTimeout(this.#resume)
    await this.#dismiss(graceMs)
  }

  async #take(): Promise<Child | undefined> {
    const child = this.#standbys.shift()
    if (child !== undefined || this.#starting <= this.#awaited.length) return child
    return new Promise((resolve) => this.#awaited.push(resolve))
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
    if (child === undefined) this.#awaited.shift()?.(undefined)
    else this.giveBack(child)
  }

  #died(child: Child): void {
    const at = this.#standbys.indexOf(child)
    if (at === -1) return
    this.#standbys.splice(at, 1)
    if (this.#wanted === 0) return
    if (++this.#deaths < MAX_DEATHS) return void child.ended.then(() => this.fill())
    this.#pause(child)
  }

  #pause(child: Child): void {
    const pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * 2 ** (this.#deaths - MAX_DEATHS))
    this.#pausedUntil = monotonicMs() + pauseMs
    this.#resume = setTimeout(() => {
      this.#pausedUntil = 0
      this.fill()
    }, pauseMs).unref()
    const advice = 'if the tool holds a lock, use --children shared --warm 0'
    this.#log[this.#isAdvised ? 'debug' : 'warn'](
      { stderr: child.lastWords, pauseMs, ...(this.#isAdvised ? {} : { advice }) },
      'standbys end unused; none are kept for a while',
    )
    this.#isAdvised = true
    void this.#dismiss()
  }

  async #dismiss(graceMs?: number): Promise<void> {
    await Promise.all(this.#standbys.splice(0).map((child) => child.stop(graceMs)))
  }
}
