// lease/pool: a request has a child for itself while it runs; afterwards the next one has it.
import { createHash } from 'node:crypto'
import type { Account } from '../budget/budget.ts'
import { monotonicMs } from '../clock.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { emptyResultFor } from '../rpc/factory.ts'
import type { Message } from '../rpc/message.ts'
import type { Owner } from './owner.ts'
import type { Call } from '../relay/call.ts'
import type { Result } from '../relay/client.ts'
import { LogLevels } from '../relay/interceptors/log-level.ts'
import { PooledChild, type PooledChildOptions } from './pooled-child.ts'
import type { Port } from '../relay/connection.ts'
import type { Route } from '../relay/route.ts'
import { takes } from './shared.ts'
import { initializeParamsOf, notOffered, initializeResult } from './initialize-result.ts'

export interface PoolOptions extends Omit<PooledChildOptions, 'start' | 'told' | 'onCrash' | 'onHealthy'> {
  maxChildren: number
  /** Members kept however long nobody needs them. */
  warm: number
  /** A member that nobody needed for so long is ended. */
  idleMs: number
  start(owner: Owner, account: Account): ReturnType<PooledChildOptions['start']>
  /** What clients of this owner may know of a failure. */
  told(owner: Owner, error: BridgeError): BridgeError
  onCrash(owner: Owner, error: BridgeError, isHealthy: boolean): void
  onHealthy(owner: Owner): void
}

/** Requests that may wait, for each child the pool may have. */
export const QUEUE_PER_CHILD = 16
const LIMIT_WAIT_MS = 50
const MAX_KINDS = 256
/** Of capabilities: those of every revision are at most three deep. */
const MAX_NESTING = 64

interface Waiting {
  call: Call
  account: Account
  /** Bytes charged for it. */
  bytes: number
  kind: string
  /** What happens once a child is free for it. */
  give(member: PooledChild): void
  timer: NodeJS.Timeout
}

interface Client {
  owner: Owner
  account: Account
  capabilities: Readonly<Record<string, unknown>>
  /** What must be equal for two clients to use the same child, as a hash. */
  kind: string
  /** Bytes charged for it. */
  cost: number
}

export class Pool {
  readonly #options: PoolOptions
  readonly #log: Logger
  readonly #members = new Set<PooledChild>()
  /** To whom each is charged. */
  readonly #owners = new Map<PooledChild, Account>()
  readonly #queue: Waiting[] = []
  readonly #clients = new Map<Port, Client>()
  /** By kind: what a child of it answered to `initialize`. */
  readonly #inits = new Map<string, Result>()
  readonly #levels = new LogLevels()
  readonly #sweeper: NodeJS.Timeout
  #isClosed = false

