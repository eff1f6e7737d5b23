// lease/pooled-child: one child of a pool: starting, free, busy with one request, stopping.
import { monotonicMs } from '../clock.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import { excerpt } from '../visible.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Message } from '../rpc/message.ts'
import type { Call } from '../relay/call.ts'
import { Housekeeper, type Result } from '../relay/client.ts'
import type { Port } from '../relay/connection.ts'
import type { Process } from '../relay/process.ts'
import type { Timings } from '../timings.ts'
import { Switchboard, type Audience } from '../relay/multiplexer.ts'

export interface PooledChildOptions {
  version: string
  startTimeoutMs: number
  maxBacklogBytes: number
  timings: Timings
  /** It is replaced after so many requests; 0: never. */
  recycleAfter: number
  /** Starts a process. Throws BridgeError, `child_…`. */
  start(): Promise<Process>
  /** What its clients may know of a failure. */
  told(error: BridgeError): BridgeError
  /** A process has ended without being asked to; `isHealthy`: it had answered a request. */
  onCrash(error: BridgeError, isHealthy: boolean): void
  /** It has answered a request. */
  onHealthy(): void
}

export interface PooledChildEvents {
  hears(port: Port, message: Message): boolean
  /** It may be given a request. */
  free(): void
  /** It has ended; the error says why it never became free. */
  gone(error: BridgeError | undefined): void
}

/** What a child that one client set to talk more is set to for one who said nothing. */
const DEFAULT_LEVEL = 'info'

export class PooledChild implements Audience {
  readonly kind: string
  readonly ports: Set<Port>
  /** What it answered to `initialize`. */
  init: Result | undefined
  /** What it is busy with, also while nobody waits for the answer any more. */
  call: Call | undefined
  /** Requests it was given so far. */
  served = 0
  freeSince = monotonicMs()
  readonly #options: PooledChildOptions
  readonly #events: PooledChildEvents
  readonly #log: Logger
  #isHealthy = false
  #state: 'starting' | 'free' | 'busy' | 'stopping' | 'gone' = 'starting'
  #process: Process | undefined
  #switchboard: Switchboard | undefined
  #housekeeper: Housekeeper | undefined
  #level: string | undefined
  #stuck: NodeJS.Timeout | undefined

  constructor(
    kind: string,
    ports: Set<Port>,
    options: PooledChildOptions,
    events: PooledChildEvents,
    log: Logger,
  ) {
    this.kind = kind
    this.ports = ports
    this.#options = options
    this.#events = events
    this.#log = log
  }

  get isStarting(): boolean {
    return this.#state === 'starting'
  }

  get isFree(): boolean {
    return this.#state === 'free'
  }

  get isStopping(): boolean {
    return this.#state === 'stopping'
  }

  hears(port: Port, message: Message): boolean {
    return this.#events.hears(port, message)
  }

  /** No cancelled call of another client may still ask something here. */
  isClearFor(port: Port): boolean {
    return this.#switchboard?.isClearFor(port) !== false
  }

  /**
   * Starts and initialises it; `free` or `gone` tells how that went.
   *
   * @param capabilities what its clients can be asked; not kept, they may be large
   */
  async open(capabilities: Readonly<Record<string, unknown>>): Promise<void> {
    const { start, version, startTimeoutMs, maxBacklogBytes, timings } = this.#options
    try {
      const process = await start()
      this.#process = process
      const switchboard = new Switchboard(process, this, this.#log, {
        isOwn: false,
        maxBacklogBytes,
        lostMs: timings.lostMs,
        cancelled: {
          timings,
          ping: async () => (await this.#housekeeper?.ping(timings.stuckMs)) === true,
          // It may be busy with another by then.
          onDone: (number) => {
            if (this.call?.number === number) this.release()
          },
        },
      })
      process.listen({
        receive: (message) => switchboard.receive(message),
        receiveLost: (id, error, isSure) => switchboard.receiveLost(id, error, isSure),
        childGone: (error) => void this.#gone(process, switchboard, error),
      })
      this.#switchboard = switchboard
      this.#housekeeper = new Housekeeper(switchboard, this.#log)
      this.init = await this.#housekeeper.initialize(capabilities, version, startTimeoutMs)
      if (this.#state !== 'starting') return
      this.#becomeFree()
    } catch (error) {
      if (this.#state === 'starting') await this.stop(undefined, this.#options.told(toBridgeError(error)))
    }
  }

  /**
   * Gives it a request.
   *
   * @param level the log level its client has asked for
   * @throws BridgeError `child_exited`, `child_backlogged`
   */
  take(call: Call, message: Message, level: string | undefined): void {
    if (level !== this.#level) this.#setLevel(level ?? DEFAULT_LEVEL)
    this.#level = level
    this.#switchboard?.dispatch(call, message)
    this.#state = 'busy'
    this.call = call
    this.served++
  }

  /**
   * Nobody waits for its answer any more: it is free again once it has given it, or has shown that it has read the
   * cancellation, and is replaced if that takes too long.
   */
  withdraw(cancel: ((number: number) => Message) | undefined): void {
    if (this.call === undefined) return
    this.#switchboard?.withdraw(this.call, cancel)
    this.#stuck = setTimeout(() => {
      this.#log.warn(
        { childPid: this.#process?.pid, method: excerpt(this.call?.method ?? '') },
        'child is stuck in a withdrawn call; replaced',
      )
      void this.stop()
    }, this.#options.timings.stuckMs).unref()
  }

  /** It has given its answer. */
  release(): void {
    if (this.#state !== 'busy') return
    if (!this.#isHealthy) this.#options.onHealthy()
    this.#isHealthy = true
    const { recycleAfter } = this.#options
    if (recycleAfter > 0 && this.served >= recycleAfter) void this.stop()
    else this.#becomeFree()
  }

  async stop(graceMs?: number, error?: BridgeError): Promise<void> {
    if (this.#state === 'gone' || this.#state === 'stopping') return
    this.#state = 'stopping'
    clearTimeout(this.#stuck)
    // Nothing is heard of it any more: what still waits for it, waits in vain.
    this.#switchboard?.childGone(error ?? new BridgeError('shutting_down', 'this process is being replaced'))
    await this.#process?.stop(graceMs)
    this.#state = 'gone'
    this.#events.gone(error)
  }

  #becomeFree(): void {
    clearTimeout(this.#stuck)
    this.call = undefined
    this.#state = 'free'
    this.freeSince = monotonicMs()
    this.#events.free()
  }

  #setLevel(level: string): void {
    this.#housekeeper
      ?.ask('logging/setLevel', { level }, this.#options.startTimeoutMs)
      .catch((err: unknown) => this.#log.debug({ err }, 'child of the pool refused a log level'))
  }

  async #gone(process: Process, switchboard: Switchboard, error: BridgeError): Promise<void> {
    const wasStarting = this.#state === 'starting'
    this.#state = 'gone'
    clearTimeout(this.#stuck)
    this.#options.onCrash(error, this.#isHealthy)
    const told = this.#options.told(error)
    switchboard.childGone(told)
    // Until then it takes the place of another.
    await process.ended
    this.#events.gone(wasStarting ? told : undefined)
  }
}
