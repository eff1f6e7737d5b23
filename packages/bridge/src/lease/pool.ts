// lease/pool: a request has a child for itself while it runs; afterwards the next one has it.
import { createHash } from 'node:crypto'
import type { Account } from '../budget/budget.ts'
import type { Child } from '../child/child.ts'
import { monotonicMs } from '../clock.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import { fail, logInternal } from '../relay/call.ts'
import type { Call, Dispatcher, Peer, ResponseHandler } from '../relay/dispatch.ts'
import { compose } from '../relay/intercept.ts'
import { clientCapabilities } from '../relay/interceptors/client-capabilities.ts'
import { LogLevels } from '../relay/interceptors/log-level.ts'
import { isTask, notOffered } from '../relay/interceptors/not-offered.ts'
import { createPeer } from '../relay/peer.ts'
import { textOf, type Members } from '../rpc/content.ts'
import { emptyResultFor } from '../rpc/factory.ts'
import type { InitializeParams } from '../rpc/initialize-params.ts'
import type { Message } from '../rpc/message.ts'
import type { Logger } from '../telemetry/logger.ts'
import { initializeResult } from './initialize-result.ts'
import type { Owner } from './owner.ts'
import { PoolQueue, QUEUE_PER_CHILD, type Waiting } from './pool-queue.ts'
import { PooledChild, type PooledChildOptions } from './pooled-child.ts'

type Limits = Pick<PooledChildOptions, 'startTimeoutMs' | 'maxBacklogBytes' | 'timings' | 'recycleAfter'>

export interface PoolOptions extends Limits {
  maxChildren: number
  /** Children kept however long nobody needs them. */
  warm: number
  /** A child that nobody needed for so long is ended. */
  idleMs: number
  start(owner: Owner, account: Account): Promise<Child>
  /** What clients of this owner may know of a failure. */
  told(owner: Owner, error: BridgeError): BridgeError
  onCrash(owner: Owner, error: BridgeError, isHealthy: boolean): void
  onHealthy(owner: Owner): void
}

const LIMIT_WAIT_MS = 50
const MAX_KINDS = 256
/** Of capabilities: those of every revision are at most three deep. */
const MAX_NESTING = 64

interface Client {
  peer: Peer
  owner: Owner
  protocolVersion: string | undefined
  capabilities: Members
  /** What must be equal for two clients to use the same child, as a hash. */
  kind: string
  /** Bytes charged for it. */
  cost: number
}

export class Pool {
  readonly #options: PoolOptions
  readonly #log: Logger
  readonly #children = new Set<PooledChild>()
  readonly #queue: PoolQueue
  readonly #clients = new Map<Peer, Client>()
  /** By kind: what a child of it answered to `initialize`. */
  readonly #results = new Map<string, Members>()
  readonly #levels = new LogLevels()
  readonly #sweeper: NodeJS.Timeout
  #isClosed = false

