// relay/connection: one client's connection to a child: its ids, its tokens, its calls in flight.
import type { Account } from '../budget/budget.ts'
import { BridgeError } from '../errors.ts'
import { LinkedList } from '../linked-list.ts'
import { cancellationOf, errorFor } from '../rpc/factory.ts'
import { idKey, type Message } from '../rpc/message.ts'
import type { Latency } from '../telemetry/latency.ts'
import type { Logger } from '../telemetry/logger.ts'
import { isStanding, respond } from './call.ts'
import type {
  Call,
  Dispatcher,
  Entry,
  Listener,
  ReplyStream,
  ResponseHandler,
  ServerRequest,
} from './dispatch.ts'
import { ServerRequests } from './server-requests.ts'

export interface ConnectionOptions {
  /** What it costs. */
  account: Account
  /** Takes what belongs to no call. */
  standalone: ReplyStream
  /** How long a request of the child waits for a stream that can carry it. */
  holdMs: number
  latency: Latency
}

const CALL_BYTES = 2048

/** Requests go in with the stream that takes their response. */
export class Connection implements Entry, ResponseHandler, Listener {
  readonly #next: Dispatcher
  readonly #options: ConnectionOptions
  readonly #log: Logger
  readonly #calls = new LinkedList<Call>()
  readonly #serverRequests: ServerRequests
  /** By `idKey`, while cancellations are being read. */
  #byId: Map<string, Call> | undefined
  #isClosed = false