  constructor(options: PoolOptions, log: Logger) {
    this.#options = options
    this.#log = log
    this.#sweeper = setInterval(
      () => this.#retire(),
      Math.min(1000, Math.max(20, options.idleMs / 5)),
    ).unref()
  }

  async close(graceMs?: number): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sweeper)
    for (const waiting of [...this.#queue]) {
      this.#leave(waiting)
      this.#refuse(waiting, new BridgeError('shutting_down', 'the bridge is shutting down'))
    }
    await Promise.all([...this.#members].map((member) => member.stop(graceMs)))
  }

  /** The way of one client's requests. */
  routeFor(owner: Owner): Route {
    return {
      send: (call, message) => this.#send(call, message, owner),
      withdraw: (call, cancel) => this.#withdraw(call, cancel),
      settled: (call) => this.#settled(call),
      // Each child has been initialised by the bridge; a change of roots finds no child it could be told to.
      notify: () => {},
      unplug: (port) => {
        this.#leaveFor(port)
        this.#levels.delete(port)
        for (const member of this.#members) member.ports.delete(port)
      },
    }
  }

  #send(call: Call, message: Message, owner: Owner): void {
    const { method } = message
    if (method === 'initialize') return this.#introduce(call, message, owner)
    if (
      method.startsWith('tasks/') ||
      message.envelope.hasTask ||
      /^resources\/(un)?subscribe$/.test(method)
    ) {
      return call.port.settle(call, notOffered(call.clientId, method))
    }
    // The level goes to each child that this client is given; an unknown one is a child's to refuse.
    if (method === 'logging/setLevel' && this.#levels.set(call.port, message)) {
      return call.port.settle(call, emptyResultFor(call.clientId))
    }
    if (method === 'ping') return call.port.settle(call, emptyResultFor(call.clientId))
    this.#enqueue(call, message.byteLength, (member) =>
      member.take(call, message, this.#levels.of(call.port)),
    )
  }

  #introduce(call: Call, message: Message, owner: Owner): void {
    const { account } = call.port
    const introduction = initializeParamsOf(message)
    // Only clients that are alike may have the same child after each other.
    const kind = digest([owner.key, sorted(introduction.capabilities)])
    const cost = message.byteLength
    // Clients of one kind share the one they came first with.
    const alike = [...this.#clients.values()].find((client) => client.kind === kind)
    const capabilities = alike?.capabilities ?? introduction.capabilities
    const { bytes } = account
    if (!bytes.take(cost))
      throw new BridgeError('memory_limit_reached', bytes.refusal(cost, 'bytes', '--max-memory'))
    call.port.canBeAsked = takes(capabilities)
    this.#clients.set(call.port, { owner, account, capabilities, kind, cost })
    for (const member of this.#members) if (member.kind === kind) member.ports.add(call.port)
    const answer = (init: Result) =>
      call.port.settle(call, initializeResult(call.clientId, introduction, init, true))
    const init = this.#inits.get(kind)
    if (init !== undefined) return answer(init)
    // The first of its kind waits for a child like any request, and is answered with how that was initialised.
    this.#enqueue(call, 0, ({ init: latest }) => answer(latest ?? {}))
  }

  #leaveFor(port: Port): void {
    const client = this.#clients.get(port)
    if (client === undefined) return
    this.#clients.delete(port)
    client.account.bytes.give(client.cost)
    this.#forget(client.kind)
  }

  /** What was answered to a kind of which neither a client nor a child is left. */
  #forget(kind: string): void {
    if ([...this.#members].some((member) => member.kind === kind)) return
    if ([...this.#clients.values()].some((client) => client.kind === kind)) return
    this.#inits.delete(kind)
  }

  #enqueue(call: Call, bytes: number, give: (member: PooledChild) => void): void {
    const client = this.#clients.get(call.port)
    if (client === undefined) throw new BridgeError('request_invalid', 'send initialize first')
    const { kind, account } = client
    if (this.#isClosed) throw new BridgeError('shutting_down', 'the bridge is shutting down')
    if (this.#queue.length >= QUEUE_PER_CHILD * this.#options.maxChildren || !account.waiting.has(1)) {
      throw new BridgeError(
        'child_queue_full',
        account.waiting.refusal(1, 'places for requests that wait for a free process', 'for --max-children'),
      )
    }
    if (!account.bytes.take(bytes))
      throw new BridgeError('memory_limit_reached', account.bytes.refusal(bytes, 'bytes', '--max-memory'))
    account.waiting.add(1)
    const waiting: Waiting = {
      call,
      account,
      bytes,
      kind,
      give,
      timer: setTimeout(() => this.#expire(waiting), this.#options.timings.queueMs).unref(),
    }
    this.#queue.push(waiting)
    this.#pump()
  }

  #expire(waiting: Waiting): void {
    if ([...this.#members].some((member) => member.isStarting && member.kind === waiting.kind)) {
      // A start has a limit of its own.
      waiting.timer = setTimeout(() => this.#expire(waiting), this.#options.timings.queueMs).unref()
      return
    }
    this.#leave(waiting)
    this.#refuse(
      waiting,
      new BridgeError(
        'child_queue_full',
        `no process became free within ${this.#options.timings.queueMs / 1000} s`,
      ),
    )
  }

  #leave(waiting: Waiting): void {
    const at = this.#queue.indexOf(waiting)
    if (at !== -1) {
      this.#queue.splice(at, 1)
      waiting.account.waiting.give(1)
      waiting.account.bytes.give(waiting.bytes)
    }
    clearTimeout(waiting.timer)
  }

  /** Gives out what is free, to the longest waiting first. */
  #pump(): void {
    // What is ending makes room for one each: whoever else waits for room needs another to end.
    let coming = [...this.#members].filter((member) => member.isStopping).length
    for (const waiting of this.#inTurn()) {
      if (!this.#queue.includes(waiting)) continue
      const free = this.#freeFor(waiting)
      if (free !== undefined) {
        this.#leave(waiting)
        this.#hand(waiting, free)
      } else if (this.#awaitsStart(waiting)) continue
      else if (isOverShare(waiting.account)) this.#makeRoom(waiting.account)
      else if (this.#members.size < this.#options.maxChildren) this.#grow(waiting)
      else if (coming > 0) coming--
      else if (!this.#makeRoom()) break
    }
  }

  /** What goes wrong answers this request, and keeps no other waiting. */
  #hand({ call, give }: Waiting, member: PooledChild): void {
    try {
      give(member)
    } catch (error) {
      call.port.settleWith(call, toBridgeError(error))
    }
  }

  /** Who has the fewest children at work comes first; of those that have as many, who waits longest. */
  #inTurn(): Waiting[] {
    const busy = new Map<Account, number>()
    for (const { isFree, call } of this.#members) {
      const account = call?.port.account
      if (!isFree && account !== undefined) busy.set(account, (busy.get(account) ?? 0) + 1)
    }
    const queue = [...this.#queue]
    const isOne = queue.every(({ account }) => account === queue[0]?.account)
    return isOne ? queue : queue.toSorted((a, b) => (busy.get(a.account) ?? 0) - (busy.get(b.account) ?? 0))
  }

  /**
   * A free child, best one in which nothing is left of another's cancelled call. What is left there could ask this
   * client something: where it can be asked and there is room, another child is started instead.
   */
  #freeFor({ call, kind }: Waiting): PooledChild | undefined {
    const free = [...this.#members].filter((member) => member.isFree && member.kind === kind)
    const clear = free.find((member) => member.isClearFor(call.port))
    if (clear !== undefined) return clear
    const canBeAsked = Object.keys(this.#clients.get(call.port)?.capabilities ?? {}).length > 0
    return canBeAsked && this.#members.size < this.#options.maxChildren ? undefined : free[0]
  }

  /** Whether one of the children being started is for this one. */
  #awaitsStart({ call, kind }: Waiting): boolean {
    const starting = [...this.#members].filter((member) => member.isStarting && member.kind === kind).length
    const ahead = this.#queue.filter((each) => each.kind === kind).findIndex((each) => each.call === call)
    return ahead < starting
  }

  #grow({ call }: Waiting): void {
    const client = this.#clients.get(call.port)
    if (client !== undefined) this.#add(client)
  }

  /**
   * Ends the child that has been free for longest; false if none is. The queue is looked at again when it has ended.
   *
   * @param account of these children alone
   */
  #makeRoom(account?: Account): boolean {
    const [spare] = [...this.#members]
      .filter((member) => member.isFree && (account === undefined || this.#owners.get(member) === account))
      .toSorted((a, b) => a.freeSince - b.freeSince)
    if (spare !== undefined) void spare.stop()
    return spare !== undefined
  }

  #add({ kind, account, capabilities, owner }: Client): void {
    const ports = [...this.#clients].filter(([, client]) => client.kind === kind).map(([port]) => port)
    const member = new PooledChild(
      kind,
      new Set(ports),
      {
        ...this.#options,
        start: () => this.#options.start(owner, account),
        told: (error) => this.#options.told(owner, error),
        onCrash: (error, isHealthy) => this.#options.onCrash(owner, error, isHealthy),
        onHealthy: () => this.#options.onHealthy(owner),
      },
      {
        hears: (port, message) =>
          message.method !== 'notifications/message' || this.#levels.admits(port, message),
        free: () => {
          if (member.init !== undefined) this.#remember(kind, member.init)
          this.#pump()
        },
        gone: (error) => {
          this.#members.delete(member)
          this.#owners.delete(member)
          this.#forget(kind)
          // What is being started or ended beside the pool takes places too: they come free in a moment.
          if (error?.code === 'child_limit_reached')
            return void setTimeout(() => this.#pump(), LIMIT_WAIT_MS).unref()
          if (error !== undefined) this.#fail(kind, error)
          this.#pump()
        },
      },
      this.#log,
    )
    this.#members.add(member)
    this.#owners.set(member, account)
    void member.open(capabilities)
  }

  /** Clients choose their capabilities, and so the kinds: the oldest is forgotten at last. */
  #remember(kind: string, init: Result): void {
    this.#inits.set(kind, init)
    const [oldest] = this.#inits.keys()
    if (this.#inits.size > MAX_KINDS && oldest !== undefined) this.#inits.delete(oldest)
  }

  /** A child of this kind could not be started: whoever waits for one is told, and not left waiting for the next try. */
  #fail(kind: string, error: BridgeError): void {
    for (const waiting of this.#queue.filter((each) => each.kind === kind)) {
      this.#leave(waiting)
      this.#refuse(waiting, error)
    }
  }

  #refuse({ call, timer }: Waiting, error: BridgeError): void {
    clearTimeout(timer)
    call.port.settleWith(call, error)
  }

  #withdraw(call: Call, cancel: ((number: number) => Message) | undefined): void {
    const waiting = this.#queue.find((each) => each.call === call)
    if (waiting !== undefined) return this.#leave(waiting)
    for (const member of this.#members) if (member.call === call) member.withdraw(cancel)
  }

  #settled(call: Call): void {
    for (const member of this.#members) if (member.call === call) member.release()
  }

  #retire(): void {
    const longAgo = monotonicMs() - this.#options.idleMs
    // Those that are being stopped are members until they have ended.
    const staying = [...this.#members].filter((member) => !member.isStopping)
    const idle = staying.filter((member) => member.isFree && member.freeSince < longAgo)
    for (const member of idle.slice(0, Math.max(0, staying.length - this.#options.warm))) void member.stop()
  }
}

/** Another child would be more than this one may have, also when one of somebody else's has ended. */
function isOverShare({ children }: Account): boolean {
  return children.quota.isShared && children.used > 0 && !children.has(1)
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64')
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
