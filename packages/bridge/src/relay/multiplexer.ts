// relay/multiplexer: one per child: numbers go out, and every message of the child goes home.
import { BridgeError } from '../errors.ts'
import { cancellationOf, errorFor } from '../rpc/factory.ts'
import { integerOf, type Message } from '../rpc/message.ts'
import type { Field } from '../rpc/scanner.ts'
import type { Logger } from '../telemetry/logger.ts'
import { isStanding, respond } from './call.ts'
import { CancelledCalls, type CancelledOptions } from './cancelled.ts'
import { ChildRequest } from './child-request.ts'
import type { Call, Dispatcher, Peer, Pipe, ResponseHandler } from './dispatch.ts'
import { LostResponses } from './lost-responses.ts'
import { PendingRequests, type Pending } from './pending.ts'
import { RecentCalls } from './recent.ts'
import { TaskTokens } from './task-tokens.ts'

export interface MultiplexerOptions {
  /** Several clients have the child; else whatever it says is for the only one. */
  isShared: boolean
  /** A request is refused while the child leaves that much unread. */
  maxBacklogBytes: number
  /** See `LostResponses`. */
  lostMs: number
  /** The child has answered a request of a client after `initialize`: it works. */
  onHealthy?: () => void
  /** Of a child that others use too: what becomes of calls that nobody waits for any more. */
  cancelled?: Omit<CancelledOptions, 'onRead'> & {
    /** The child has answered this call after all, or has read its cancellation. */
    onDone?: (number: number) => void
  }
  /** Of a child that several principals use: for so long after a call of one, what it says may be about that one. */
  afterCallMs?: number
}

const NONE: ReadonlySet<symbol> = new Set()

/** What every session is told, not only the one with a call in flight. */
const LIST_CHANGED = /^notifications\/(tools|resources|prompts)\/list_changed$/

/**
 * Joins clients and one child. Towards the child every request has an integer of its own, used as id and as progress
 * token; on the way back the client's own are restored, type included.
 */
export class Multiplexer {
  /** The clients; whoever else has a way to the child is the bridge itself. */
  readonly peers: Set<Peer>
  readonly #pipe: Pipe
  readonly #log: Logger
  readonly #options: MultiplexerOptions
  readonly #requests = new PendingRequests()
  readonly #lost: LostResponses
  readonly #cancelled: CancelledCalls | undefined
  readonly #recent: RecentCalls | undefined
  readonly #tasks = new TaskTokens()
  #gone: BridgeError | undefined
  #hasAnswered = false
  #isHealthy = false

