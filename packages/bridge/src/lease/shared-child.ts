// lease/shared-child: one child for many clients; it is replaced when it dies, and they stay.
import type { Child } from '../child/child.ts'
import { StartWatch } from '../child/start-watch.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import { fail, logInternal } from '../relay/call.ts'
import { ChildClient } from '../relay/client.ts'
import type { Call, Dispatcher, Peer, ResponseHandler } from '../relay/dispatch.ts'
import { compose } from '../relay/intercept.ts'
import { clientCapabilities } from '../relay/interceptors/client-capabilities.ts'
import { LogLevels } from '../relay/interceptors/log-level.ts'
import { isTask, notOffered } from '../relay/interceptors/not-offered.ts'
import { Subscriptions } from '../relay/interceptors/subscriptions.ts'
import { Multiplexer } from '../relay/multiplexer.ts'
import { createBridgePeer, createPeer } from '../relay/peer.ts'
import { textOf, type Members } from '../rpc/content.ts'
import type { InitializeParams } from '../rpc/initialize-params.ts'
import type { Message } from '../rpc/message.ts'
import type { Logger } from '../telemetry/logger.ts'
import { initializeResult } from './initialize-result.ts'
import { join } from './join.ts'
import type { SeveralClients } from './lease.ts'

export interface SharedChildOptions extends SeveralClients {
  /** `onIdle` is called when nobody has been there for so long; 0: never. */
  idleMs: number
  onIdle(): void
}

/** What the bridge can route when several clients share: to the only one with a call in flight. */
const CAPABILITIES = { roots: {}, sampling: {}, elicitation: {} }
/** Requests that wait for a child that is being started. */
export const MAX_WAITING = 1024

interface Waiting {
  message: Message
  handler: ResponseHandler
  peer: Peer
}

interface Running {
  process: Child
  multiplexer: Multiplexer
  /** The bridge's own way to it, and what it answered to `initialize`. */
  client: ChildClient
  result: Members
}

export class SharedChild {
  readonly #options: SharedChildOptions
  readonly #log: Logger
  readonly #peers = new Set<Peer>()
  readonly #levels = new LogLevels((level) => this.#tell('logging/setLevel', { level }))
  readonly #subscriptions = new Subscriptions((uri) => this.#tell('resources/unsubscribe', { uri }))
  readonly #waiting = new Map<Call, Waiting>()
  #process: Child | undefined
  #multiplexer: Multiplexer | undefined
  #running: Running | undefined
  /** What the last one answered to `initialize`. */
  #result: Members | undefined
  #starting: Promise<Running> | undefined
  #isClosed = false
  #idle: NodeJS.Timeout | undefined

  constructor(options: SharedChildOptions, log: Logger) {
    this.#options = options
    this.#log = log
  }

