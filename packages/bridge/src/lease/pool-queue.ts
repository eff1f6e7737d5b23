// lease/pool-queue: requests that wait for a free child of the pool.
import type { Account } from '../budget/budget.ts'
import { BridgeError } from '../errors.ts'
import type { Call, Peer, ResponseHandler } from '../relay/dispatch.ts'
import type { PooledChild } from './pooled-child.ts'

/** Requests that may wait, for each child the pool may have. */
export const QUEUE_PER_CHILD = 16

export interface Waiting {
  readonly call: Call
  readonly handler: ResponseHandler
  readonly peer: Peer
  /** Which children are of use. */
  readonly kind: string
  /** Bytes charged for it. */
  readonly bytes: number
  /** What happens once a child is free for it. */
  give(child: PooledChild): void
}

export interface PoolQueueOptions {
  max: number
  /** How long one waits. */
  waitMs: number
  /** A child of this kind is being started: that has a limit of its own. */
  isStarting(kind: string): boolean
  /** Nothing became free for it. */
  onExpired(waiting: Waiting): void
}

/** The longest waiting first. */
export class PoolQueue {
  readonly #options: PoolQueueOptions
  readonly #waiting = new Map<Waiting, NodeJS.Timeout>()

  constructor(options: PoolQueueOptions) {
    this.#options = options
  }

  /** @throws BridgeError `child_queue_full`, `memory_limit_reached` */
  add(waiting: Waiting): void {
    const { account } = waiting.peer
    if (this.#waiting.size >= this.#options.max || !account.waiting.has(1)) {
      const what = 'places for requests that wait for a free process'
      throw new BridgeError('child_queue_full', account.waiting.refusal(1, what, 'for --max-children'))
    }
    if (!account.bytes.take(waiting.bytes)) {
      const text = account.bytes.refusal(waiting.bytes, 'bytes', '--max-memory')
      throw new BridgeError('memory_limit_reached', text)
    }
    account.waiting.add(1)
    this.#waiting.set(waiting, this.#timer(waiting))
  }

  /** False if it does not wait any more. */
  delete(waiting: Waiting): boolean {
    const timer = this.#waiting.get(waiting)
    if (!this.#waiting.delete(waiting)) return false
    clearTimeout(timer)
    const { account } = waiting.peer
    account.waiting.give(1)
    account.bytes.give(waiting.bytes)
    return true
  }

  has(waiting: Waiting): boolean {
    return this.#waiting.has(waiting)
  }

  of(call: Call): Waiting | undefined {
    for (const waiting of this.#waiting.keys()) if (waiting.call === call) return waiting
    return undefined
  }

  all(): Waiting[] {
    return [...this.#waiting.keys()]
  }

  /** Who has the fewest children at work comes first; of those that have as many, who waits longest. */
  inTurn(atWork: ReadonlyMap<Account, number>): Waiting[] {
    const all = this.all()
    if (all.every(({ peer }) => peer.account === all[0]?.peer.account)) return all
    return all.toSorted((a, b) => (atWork.get(a.peer.account) ?? 0) - (atWork.get(b.peer.account) ?? 0))
  }

  #timer(waiting: Waiting): NodeJS.Timeout {
    return setTimeout(() => {
      if (this.#options.isStarting(waiting.kind)) this.#waiting.set(waiting, this.#timer(waiting))
      else if (this.delete(waiting)) this.#options.onExpired(waiting)
    }, this.#options.waitMs).unref()
  }
}
