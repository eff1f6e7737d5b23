// lease/modern-child: one modern process for everybody with the same environment: each request stands for itself.
import type { Child } from '../child/child.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import { BRIDGE_INFO, ChildClient } from '../relay/client.ts'
import type { Dispatcher, ServerRequest } from '../relay/dispatch.ts'
import { compose, overhear } from '../relay/intercept.ts'
import { enveloped } from '../relay/interceptors/envelope.ts'
import { Multiplexer } from '../relay/multiplexer.ts'
import { createBridgePeer, createPeer } from '../relay/peer.ts'
import type { Members } from '../rpc/content.ts'
import type { Message } from '../rpc/message.ts'
import type { Logger } from '../telemetry/logger.ts'
import { join } from './join.ts'
import type { SeveralClients } from './lease.ts'

export interface ModernChildOptions extends SeveralClients {
  /** It ends when nobody has had a way to it for so long; 0: never. */
  idleMs: number
  /** It is over; whoever comes next needs another. */
  onGone(): void
}

/** A process that has answered `server/discover`. */
export interface Discovered {
  client: ChildClient
  process: Child
  /** What it said of itself. */
  result: Members
}

export class ModernChild {
  readonly #options: ModernChildOptions
  readonly #log: Logger
  readonly #goners = new Set<(error: BridgeError) => void>()
  #process: Child | undefined
  #multiplexer: Multiplexer | undefined
  #starting: Promise<Discovered> | undefined
  #idle: NodeJS.Timeout | undefined
  #isDiscovered = false
  #isClosed = false

  constructor(options: ModernChildOptions, log: Logger) {
    this.#options = options
    this.#log = log
  }

  /** Nobody has a way to it. */
  get isUnused(): boolean {
    return this.#goners.size === 0
  }

  /** The same, and nobody waits for one. */
  get isIdle(): boolean {
    return this.#isDiscovered && this.isUnused
  }

  /** The process, started and asked what it is if it is not. Throws BridgeError, `child_…`. */
  discover(): Promise<Discovered> {
    clearTimeout(this.#idle)
    this.#starting ??= this.#start()
    return this.#starting
  }

  /** One more client's way to it, once it has been discovered. */
  open(caller: Parameters<typeof createPeer>[0], onGone: (error: BridgeError) => void): Dispatcher {
    const multiplexer = this.#multiplexer
    if (multiplexer === undefined || this.#isClosed)
      throw new BridgeError('child_exited', 'the tool has gone')
    clearTimeout(this.#idle)
    const peer = createPeer(caller)
    multiplexer.peers.add(peer)
    this.#goners.add(onGone)
    const way = multiplexer.dispatcherFor(peer)
    return {
      ...way,
      listen: (listener) => way.listen(overhear(listener, { onServerRequest: refuseToAsk })),
      close: () => {
        this.#goners.delete(onGone)
        way.close()
        this.restIfUnused()
      },
    }
  }

  /** Ends it when nobody has come for a while. */
  restIfUnused(): void {
    const { idleMs, onGone } = this.#options
    clearTimeout(this.#idle)
    if (idleMs === 0 || !this.isIdle || this.#isClosed) return
    this.#idle = setTimeout(() => {
      onGone()
      void this.close()
    }, idleMs).unref()
  }

  async close(graceMs?: number): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#idle)
    this.#multiplexer?.childGone(new BridgeError('shutting_down', 'the bridge is shutting down'))
    await this.#process?.stop(graceMs)
  }

  async #start(): Promise<Discovered> {
    const { startTimeoutMs, maxBacklogBytes, timings, onHealthy } = this.#options
    try {
      const process = await this.#options.start()
      this.#process = process
      const multiplexer = new Multiplexer(
        process,
        new Set(),
        { isShared: true, maxBacklogBytes, lostMs: timings.lostMs, onHealthy },
        this.#log,
      )
      this.#multiplexer = multiplexer
      join(process, multiplexer, { childGone: (error) => this.#gone(multiplexer, error) })
      if (this.#isClosed) {
        void process.stop()
        throw new BridgeError('shutting_down', 'the bridge is shutting down')
      }
      // Its own envelope: a filter asks for lists of its own.
      const client = new ChildClient(compose(multiplexer.dispatcherFor(createBridgePeer()), [ENVELOPED]))
      const result = await client.discover(startTimeoutMs)
      this.#isDiscovered = true
      return { client, process, result }
    } catch (thrown) {
      this.#isClosed = true
      void this.#process?.stop()
      this.#options.onGone()
      throw toBridgeError(thrown)
    }
  }

  #gone(multiplexer: Multiplexer, error: BridgeError): void {
    const wasClosed = this.#isClosed
    this.#isClosed = true
    if (!wasClosed) this.#options.onCrash(error, multiplexer.isHealthy)
    const told = this.#options.told(error)
    multiplexer.childGone(told)
    for (const onGone of this.#goners) onGone(told)
    this.#goners.clear()
    this.#options.onGone()
  }
}

/** "the server MUST NOT write requests": it asks in its results, and whom it means here nobody could tell. */
function refuseToAsk(request: ServerRequest, { method }: Message): void {
  if (method === 'ping') request.pong()
  else request.refuse('a server of 2026-07-28 asks its client by input_required')
}

/** For whatever the bridge itself asks a modern child. */
export const ENVELOPED = enveloped(() => ({ capabilities: {}, clientInfo: BRIDGE_INFO }))