  /** The revision that it speaks, once it has said so. */
  get revision(): string | undefined {
    return textOf(this.#result?.['protocolVersion'], '') || undefined
  }

  /** One more client's way to it. */
  open(
    caller: Parameters<typeof createPeer>[0],
    { protocolVersion, capabilities }: InitializeParams,
  ): Dispatcher {
    const peer = createPeer(caller)
    this.#peers.add(peer)
    clearTimeout(this.#idle)
    const way: Dispatcher = {
      request: (call, message, handler) => {
        if (call.method === 'initialize') this.#initialize(call, protocolVersion, handler)
        else this.#request(peer, call, message, handler)
      },
      cancel: (call, cancellation) => {
        if (this.#stopWaiting(call) === undefined) this.#multiplexer?.cancel(call, cancellation)
      },
      // The bridge has initialised the child itself, and no client's roots are those of all.
      notify: () => {},
      listen: (listener) => {
        peer.listener = listener
      },
      close: () => {
        this.#peers.delete(peer)
        this.restIfUnused()
      },
    }
    return compose(way, [
      notOffered(isTask),
      this.#subscriptions.interceptorFor(peer),
      this.#levels.interceptorFor(peer),
      clientCapabilities(capabilities),
    ])
  }

  /** The child, started and initialised if it is not. Throws BridgeError, `child_…`. */
  async ready(): Promise<Pick<Running, 'client' | 'result' | 'process'>> {
    return this.#running ?? (await this.#start())
  }

  async close(graceMs?: number): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#idle)
    const process = this.#process
    this.#running = undefined
    this.#multiplexer?.childGone(new BridgeError('shutting_down', 'the bridge is shutting down'))
    await process?.stop(graceMs)
  }

  /** Ends it when nobody has come for a while; at once where there is no process to keep. */
  restIfUnused(): void {
    const { idleMs, onIdle } = this.#options
    if (idleMs === 0 || this.#peers.size > 0 || this.#isClosed) return
    if (this.#running === undefined && this.#starting === undefined) return onIdle()
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => onIdle(), idleMs).unref()
  }

  #initialize(call: Call, revision: string | undefined, handler: ResponseHandler): void {
    const ready = this.ready()
    ready.catch(() => {})
    // Answered from what is known while the child restarts; requests wait instead.
    const known = this.#result === undefined ? ready : Promise.resolve({ result: this.#result })
    known
      .then(({ result }) =>
        handler.onResponse(initializeResult(call, revision, result, { withoutSubscribe: false }), call),
      )
      .catch((error: unknown) => this.#fail(call, handler, toBridgeError(error)))
  }

  #request(peer: Peer, call: Call, message: Message, handler: ResponseHandler): void {
    if (this.#running !== undefined) return this.#running.multiplexer.request(peer, call, message, handler)
    if (this.#waiting.size >= MAX_WAITING)
      throw new BridgeError('child_backlogged', 'too many requests wait for the tool')
    const { waiting, bytes } = peer.account
    if (!waiting.has(1)) {
      const text = waiting.refusal(1, 'places for waiting requests', 'of the bridge')
      throw new BridgeError('child_backlogged', text)
    }
    if (!bytes.take(message.byteLength)) {
      const text = bytes.refusal(message.byteLength, 'bytes', '--max-memory')
      throw new BridgeError('memory_limit_reached', text)
    }
    waiting.add(1)
    this.#waiting.set(call, { message, handler, peer })
    // What goes wrong answers all who wait.
    this.#start().catch(() => {})
  }

  /** What waited, if it did. */
  #stopWaiting(call: Call): Waiting | undefined {
    const waiting = this.#waiting.get(call)
    if (waiting === undefined) return undefined
    this.#waiting.delete(call)
    const { account } = waiting.peer
    account.waiting.give(1)
    account.bytes.give(waiting.message.byteLength)
    return waiting
  }

  #fail(call: Call, handler: ResponseHandler, error: BridgeError): void {
    logInternal(error, call, this.#log)
    fail(call, handler, this.#options.told(error))
  }

  /** A request of the bridge whose failure changes nothing for anybody. */
  #tell(method: string, params: object): void {
    this.#running?.client
      .request(method, params, this.#options.startTimeoutMs)
      .catch((err: unknown) =>
        this.#log.debug({ err, method }, 'shared child refused a request of the bridge'),
      )
  }

  #start(): Promise<Running> {
    this.#starting ??= this.#begin().finally(() => {
      this.#starting = undefined
    })
    return this.#starting
  }

  async #begin(): Promise<Running> {
    try {
      if (this.#isClosed) throw new BridgeError('shutting_down', 'the bridge is shutting down')
      const process = await this.#spawned()
      if (this.#isClosed) {
        void process.stop()
        throw new BridgeError('shutting_down', 'nobody uses this process any more')
      }
      const running = await this.#shakeHands(process)
      this.#running = running
      this.#result = running.result
      this.#resume(running)
      return running
    } catch (thrown) {
      const error = toBridgeError(thrown)
      for (const call of [...this.#waiting.keys()]) {
        const waiting = this.#stopWaiting(call)
        if (waiting !== undefined) this.#fail(call, waiting.handler, error)
      }
      throw error
    }
  }

  /** A process. The one before takes a place until all of it has ended. */
  async #spawned(): Promise<Child> {
    const before = this.#process
    try {
      return await this.#options.start()
    } catch (error) {
      if (before === undefined || toBridgeError(error).code !== 'child_limit_reached') throw error
      await before.ended
      return this.#options.start()
    }
  }

  async #shakeHands(process: Child): Promise<Running> {
    const { maxBacklogBytes, startTimeoutMs, timings, onHealthy } = this.#options
    const multiplexer = new Multiplexer(
      process,
      this.#peers,
      {
        isShared: true,
        maxBacklogBytes,
        lostMs: timings.lostMs,
        cancelled: { timings, ping: () => client.ping(timings.stuckMs) },
        afterCallMs: timings.afterCallMs,
        onHealthy,
      },
      this.#log,
    )
    const client = new ChildClient(multiplexer.dispatcherFor(createBridgePeer()))
    this.#process = process
    this.#multiplexer = multiplexer
    join(process, multiplexer, { childGone: (error) => this.#gone(multiplexer, error) })
    const watch = new StartWatch(process, this.#log)
    try {
      const result = await client.initialize(CAPABILITIES, startTimeoutMs)
      return { process, multiplexer, client, result }
    } catch (thrown) {
      const error = await watch.explained(toBridgeError(thrown))
      void process.stop()
      throw error
    } finally {
      watch.end()
    }
  }

  /** What the clients had asked of the one before. */
  #resume({ multiplexer }: Running): void {
    if (this.#levels.lowest !== undefined) this.#tell('logging/setLevel', { level: this.#levels.lowest })
    for (const uri of this.#subscriptions.granted) this.#tell('resources/subscribe', { uri })
    for (const call of [...this.#waiting.keys()]) {
      const waiting = this.#stopWaiting(call)
      if (waiting === undefined) continue
      try {
        multiplexer.request(waiting.peer, call, waiting.message, waiting.handler)
      } catch (error) {
        this.#fail(call, waiting.handler, toBridgeError(error))
      }
    }
  }

  #gone(multiplexer: Multiplexer, error: BridgeError): void {
    if (this.#running?.multiplexer === multiplexer) this.#running = undefined
    this.#options.onCrash(error, multiplexer.isHealthy)
    multiplexer.childGone(this.#options.told(error))
    // At once, not with the next request: a subscriber must not miss what it subscribed to.
    if (!this.#isClosed && this.#peers.size > 0 && this.#starting === undefined) this.#start().catch(() => {})
  }
}