  constructor(pipe: Pipe, peers: Set<Peer>, options: MultiplexerOptions, log: Logger) {
    this.#pipe = pipe
    this.peers = peers
    this.#log = log
    this.#options = options
    this.#lost = new LostResponses(this.#requests, options.lostMs, (pending, error) => {
      pending.handler.onDoubt(error, pending.call)
    })
    this.#recent = options.afterCallMs === undefined ? undefined : new RecentCalls()
    const { cancelled } = options
    this.#cancelled =
      cancelled && new CancelledCalls({ ...cancelled, onRead: (number) => cancelled.onDone?.(number) })
  }

  /** The child has answered a request of a client after `initialize`. */
  get isHealthy(): boolean {
    return this.#isHealthy
  }

  /** The child has answered something. */
  get hasAnswered(): boolean {
    return this.#hasAnswered
  }

  /** One client's way to the child. */
  dispatcherFor(peer: Peer): Dispatcher {
    return {
      request: (call, message, handler) => this.request(peer, call, message, handler),
      cancel: (call, cancellation) => this.cancel(call, cancellation),
      notify: (message) => this.notify(message),
      listen: (listener) => {
        peer.listener = listener
      },
      close: () => this.detach(peer),
    }
  }

  /**
   * Gives a request its number and writes it.
   *
   * @throws BridgeError `child_exited`, `child_backlogged`
   */
  request(peer: Peer, call: Call, message: Message, handler: ResponseHandler): void {
    if (this.#gone !== undefined) throw this.#gone
    this.#refuseIfBacklogged()
    this.#requests.add({ call, handler, peer })
    const { id, progressToken } = message.envelope
    const text = String(call.number)
    this.#pipe.send(
      message.rewrite([
        [id, text],
        [progressToken, text],
      ]),
      this.#requests.size === 1,
    )
  }

  /** See `Dispatcher`. False if the child does not have this call. */
  cancel(call: Call, cancellation?: (number: number) => Message): boolean {
    const pending = this.#requests.get(call.number)
    if (pending?.call !== call) return false
    this.#requests.delete(call.number)
    if (this.#lost.isLooking) this.#lost.look()
    if (cancellation !== undefined && this.#gone === undefined) {
      // It passes also where nothing else does: there is one for each call at most, and then in its shortest form.
      this.#pipe.send(
        this.#isBacklogged ? cancellationOf(call.number, 'cancelled') : cancellation(call.number),
      )
    }
    const { peer } = pending
    // What the bridge itself has asked makes a child ask nobody anything.
    if (this.peers.has(peer)) this.#cancelled?.add(call.number, peer)
    this.#recent?.ended(peer.principal)
    return true
  }

  /** Passes on what a client tells the child. Throws BridgeError `child_backlogged`. */
  notify(message: Message): void {
    this.#refuseIfBacklogged()
    this.write(message)
  }

  /** Writes what the bridge itself tells the child; a child that does not read is told nothing more. */
  write(message: Message): void {
    if (this.#gone !== undefined) return
    if (this.#isBacklogged) this.#log.debug('a message for a child that does not read dropped')
    else this.#pipe.send(message)
  }

  detach(peer: Peer): void {
    this.peers.delete(peer)
    this.#tasks.forget(peer)
  }

  /** Whether what the child asks while a call of this client is in flight is surely about that call. */
  isClearFor(peer: Peer): boolean {
    return this.#cancelled?.isClearFor(peer.identity) !== false
  }

  /** One message of the child. */
  receive(message: Message): void {
    if (this.#options.isShared && message.envelope.doubted.length > 0) this.#ambiguous(message)
    else if (message.kind === 'response') this.#answered(message)
    else if (message.kind === 'request') this.#asked(message)
    else this.#notified(message)
  }

  /**
   * The child's answer with this id (JSON text, latin1) is lost: that call fails, and nothing else does. Without an id see
   * `LostResponses`.
   *
   * @param isSure false: the call is given a while to be answered after all
   */
  receiveLost(id: string | undefined, error: BridgeError, isSure = true): void {
    if (id === undefined) return this.#lost.add(error, isSure)
    const number = integerOf(id)
    const pending = this.#requests.get(number)
    if (pending === undefined) {
      // A number never given out: the line was cut, and this id comes from inside the result.
      if (number > this.#requests.last) this.#lost.add(error, isSure)
      else this.#answeredLate(number)
      return
    }
    if (!isSure) {
      setTimeout(() => {
        if (this.#requests.get(number) === pending) pending.handler.onDoubt(error, pending.call)
      }, this.#options.lostMs).unref()
      return
    }
    // It has been answered, if not in a way that could be read.
    this.#end(pending)
    this.#respond(pending, errorFor(pending.call.id, error))
    if (this.#lost.isLooking) this.#lost.look()
  }

  /** The child has gone: every request it had is answered with the reason. */
  childGone(error: BridgeError): void {
    this.#gone = error
    for (const { listener } of this.peers) listener?.onSourceGone(this)
    this.#tasks.clear()
    const all = this.#requests.values()
    this.#requests.clear()
    this.#lost.clear()
    this.#cancelled?.clear()
    for (const pending of all) this.#respond(pending, errorFor(pending.call.id, error))
  }

  get #isBacklogged(): boolean {
    return this.#pipe.backlogBytes > this.#options.maxBacklogBytes
  }

  #refuseIfBacklogged(): void {
    if (!this.#isBacklogged || this.#gone !== undefined) return
    const text = `the tool leaves ${this.#pipe.backlogBytes} bytes unread`
    throw new BridgeError('child_backlogged', text)
  }

  #end({ call, peer }: Pending): void {
    this.#requests.delete(call.number)
    this.#recent?.ended(peer.principal)
  }

  #respond({ call, handler }: Pending, response: Message): void {
    respond(call, handler, response, this.#log)
  }

  /** Several clients would read it differently: nobody gets it, and whatever it may answer fails. */
  #ambiguous(message: Message): void {
    const { doubted, otherIds } = message.envelope
    const text = `what the tool said is ambiguous: ${doubted.join(', ')} is there twice, or in another spelling`
    this.#log.warn({ members: doubted }, 'ambiguous message of the child dropped')
    if (message.kind === 'request')
      this.write(errorFor(message.id, new BridgeError('server_request_refused', text)))
    const ids = message.kind === 'response' ? [message.id, ...otherIds] : otherIds
    for (const id of ids) this.receiveLost(id, new BridgeError('answer_unreadable', text))
  }

  #answered(message: Message): void {
    this.#hasAnswered = true
    const number = integerOf(message.id)
    const pending = this.#requests.get(number)
    if (pending === undefined) {
      this.#log.debug({ requestId: message.id.slice(0, 200) }, 'answer nobody waits for dropped')
      // The first number of a client's own child is that of `initialize`.
      if (!this.#options.isShared && number > 1 && number <= this.#requests.last) this.#works()
      return this.#answeredLate(number)
    }
    this.#end(pending)
    const { call, peer } = pending
    if (call.method !== 'initialize' && this.peers.has(peer)) this.#works()
    if (call.opensTask && message.envelope.hasResult) this.#tasks.keep(call, peer)
    this.#respond(pending, message.rewrite([[message.envelope.id, call.id]]))
    if (this.#lost.isLooking) this.#lost.look()
  }

  #works(): void {
    if (this.#isHealthy) return
    this.#isHealthy = true
    this.#options.onHealthy?.()
  }

  #answeredLate(number: number): void {
    const principal = this.#cancelled?.answered(number)
    if (principal === undefined) return
    // What the child says behind it looks as if it belonged to whoever calls next.
    this.#recent?.ended(principal)
    this.#options.cancelled?.onDone?.(number)
  }

  #asked(message: Message): void {
    const owner = this.#owner(this.#cancelled?.askers())
    const request = new ChildRequest(message.id, this, !this.#options.isShared)
    if (owner?.listener !== undefined) owner.listener.onServerRequest(request, message)
    else if (message.method === 'ping') request.pong()
    else request.refuse('it cannot be told which client this request is for')
  }

  #notified(message: Message): void {
    const { method } = message
    if (method === 'notifications/progress') return this.#progressed(message)
    const { subscription } = message.envelope
    if (subscription !== undefined) return this.#published(message, subscription)
    if (method === 'notifications/cancelled') {
      for (const { listener } of this.peers) listener?.onServerRequestCancelled(message, this)
    } else if (method === 'notifications/resources/updated' || LIST_CHANGED.test(method)) {
      for (const { listener } of this.peers) listener?.onNotification(message)
    } else this.#owner(this.#cancelled?.busy())?.listener?.onNotification(message)
  }

  /** What a modern child tells those who listen names the request by which they do. */
  #published(message: Message, subscription: Field): void {
    const pending = this.#requests.get(integerOf(subscription.raw))
    if (pending === undefined) return this.#log.debug('notification that nobody listens to dropped')
    pending.handler.onMessage(message.rewrite([[subscription, pending.call.id]]), pending.call)
  }

  #progressed(message: Message): void {
    const { token } = message.envelope
    const number = token === undefined ? Number.NaN : integerOf(token.raw)
    const pending = this.#requests.get(number)
    const task = pending === undefined ? this.#tasks.get(number) : undefined
    const restored = pending?.call.progressToken ?? task?.token
    if (restored === undefined) {
      // "Progress notifications MUST stop after completion": late ones tear some clients down.
      this.#log.debug({ requestId: token?.raw.slice(0, 200) }, 'progress of no open request dropped')
      return
    }
    const progress = message.rewrite([[token, restored]])
    if (pending !== undefined) pending.handler.onMessage(progress, pending.call)
    else task?.peer.listener?.onNotification(progress)
  }

  /**
   * Whom the child means: stdio names no parent. The client it belongs to; of a child that others use too, the only
   * client with a call in flight, unless a call of another principal has ended just now.
   *
   * @param others whose cancelled calls it may be about as well
   */
  #owner(others: ReadonlySet<symbol> = NONE): Peer | undefined {
    if (!this.#options.isShared) {
      for (const peer of this.peers) return peer
      return undefined
    }
    const owners = new Set(others)
    for (const { call, peer } of this.#requests.values())
      if (this.peers.has(peer) && !isStanding(call)) owners.add(peer.identity)
    const [owner, other] = owners
    if (owner === undefined || other !== undefined) return undefined
    for (const peer of this.peers) {
      if (peer.identity === owner) return this.#isLate(peer) ? undefined : peer
    }
    return undefined
  }

  #isLate({ principal }: Peer): boolean {
    const { afterCallMs = 0 } = this.#options
    return this.#recent?.hasOther(principal, afterCallMs) === true
  }
}