  constructor(options: PoolOptions, log: Logger) {
    this.#options = options
    this.#log = log
    const { queueMs } = options.timings
    this.#queue = new PoolQueue({
      max: QUEUE_PER_CHILD * options.maxChildren,
      waitMs: queueMs,
      isStarting: (kind) => this.#of(kind).some((child) => child.isStarting),
      onExpired: ({ call, handler }) => {
        const text = `no process became free within ${queueMs / 1000} s`
        fail(call, handler, new BridgeError('child_queue_full', text))
      },
    })
    const sweepMs = Math.min(1000, Math.max(20, options.idleMs / 5))
    this.#sweeper = setInterval(() => this.#retire(), sweepMs).unref()
  }

  /** The revision that its children speak, once one has said so. */
  get revision(): string | undefined {
    for (const result of this.#results.values()) return textOf(result['protocolVersion'], '') || undefined
    return undefined
  }

  async close(graceMs?: number): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sweeper)
    this.#refuse(this.#queue.all(), new BridgeError('shutting_down', 'the bridge is shutting down'))
    await Promise.all([...this.#children].map((child) => child.stop(graceMs)))
  }

  /**
   * One more client's way to whichever child is free.
   *
   * @throws BridgeError `request_invalid`, `memory_limit_reached`
   */
  open(owner: Owner, caller: Parameters<typeof createPeer>[0], params: InitializeParams): Dispatcher {
    const client = this.#enter(createPeer(caller), owner, params)
    const { peer } = client
    const way: Dispatcher = {
      request: (call, message, handler) => this.#request(client, call, message, handler),
      cancel: (call, cancellation) => this.#cancel(call, cancellation),
      // Each child has been initialised by the bridge; a change of roots finds no child it could be told to.
      notify: () => {},
      listen: (listener) => {
        peer.listener = listener
      },
      close: () => this.#leave(client),
    }
    return compose(way, [
      notOffered((message) => isTask(message) || /^resources\/(un)?subscribe$/.test(message.method)),
      this.#levels.interceptorFor(peer),
      clientCapabilities(client.capabilities),
    ])
  }

  #enter(peer: Peer, owner: Owner, { protocolVersion, capabilities }: InitializeParams): Client {
    const text = JSON.stringify([owner.key, sorted(capabilities)])
    // Only clients that are alike may have the same child after each other.
    const kind = createHash('sha256').update(text).digest('base64')
    const { bytes } = peer.account
    const cost = text.length
    if (!bytes.take(cost))
      throw new BridgeError('memory_limit_reached', bytes.refusal(cost, 'bytes', '--max-memory'))
    // Clients of one kind share the capabilities of the one that came first.
    const alike = [...this.#clients.values()].find((each) => each.kind === kind)
    const client = {
      peer,
      owner,
      protocolVersion,
      capabilities: alike?.capabilities ?? capabilities,
      kind,
      cost,
    }
    this.#clients.set(peer, client)
    for (const child of this.#of(kind)) child.peers.add(peer)
    return client
  }

  #leave({ peer, kind, cost }: Client): void {
    if (!this.#clients.delete(peer)) return
    peer.account.bytes.give(cost)
    for (const child of this.#children) child.peers.delete(peer)
    this.#forget(kind)
  }

  #request(client: Client, call: Call, message: Message, handler: ResponseHandler): void {
    if (call.method === 'initialize') return this.#initialize(client, call, handler)
    if (call.method === 'ping') return handler.onResponse(emptyResultFor(call.id), call)
    const { peer } = client
    this.#enqueue(client, call, handler, message.byteLength, (child) =>
      child.request(peer, call, message, handler, this.#levels.of(peer)),
    )
  }

  #initialize(client: Client, call: Call, handler: ResponseHandler): void {
    const revision = client.protocolVersion
    const answer = (result: Members) =>
      handler.onResponse(initializeResult(call, revision, result, { withoutSubscribe: true }), call)
    const known = this.#results.get(client.kind)
    if (known !== undefined) return answer(known)
    // The first of its kind waits for a child like any request, and is answered with how that was initialised.
    this.#enqueue(client, call, handler, 0, ({ result }) => answer(result ?? {}))
  }

  #enqueue(
    { peer, kind }: Client,
    call: Call,
    handler: ResponseHandler,
    bytes: number,
    give: Waiting['give'],
  ): void {
    if (this.#isClosed) throw new BridgeError('shutting_down', 'the bridge is shutting down')
    this.#queue.add({ call, handler, peer, kind, bytes, give })
    this.#pump()
  }

  #cancel(call: Call, cancellation: ((number: number) => Message) | undefined): void {
    const waiting = this.#queue.of(call)
    if (waiting !== undefined) return void this.#queue.delete(waiting)
    for (const child of this.#children) if (child.cancel(call, cancellation)) return
  }

  /** Gives out what is free, to the longest waiting first. */
  #pump(): void {
    // Each stopping child frees one place; only requests beyond those need another child ended.
    let coming = [...this.#children].filter((child) => child.isStopping).length
    for (const waiting of this.#queue.inTurn(this.#atWork())) {
      if (!this.#queue.has(waiting)) continue
      const free = this.#freeFor(waiting)
      if (free !== undefined) {
        this.#queue.delete(waiting)
        this.#hand(waiting, free)
      } else if (this.#awaitsStart(waiting)) continue
      else if (isOverShare(waiting.peer.account)) this.#makeRoom(waiting.peer.account)
      else if (this.#children.size < this.#options.maxChildren) this.#grow(waiting)
      else if (coming > 0) coming--
      else if (!this.#makeRoom()) break
    }
  }

  /** What goes wrong answers this request, and keeps no other waiting. */
  #hand({ call, handler, give }: Waiting, child: PooledChild): void {
    try {
      give(child)
    } catch (thrown) {
      const error = toBridgeError(thrown)
      logInternal(error, call, this.#log)
      fail(call, handler, error)
    }
  }

  #atWork(): Map<Account, number> {
    const counts = new Map<Account, number>()
    for (const { user } of this.#children)
      if (user !== undefined) counts.set(user.account, (counts.get(user.account) ?? 0) + 1)
    return counts
  }

  /**
   * A free child, best one in which nothing is left of another's cancelled call. What is left there could ask this
   * client something: where it can be asked and there is room, another child is started instead.
   */
  #freeFor({ peer, kind }: Waiting): PooledChild | undefined {
    const free = this.#of(kind).filter((child) => child.isFree)
    const clear = free.find((child) => child.isClearFor(peer))
    if (clear !== undefined) return clear
    const canBeAsked = Object.keys(this.#clients.get(peer)?.capabilities ?? {}).length > 0
    return canBeAsked && this.#children.size < this.#options.maxChildren ? undefined : free[0]
  }

  /** Whether one of the children being started is for this one. */
  #awaitsStart({ call, kind }: Waiting): boolean {
    const starting = this.#of(kind).filter((child) => child.isStarting).length
    const ahead = this.#waitingFor(kind).findIndex((each) => each.call === call)
    return ahead < starting
  }

  #grow({ peer }: Waiting): void {
    const client = this.#clients.get(peer)
    if (client !== undefined) this.#add(client)
  }

  /**
   * Ends the child that has been free for longest; false if none is. The queue is looked at again when it has ended.
   *
   * @param account of these children alone
   */
  #makeRoom(account?: Account): boolean {
    const [spare] = [...this.#children]
      .filter((child) => child.isFree && (account === undefined || child.account === account))
      .toSorted((a, b) => a.freeSince - b.freeSince)
    if (spare !== undefined) void spare.stop()
    return spare !== undefined
  }

  #add({ kind, peer: { account }, capabilities, owner }: Client): void {
    const peers = [...this.#clients.values()].filter((client) => client.kind === kind).map(({ peer }) => peer)
    const child = new PooledChild(
      kind,
      new Set(peers),
      {
        ...this.#options,
        account,
        start: () => this.#options.start(owner, account),
        told: (error) => this.#options.told(owner, error),
        onCrash: (error, isHealthy) => this.#options.onCrash(owner, error, isHealthy),
        onHealthy: () => this.#options.onHealthy(owner),
        onFree: () => {
          if (child.result !== undefined) this.#remember(kind, child.result)
          this.#pump()
        },
        onGone: (error) => this.#gone(child, error),
      },
      this.#log,
    )
    this.#children.add(child)
    void child.open(capabilities)
  }

  #gone(child: PooledChild, error: BridgeError | undefined): void {
    this.#children.delete(child)
    this.#forget(child.kind)
    // What is being started or ended beside the pool takes places too: they come free in a moment.
    if (error?.code === 'child_limit_reached')
      return void setTimeout(() => this.#pump(), LIMIT_WAIT_MS).unref()
    // It could not be started: whoever waits for one is told, and not left waiting for the next try.
    if (error !== undefined) this.#refuse(this.#waitingFor(child.kind), error)
    this.#pump()
  }

  /** Clients choose their capabilities, and so the kinds: the oldest is forgotten at last. */
  #remember(kind: string, result: Members): void {
    this.#results.set(kind, result)
    const [oldest] = this.#results.keys()
    if (this.#results.size > MAX_KINDS && oldest !== undefined) this.#results.delete(oldest)
  }

  /** What was answered to a kind of which neither a client nor a child is left. */
  #forget(kind: string): void {
    if (this.#of(kind).length > 0) return
    if ([...this.#clients.values()].some((client) => client.kind === kind)) return
    this.#results.delete(kind)
  }

  #of(kind: string): PooledChild[] {
    return [...this.#children].filter((child) => child.kind === kind)
  }

  #waitingFor(kind: string): Waiting[] {
    return this.#queue.all().filter((each) => each.kind === kind)
  }

  #refuse(all: readonly Waiting[], error: BridgeError): void {
    for (const waiting of all) if (this.#queue.delete(waiting)) fail(waiting.call, waiting.handler, error)
  }

  #retire(): void {
    const longAgo = monotonicMs() - this.#options.idleMs
    // Those that are being stopped are children of the pool until they have ended.
    const staying = [...this.#children].filter((child) => !child.isStopping)
    const idle = staying.filter((child) => child.isFree && child.freeSince < longAgo)
    for (const child of idle.slice(0, Math.max(0, staying.length - this.#options.warm))) void child.stop()
  }
}

/** Another child would be more than this one may have, also when one of somebody else's has ended. */
function isOverShare({ children }: Account): boolean {
  return children.quota.isShared && children.used > 0 && !children.has(1)
}

/** The same text for the same set, in whatever order it was written. */
function sorted(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if (depth === MAX_NESTING)
    throw new BridgeError('request_invalid', `capabilities are nested more than ${MAX_NESTING} deep`)
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => [key, sorted(each, depth + 1)])
}
