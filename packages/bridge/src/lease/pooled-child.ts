// lease/pooled-child: one child of a pool: starting, free, busy with one request, stopping.
import type { Account } from '../budget/budget.ts'
import type { Child } from '../child/child.ts'
import { monotonicMs } from '../clock.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import { ChildClient } from '../relay/client.ts'
import type { Call, Peer, ResponseHandler } from '../relay/dispatch.ts'
import { onResponse } from '../relay/intercept.ts'
import { Multiplexer } from '../relay/multiplexer.ts'
import { createBridgePeer } from '../relay/peer.ts'
import type { Members } from '../rpc/content.ts'
import type { Message } from '../rpc/message.ts'
import type { Logger } from '../telemetry/logger.ts'
import { excerpt } from '../visible.ts'
import { join } from './join.ts'
import type { SeveralClients } from './lease.ts'

export interface PooledChildOptions extends SeveralClients {
  /** It is replaced after so many requests; 0: never. */
  recycleAfter: number
  /** To whom it is charged. */
  account: Account
  /** It may be given a request. */
  onFree(): void
  /** It has ended; the error says why it never became free. */
  onGone(error: BridgeError | undefined): void
}

/** What a child that one client set to talk more is set to for one who said nothing. */
const DEFAULT_LEVEL = 'info'

export class PooledChild {
  readonly kind: string
  /** The clients that may be given it. */
  readonly peers: Set<Peer>
  readonly account: Account
  /** What it answered to `initialize`. */
  result: Members | undefined
  freeSince = monotonicMs()
  readonly #options: PooledChildOptions
  readonly #log: Logger
  /** What it is busy with, and for whom, also while nobody waits for the response any more. */
  #call: Call | undefined
  #user: Peer | undefined
  #isHealthy = false
  #state: 'starting' | 'free' | 'busy' | 'stopping' | 'gone' = 'starting'
  #served = 0
  #process: Child | undefined
  #multiplexer: Multiplexer | undefined
  #client: ChildClient | undefined
  #level: string | undefined
  #stuck: NodeJS.Timeout | undefined

  constructor(kind: string, peers: Set<Peer>, options: PooledChildOptions, log: Logger) {
    this.kind = kind
    this.peers = peers
    this.account = options.account
    this.#options = options
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

  /** Whom it works for. */
  get user(): Peer | undefined {
    return this.#user
  }

  /** No cancelled call of another client may still ask something here. */
  isClearFor(peer: Peer): boolean {
    return this.#multiplexer?.isClearFor(peer) !== false
  }

  /**
   * Starts and initialises it; `onFree` or `onGone` tells how that went.
   *
   * @param capabilities what its clients can be asked; not kept, they may be large
   */
  async open(capabilities: Members): Promise<void> {
    const { start, startTimeoutMs, maxBacklogBytes, timings } = this.#options
    try {
      const process = await start()
      this.#process = process
      const multiplexer = new Multiplexer(
        process,
        this.peers,
        {
          isShared: true,
          maxBacklogBytes,
          lostMs: timings.lostMs,
          cancelled: {
            timings,
            ping: async () => (await this.#client?.ping(timings.stuckMs)) === true,
            // It may be busy with another by then.
            onDone: (number) => {
              if (this.#call?.number === number) this.#release()
            },
          },
        },
        this.#log,
      )
      join(process, multiplexer, { childGone: (error) => void this.#gone(process, multiplexer, error) })
      this.#multiplexer = multiplexer
      this.#client = new ChildClient(multiplexer.dispatcherFor(createBridgePeer()))
      this.result = await this.#client.initialize(capabilities, startTimeoutMs)
      if (this.#state !== 'starting') return
      this.#becomeFree()
    } catch (thrown) {
      const error = toBridgeError(thrown)
      if (error.code === 'internal')
        this.#log.error({ err: thrown }, 'a child of the pool could not be started')
      if (this.#state === 'starting') await this.stop(undefined, this.#options.told(error))
    }
  }

  /**
   * Gives it a request.
   *
   * @param level the log level that its client has asked for
   * @throws BridgeError `child_exited`, `child_backlogged`
   */
  request(
    peer: Peer,
    call: Call,
    message: Message,
    handler: ResponseHandler,
    level: string | undefined,
  ): void {
    if (level !== this.#level) this.#setLevel(level ?? DEFAULT_LEVEL)
    this.#level = level
    const releasing = onResponse(handler, (response) => {
      handler.onResponse(response, call)
      if (this.#call === call) this.#release()
    })
    this.#multiplexer?.request(peer, call, message, releasing)
    this.#state = 'busy'
    this.#call = call
    this.#user = peer
    this.#served++
  }

  /**
   * Nobody waits for the response any more: the child is free again once it has given it, or has shown that it has read
   * the cancellation, and is replaced if that takes too long. False if it does not have this call.
   */
  cancel(call: Call, cancellation?: (number: number) => Message): boolean {
    // One that is being replaced has answered already, if its client does not know yet.
    if (this.#call !== call || this.#state !== 'busy') return false
    this.#multiplexer?.cancel(call, cancellation)
    this.#stuck = setTimeout(() => {
      this.#log.warn(
        { childPid: this.#process?.pid, method: excerpt(call.method) },
        'child is stuck in a withdrawn call; replaced',
      )
      void this.stop()
    }, this.#options.timings.stuckMs).unref()
    return true
  }

  async stop(graceMs?: number, error?: BridgeError): Promise<void> {
    if (this.#state === 'gone' || this.#state === 'stopping') return
    this.#state = 'stopping'
    clearTimeout(this.#stuck)
    // Nothing is heard of it any more: what still waits for it, waits in vain.
    this.#multiplexer?.childGone(error ?? new BridgeError('shutting_down', 'this process is being replaced'))
    await this.#process?.stop(graceMs)
    this.#state = 'gone'
    this.#options.onGone(error)
  }

  #release(): void {
    if (this.#state !== 'busy') return
    if (!this.#isHealthy) this.#options.onHealthy()
    this.#isHealthy = true
    const { recycleAfter } = this.#options
    if (recycleAfter > 0 && this.#served >= recycleAfter) void this.stop()
    else this.#becomeFree()
  }

  #becomeFree(): void {
    clearTimeout(this.#stuck)
    this.#call = undefined
    this.#user = undefined
    this.#state = 'free'
    this.freeSince = monotonicMs()
    this.#options.onFree()
  }

  #setLevel(level: string): void {
    this.#client
      ?.request('logging/setLevel', { level }, this.#options.startTimeoutMs)
      .catch((err: unknown) => this.#log.debug({ err }, 'child of the pool refused a log level'))
  }

  async #gone(process: Child, multiplexer: Multiplexer, error: BridgeError): Promise<void> {
    const wasStarting = this.#state === 'starting'
    this.#state = 'gone'
    clearTimeout(this.#stuck)
    this.#options.onCrash(error, this.#isHealthy)
    const told = this.#options.told(error)
    multiplexer.childGone(told)
    // Until then it takes the place of another.
    await process.ended
    this.#options.onGone(wasStarting ? told : undefined)
  }
}
