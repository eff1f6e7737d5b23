// relay/server-requests: what children ask of one client: on which stream, under which id, and how long it waits.
import type { Account } from '../budget/budget.ts'
import { idKey, type Message } from '../rpc/message.ts'
import type { ReplyStream, ServerRequest } from './dispatch.ts'

/** A child that asks more at once, of a client that does not answer, is refused. */
const MAX_PENDING = 1024
const REQUEST_BYTES = 2048

/** A request that this client has been sent, or will be as soon as a stream of its opens. */
interface Pending {
  readonly request: ServerRequest
  /** JSON text (latin1) of the id that the client sees. */
  readonly shownId: string
  /** Bytes charged for it. */
  cost: number
  /** As the client sees it, until it is sent. */
  message: Message | undefined
  sentTo: ReplyStream | undefined
  timer: NodeJS.Timeout | undefined
}

export interface ServerRequestsOptions {
  account: Account
  /** How long one waits for a stream that can carry it. */
  holdMs: number
  /** The stream that it goes to now, if there is one. */
  stream(): ReplyStream | undefined
}

export class ServerRequests {
  readonly #options: ServerRequestsOptions
  /** By `idKey` of the id that the client sees. */
  readonly #pending = new Map<string, Pending>()
  #lastId = 0

  constructor(options: ServerRequestsOptions) {
    this.#options = options
  }

  add(request: ServerRequest, message: Message): void {
    const { id, isOnlySource } = request
    const cost = REQUEST_BYTES + id.length + message.byteLength
    if (this.#pending.size >= MAX_PENDING || !this.#options.account.bytes.take(cost))
      return request.refuse('this client has too many requests to answer')
    // Of a child that others use too, or of several, ids may repeat.
    const shownId = isOnlySource ? id : String(++this.#lastId)
    this.#take(idKey(shownId))
    const pending: Pending = {
      request,
      shownId,
      cost,
      message: isOnlySource ? message : message.rewrite([[message.envelope.id, shownId]]),
      sentTo: undefined,
      timer: undefined,
    }
    this.#pending.set(idKey(shownId), pending)
    this.#send(idKey(shownId), pending)
  }

  /** Hands the client's response to the child that asked; false if none did. Throws BridgeError `child_backlogged`. */
  respond(response: Message): boolean {
    const key = idKey(response.writtenId)
    const pending = this.#pending.get(key)
    if (pending === undefined) return false
    pending.request.reply(response)
    this.#take(key)
    return true
  }

  /** A child takes one of its own back. */
  cancel(cancellation: Message, source: object): void {
    const { requestId } = cancellation.envelope
    if (requestId === undefined) return
    const childKey = idKey(requestId.raw)
    for (const [key, { request, shownId, sentTo }] of this.#pending) {
      if (request.source !== source || idKey(request.id) !== childKey) continue
      this.#take(key)
      if (sentTo?.canReceive === true) sentTo.onMessage(cancellation.rewrite([[requestId, shownId]]))
    }
  }

  /** A stream of this client has opened: what was waiting for one goes out. */
  flush(): void {
    for (const [key, pending] of this.#pending) if (pending.sentTo === undefined) this.#send(key, pending)
  }

  /** The child has gone: what it asked needs no response any more. */
  forget(source: object): void {
    for (const [key, { request }] of this.#pending) if (request.source === source) this.#take(key)
  }

  refuseAll(why: string): void {
    for (const [key, { request }] of this.#pending) {
      this.#take(key)
      request.refuse(why)
    }
  }

  #take(key: string): void {
    const pending = this.#pending.get(key)
    if (pending === undefined) return
    this.#pending.delete(key)
    clearTimeout(pending.timer)
    this.#options.account.bytes.give(pending.cost)
  }

  #send(key: string, pending: Pending): void {
    const { message, request } = pending
    if (message === undefined) return
    const stream = this.#options.stream()
    if (stream !== undefined) {
      clearTimeout(pending.timer)
      pending.sentTo = stream
      pending.message = undefined
      pending.cost -= message.byteLength
      this.#options.account.bytes.give(message.byteLength)
      return stream.onMessage(message)
    }
    if (message.method === 'ping') {
      // The session lives, whether a stream is open at this moment or not.
      this.#take(key)
      return request.pong()
    }
    pending.timer ??= setTimeout(() => {
      this.#take(key)
      request.refuse('the client has no stream open that could carry this request')
    }, this.#options.holdMs).unref()
  }
}
