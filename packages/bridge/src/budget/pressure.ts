// budget/pressure: looks at what is kept and at the memory itself, and sheds load before either is used up.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { monotonicMs } from '../clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Account, Budget } from './budget.ts'
import { memoryInUse } from './memory.ts'

/** A session, as what can be shed of it. */
export interface Holder {
  readonly account: Account
  /** Requests that are not answered yet. */
  readonly inFlight: number
  /** Charges what waits in its connections now. */
  sample(): void
  /** Bytes of its replay log. */
  readonly replayBytes: number
  dropReplay(): void
  /** Bytes that its client has not read. */
  readonly unreadBytes: number
  /** Cuts the connections that are left unread. */
  cutUnread(): void
}

const LOOK_MS = 200
/** While nothing goes on and half of all is free: each look wakes a process that would else sleep. */
const CALM_LOOK_MS = 1000
const CALM = 0.5
/** From here on sessions and large bodies are refused, and replay logs go. */
const TIGHT = 0.8
/** What is shed until. */
const EASED = 0.7
/** From here on nothing more is kept. */
const FULL = 0.9
/** A full collection stops the bridge for some time. */
const COLLECT_MS = 5000

export class Pressure {
  readonly #budget: Budget
  readonly #holders: () => Iterable<Holder>
  readonly #log: Logger
  #timer: NodeJS.Timeout
  #isCalm = true
  /** Somebody has asked for something since the last look. */
  #isStirred = false
  #collectedAt = -Infinity

  constructor(budget: Budget, holders: () => Iterable<Holder>, log: Logger) {
    this.#budget = budget
    this.#holders = holders
    this.#log = log
    this.#timer = this.#next(CALM_LOOK_MS)
  }

  /** A request has come: what it makes the bridge keep is not left until the next of the rare looks. */
  stir(): void {
    this.#isStirred = true
    if (!this.#isCalm) return
    this.#isCalm = false
    clearTimeout(this.#timer)
    this.#timer = this.#next(LOOK_MS)
  }

  close(): void {
    clearTimeout(this.#timer)
    // A request that still comes starts no timer.
    this.#isCalm = false
  }

  #next(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      try {
        this.#look()
      } finally {
        this.#isStirred = false
        this.#timer = this.#next(this.#isCalm ? CALM_LOOK_MS : LOOK_MS)
      }
    }, ms).unref()
  }

  #look(): void {
    const { bytes } = this.#budget
    const holders = [...this.#holders()]
    for (const holder of holders) holder.sample()
    this.#budget.sweep()
    const inUse = memoryInUse()
    const isShort = inUse > TIGHT
    const isTight = isShort || bytes.used > bytes.max * TIGHT
    if (isTight && !bytes.isTight) {
      const fields = {
        keptBytes: bytes.used,
        maxBytes: bytes.max,
        memoryInUse: Math.round(inUse * 100) / 100,
      }
      this.#log.warn(fields, 'memory is short: replay logs are dropped, new sessions refused')
    }
    bytes.isClosed = inUse > FULL
    if (isTight) this.#shed(holders, isShort)
    bytes.isTight = isShort || bytes.used > bytes.max * TIGHT
    const isFree = inUse < CALM && bytes.used < bytes.max * CALM
    this.#isCalm = isFree && !this.#isStirred && holders.every(({ inFlight }) => inFlight === 0)
  }

  /** Of those who have most first: what a client may come back for, then what it does not read. */
  #shed(holders: Holder[], isShort: boolean): void {
    const { bytes } = this.#budget
    const eased = () => bytes.used <= bytes.max * EASED
    const largest = holders.toSorted((a, b) => b.account.bytes.used - a.account.bytes.used)
    for (const holder of largest) {
      if (eased() && !isShort) return
      if (holder.replayBytes > 0) holder.dropReplay()
    }
    for (const holder of largest.toSorted((a, b) => b.unreadBytes - a.unreadBytes)) {
      if (eased() || holder.unreadBytes === 0) break
      holder.cutUnread()
    }
    if (isShort) this.#collect()
  }

  /** With nothing taken on any more there may be no reason for V8 to find out that memory is free again. */
  #collect(): void {
    const now = monotonicMs()
    if (now - this.#collectedAt < COLLECT_MS) return
    this.#collectedAt = now
    collector ??= exposed()
    collector()
  }
}

let collector: (() => void) | undefined

function exposed(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