  constructor(next: Dispatcher, options: ConnectionOptions, log: Logger) {
    this.#next = next
    this.#options = options
    this.#log = log
    const { account, holdMs, standalone } = options
    this.#serverRequests = new ServerRequests({
      account,
      holdMs,
      stream: () => this.#newestOpen() ?? (standalone.canReceive ? standalone : undefined),
    })
    next.listen(this)
  }

  /** Requests that wait for their response. */
  get inFlight(): number {
    return this.#calls.size
  }

  /**
   * Hands a request to the child.
   *
   * @throws BridgeError `child_exited`, `child_backlogged`, …
   */
  request(call: Call, message: Message, stream: ReplyStream): void {
    const { bytes } = this.#options.account
    const cost = costOf(call)
    if (!bytes.take(cost))
      throw new BridgeError('memory_limit_reached', bytes.refusal(cost, 'bytes', '--max-memory'))
    call.stream = stream
    call.node = this.#calls.add(call)
    this.#byId?.set(idKey(call.id), call)
    try {
      this.#next.request(call, message, this)
    } catch (error) {
      this.#end(call)
      throw error
    }
    if (call.timeoutMs > 0 && this.#awaits(call))
      call.timer = setTimeout(() => this.#timeOut(call), call.timeoutMs)
  }

  /**
   * Hands a notification to the child. A cancellation is told with the child's number for the request.
   *
   * @throws BridgeError `child_backlogged`, but never for a cancellation; `request_invalid` for a request without an id
   */
  notify(message: Message): void {
    // Some tools obey one all the same: nobody would have judged, counted or recorded it.
    if (!message.method.startsWith('notifications/'))
      throw new BridgeError('request_invalid', 'a request has an id')
    if (message.method !== 'notifications/cancelled') return this.#next.notify(message)
    const { requestId } = message.envelope
    const call = requestId === undefined ? undefined : this.#callOf(idKey(requestId.raw))
    // Answered already, or never seen: "Invalid cancellation notifications SHOULD be ignored" (2025-11-25,
    // basic/utilities/cancellation).
    if (call === undefined || call.method === 'initialize') return
    this.#cancel(call, (number) => message.rewrite([[requestId, String(number)]]))
    // "SHOULD … not send a response for the cancelled request" (ibid.); only an exchange of its own has to be closed.
    if (call.stream?.isStandalone === true) return call.stream.onDropped?.(call)
    this.#answer(call, new BridgeError('request_cancelled', 'the client cancelled this request'))
  }

  /** Hands the client's response to the child that asked; false if none did. Throws BridgeError `child_backlogged`. */
  respond(message: Message): boolean {
    return this.#serverRequests.respond(message)
  }

  /** Nobody waits for these responses any more: tells the child, answers nobody. */
  abandon(calls: Iterable<Call>, reason: string): void {
    for (const call of calls) {
      if (!this.#awaits(call)) continue
      this.#withdraw(call, reason)
      call.stream?.onDropped?.(call)
    }
  }

  /** A stream of this client has opened: what was waiting for one goes out. */
  flush(): void {
    this.#serverRequests.flush()
  }

  /** Ends the connection: what is in flight is cancelled, and answered with the reason. */
  close(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const error = new BridgeError('session_unknown', `the session has ended: ${reason}`)
    for (const call of this.#calls.values()) this.#giveUp(call, reason, error)
    this.#serverRequests.refuseAll('the client has gone')
    this.#next.close()
  }

  onResponse(message: Message, call: Call): void {
    if (!this.#end(call)) return
    clearTimeout(call.timer)
    this.#pass(call, message)
  }

  onMessage(message: Message, call: Call): void {
    if (this.#awaits(call)) call.stream?.onMessage(message)
  }

  onDoubt(error: BridgeError, call: Call): void {
    this.#giveUp(call, 'its answer could not be read', error)
  }

  /** A log message goes with whatever the child is working on. */
  onNotification(message: Message): void {
    const stream = message.method === 'notifications/message' ? this.#newestOpen() : undefined
    ;(stream ?? this.#options.standalone).onMessage(message)
  }

  onServerRequest(request: ServerRequest, message: Message): void {
    this.#serverRequests.add(request, message)
  }

  onServerRequestCancelled(cancellation: Message, source: object): void {
    this.#serverRequests.cancel(cancellation, source)
  }

  onSourceGone(source: object): void {
    this.#serverRequests.forget(source)
  }

  #awaits(call: Call): boolean {
    return this.#calls.has(call.node)
  }

  /** Answers a call that the child may still be at work on, and cancels it. */
  #giveUp(call: Call, reason: string, error: BridgeError): void {
    if (!this.#awaits(call)) return
    this.#withdraw(call, reason)
    this.#answer(call, error)
  }

  #timeOut(call: Call): void {
    const text = `the tool did not answer ${call.method} within ${call.timeoutMs} ms`
    this.#giveUp(call, 'timed out', new BridgeError('child_timeout', text))
  }

  #withdraw(call: Call, reason: string): void {
    // "The `initialize` request MUST NOT be cancelled by clients" (2025-11-25, basic/utilities/cancellation).
    const isTold = call.method !== 'initialize'
    this.#cancel(call, isTold ? (number) => cancellationOf(number, reason) : undefined)
  }

  #cancel(call: Call, cancellation?: (number: number) => Message): void {
    clearTimeout(call.timer)
    this.#end(call)
    this.#next.cancel(call, cancellation)
  }

  #answer(call: Call, error: BridgeError): void {
    this.#pass(call, errorFor(call.id, error))
  }

  #pass(call: Call, message: Message): void {
    const { stream } = call
    if (stream === undefined) return
    if (call.method !== 'initialize' && call.method !== 'ping' && !isStanding(call)) {
      const now = performance.now()
      this.#options.latency.add(now, now - call.startedAt, !message.envelope.hasResult)
    }
    respond(call, stream, message, this.#log)
  }

  /**
   * Stdio names no parent of a server request. Of several calls the newest is the one whose stream a client is most likely
   * to be reading.
   */
  #newestOpen(): ReplyStream | undefined {
    let newest: ReplyStream | undefined
    for (const { method, stream } of this.#calls.values()) {
      if (method !== 'initialize' && stream?.canReceive === true) newest = stream
    }
    return newest
  }

  /** The newest call in flight with this id. */
  #callOf(key: string): Call | undefined {
    this.#byId ??= this.#indexed()
    const call = this.#byId.get(key)
    return call !== undefined && this.#awaits(call) ? call : undefined
  }

  /** Looked up once for all cancellations that come together; kept for longer it would have to change with each call. */
  #indexed(): Map<string, Call> {
    queueMicrotask(() => {
      this.#byId = undefined
    })
    return new Map(this.#calls.values().map((call) => [idKey(call.id), call]))
  }

  /** False if it is over already. */
  #end(call: Call): boolean {
    if (!this.#calls.delete(call.node)) return false
    this.#options.account.bytes.give(costOf(call))
    return true
  }
}

/** What is kept of a call while it is in flight, with its stream. */
function costOf({ id, progressToken }: Call): number {
  return CALL_BYTES + id.length + (progressToken === undefined ? 0 : progressToken.length)
}
