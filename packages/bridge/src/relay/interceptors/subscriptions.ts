// relay/interceptors/subscriptions: resources that several clients of one child have subscribed to.
import { BridgeError } from '../../errors.ts'
import { paramsOf } from '../../rpc/content.ts'
import { emptyResultFor } from '../../rpc/factory.ts'
import type { Message } from '../../rpc/message.ts'
import type { Call, Dispatcher, Interceptor, Listener, Peer, ResponseHandler } from '../dispatch.ts'
import { onResponse, overhear } from '../intercept.ts'

const MAX_SUBSCRIPTIONS = 1000
const MAX_URI = 8192
const SUBSCRIPTION_BYTES = 256

/**
 * The child is subscribed to what any of them wants, once. Each client hears of what it has subscribed to itself.
 */
export class Subscriptions {
  /** By resource: who has asked for it, also while the child has not answered yet. */
  readonly #subscribers = new Map<string, Set<Peer>>()
  /** How many each has asked for. */
  readonly #counts = new Map<Peer, number>()
  /** The resources that the child has agreed to. */
  readonly #granted = new Set<string>()
  readonly #unsubscribe: (uri: string) => void

  /** @param unsubscribe tells the child, without waiting for it */
  constructor(unsubscribe: (uri: string) => void) {
    this.#unsubscribe = unsubscribe
  }

  /** The resources that the next child must be subscribed to. */
  get granted(): Iterable<string> {
    return this.#granted
  }

  interceptorFor(peer: Peer): Interceptor {
    return (next) => new Subscriber(next, peer, this)
  }

  concerns(peer: Peer, message: Message): boolean {
    if (message.method !== 'notifications/resources/updated') return true
    return this.#subscribers.get(uriOf(message) ?? '')?.has(peer) === true
  }

  /**
   * Noted before the child has answered, so that another client's unsubscribe does not end it.
   *
   * @returns whether the child has agreed to it already
   * @throws BridgeError `request_invalid`, `quota_exceeded`, `memory_limit_reached`
   */
  add(uri: string, peer: Peer): boolean {
    const peers = this.#subscribers.get(uri) ?? new Set()
    if (!peers.has(peer)) this.#charge(peer, uri)
    this.#subscribers.set(uri, peers.add(peer))
    return this.#granted.has(uri)
  }

  /** The child has agreed; the client may have left meanwhile. */
  grant(uri: string, peer: Peer): void {
    if (this.#subscribers.get(uri)?.has(peer) === true) this.#granted.add(uri)
  }

  /** True if nobody is left who asked for it. */
  delete(uri: string, peer: Peer): boolean {
    const peers = this.#subscribers.get(uri)
    if (peers?.delete(peer) === true) {
      this.#counts.set(peer, (this.#counts.get(peer) ?? 1) - 1)
      peer.account.bytes.give(costOf(uri))
    }
    if (peers !== undefined && peers.size > 0) return false
    this.#subscribers.delete(uri)
    this.#granted.delete(uri)
    return true
  }

  /** The bridge gave up, but the child may still agree: it is told, to be sure. */
  revoke(uri: string, peer: Peer): void {
    if (this.delete(uri, peer)) this.#unsubscribe(uri)
  }

  /** The client has gone. */
  leave(peer: Peer): void {
    for (const [uri, peers] of this.#subscribers) if (peers.has(peer)) this.revoke(uri, peer)
    this.#counts.delete(peer)
  }

  /** @throws BridgeError `request_invalid`, `quota_exceeded`, `memory_limit_reached` */
  #charge(peer: Peer, uri: string): void {
    const count = this.#counts.get(peer) ?? 0
    refuseUri(uri, count)
    const { bytes } = peer.account
    if (!bytes.take(costOf(uri)))
      throw new BridgeError('memory_limit_reached', bytes.refusal(costOf(uri), 'bytes', '--max-memory'))
    this.#counts.set(peer, count + 1)
  }
}

/**
 * @param count how many this client has subscribed to
 * @throws BridgeError `request_invalid`, `quota_exceeded`
 */
export function refuseUri(uri: string, count: number): void {
  if (uri.length > MAX_URI) throw new BridgeError('request_invalid', `the uri is over ${MAX_URI} characters`)
  if (count >= MAX_SUBSCRIPTIONS)
    throw new BridgeError('quota_exceeded', `this session has ${MAX_SUBSCRIPTIONS} subscriptions already`)
}

/** One of the clients. */
class Subscriber implements Dispatcher {
  readonly #next: Dispatcher
  readonly #peer: Peer
  readonly #all: Subscriptions
  /** What the child has not agreed to yet. */
  readonly #asked = new Map<Call, string>()

  constructor(next: Dispatcher, peer: Peer, all: Subscriptions) {
    this.#next = next
    this.#peer = peer
    this.#all = all
  }

  request(call: Call, message: Message, handler: ResponseHandler): void {
    const isSubscribe = call.method === 'resources/subscribe'
    const uri = isSubscribe || call.method === 'resources/unsubscribe' ? uriOf(message) : undefined
    if (uri === undefined) return this.#next.request(call, message, handler)
    if (isSubscribe) return this.#subscribe(uri, call, message, handler)
    if (!this.#all.delete(uri, this.#peer)) return handler.onResponse(emptyResultFor(call.id), call)
    this.#next.request(call, message, handler)
  }

  #subscribe(uri: string, call: Call, message: Message, handler: ResponseHandler): void {
    if (this.#all.add(uri, this.#peer)) return handler.onResponse(emptyResultFor(call.id), call)
    const settled = onResponse(handler, (response) => {
      this.#asked.delete(call)
      if (response.envelope.hasResult) this.#all.grant(uri, this.#peer)
      else if (response.failure === undefined) this.#all.delete(uri, this.#peer)
      else this.#all.revoke(uri, this.#peer)
      handler.onResponse(response, call)
    })
    this.#asked.set(call, uri)
    try {
      this.#next.request(call, message, settled)
    } catch (error) {
      this.#asked.delete(call)
      this.#all.delete(uri, this.#peer)
      throw error
    }
  }

  cancel(call: Call, cancellation?: (number: number) => Message): void {
    this.#next.cancel(call, cancellation)
    const uri = this.#asked.get(call)
    if (uri === undefined) return
    this.#asked.delete(call)
    this.#all.revoke(uri, this.#peer)
  }

  notify(message: Message): void {
    this.#next.notify(message)
  }

  listen(listener: Listener): void {
    this.#next.listen(
      overhear(listener, {
        onNotification: (message) => {
          if (this.#all.concerns(this.#peer, message)) listener.onNotification(message)
        },
      }),
    )
  }

  close(): void {
    this.#all.leave(this.#peer)
    this.#next.close()
  }
}

export function costOf(uri: string): number {
  return SUBSCRIPTION_BYTES + uri.length
}

function uriOf(message: Message): string | undefined {
  const { uri } = paramsOf(message)
  return typeof uri === 'string' ? uri : undefined
}
