// lease/supply: processes for whoever needs one: some started ahead, never more than there may be.
import type { Account } from '../budget/budget.ts'
import { BridgeError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Child } from '../child/child.ts'
import { TOOL, type Owner } from './owner.ts'
import type { Backoffs } from './backoff.ts'
import type { Places } from './places.ts'
import type { Semaphore } from './semaphore.ts'
import { Warm } from './warm.ts'

export interface ChildSupplyOptions {
  maxChildren: number
  /** Shared with the other tools of the bridge. */
  places: Places
  warm: number
  backoffs: Backoffs
  /** Starts a process with these variables on top of the configured environment. */
  start(env: Readonly<Record<string, string>>): Promise<Child>
  /** Ends a process that nobody uses, if there is one. */
  makeRoom(): Promise<void>
  /** A process could not be started. */
  onUnstarted(owner: Owner, error: BridgeError): void
}

type Variables = Readonly<Record<string, string>>

export class ChildSupply {
  readonly #options: ChildSupplyOptions
  readonly #log: Logger
  readonly #warm: Warm
  readonly #semaphore: Semaphore
  readonly #children = new Set<Child>()
  #starting = 0
  #isClosed = false

  constructor(options: ChildSupplyOptions, log: Logger) {
    this.#options = options
    this.#log = log
    this.#warm = new Warm(options.warm, () => this.#startStandby(), log)
    this.#semaphore = options.places.join(this)
  }

  /** Processes that live or are being started, standbys included. */
  get size(): number {
    return this.#children.size + this.#starting
  }

  /** Ends a standby, for somebody who needs its place. */
  letGo(): Promise<void> {
    return this.#warm.makeRoom()
  }

  /** Keeps standbys from now on. */
  warmUp(): void {
    this.#warm.fill()
  }

  /**
   * A child for one user alone, which counts as this account's until nothing of it is left.
   *
   * @param owner a child with an environment of its own is started for it, never taken from the standbys
   * @param signal the user has gone: its start ends, and what it has got already is given back
   * @param besides variables for one that is started now; no standby has them
   * @throws BridgeError `child_limit_reached`, `child_backing_off`, `child_spawn_failed`, `shutting_down`, or the reason of
   *   the signal
   */
  async acquire(
    owner: Owner,
    { children }: Account,
    signal?: AbortSignal,
    besides: Variables = {},
  ): Promise<Child> {
    if (!children.has(1)) await this.#options.makeRoom()
    if (!children.take(1))
      throw new BridgeError('child_limit_reached', children.refusal(1, 'children', '--max-children'))
    try {
      const child = await this.#acquire(owner, signal, besides)
      this.#warm.refill(child)
      void child.ended.then(() => children.give(1))
      return child
    } catch (error) {
      children.give(1)
      throw error
    }
  }

  async #acquire(owner: Owner, signal: AbortSignal | undefined, besides: Variables): Promise<Child> {
    signal?.throwIfAborted()
    this.#refuseIfClosed()
    await this.#options.backoffs.turn(owner, signal)
    if (owner.isOperators) {
      const standby = await this.#warm.next()
      if (standby !== undefined) {
        if (signal?.aborted === true) this.#warm.giveBack(standby)
        signal?.throwIfAborted()
        return standby
      }
    }
    // A standby that is of no use here makes room.
    if (this.#isFull) await this.letGo()
    if (this.#isFull) await this.#options.makeRoom()
    const { places } = this.#options
    if (places.isFull) await places.makeRoom(this)
    if (this.#isFull)
      throw new BridgeError(
        'child_limit_reached',
        `${places.isFull ? places.size : this.size} children are running already`,
      )
    return this.#start(owner, signal, besides)
  }

  get #isFull(): boolean {
    return this.size >= this.#options.maxChildren || this.#options.places.isFull
  }

  /** Stops everything. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true
    const children = [...this.#children]
    await Promise.all([this.#warm.close(graceMs), ...children.map((child) => child.stop(graceMs))])
    this.#options.places.leave(this, this.#semaphore)
  }

  #refuseIfClosed(): void {
    if (this.#isClosed) throw new BridgeError('shutting_down', 'the bridge is shutting down')
  }

  /** Takes one of the places for starting until the process runs. */
  async #start(owner: Owner, signal?: AbortSignal, besides: Variables = {}): Promise<Child> {
    this.#starting++
    try {
      return await this.#semaphore.run(
        () => this.#spawn({ ...besides, ...owner.env }, signal),
        ({ started }) => started,
        signal,
      )
    } catch (error) {
      if (error instanceof BridgeError && error.code === 'child_spawn_failed')
        this.#options.onUnstarted(owner, error)
      throw error
    } finally {
      this.#starting--
    }
  }

  async #spawn(env: Variables, signal: AbortSignal | undefined): Promise<Child> {
    signal?.throwIfAborted()
    this.#refuseIfClosed()
    const child = await this.#options.start(env)
    this.#children.add(child)
    void child.ended.then(() => this.#children.delete(child))
    if (this.#isClosed || signal?.aborted === true) void child.stop()
    this.#refuseIfClosed()
    signal?.throwIfAborted()
    return child
  }

  async #startStandby(): Promise<Child | undefined> {
    // Users come first: a standby makes room for them, and is never started where there is none.
    if (this.#isClosed || this.#isFull || this.#options.backoffs.delayMs(TOOL) > 0) {
      this.#log.debug({ size: this.size }, 'no standby for now')
      return undefined
    }
    return this.#start(TOOL)
  }
}
