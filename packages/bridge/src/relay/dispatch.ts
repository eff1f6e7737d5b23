// relay/dispatch: how a request gets to a child, and what comes back: types only.
import type { Account } from '../budget/budget.ts'
import type { BridgeError } from '../errors.ts'
import type { ListNode } from '../linked-list.ts'
import type { Message } from '../rpc/message.ts'
import type { TraceContext } from '../telemetry/tracer.ts'

/**
 * One request of a client, the same object from its connection to its child. Without the message: a large one is not kept
 * for as long as its answer takes.
 */
export interface Call {
  /** JSON text (latin1) of the client's own id and progress token. */
  readonly id: string
  readonly progressToken: string | undefined
  readonly method: string
  /** The answer opens a task, whose progress goes on after it. */
  readonly opensTask: boolean
  /** It is answered with `child_timeout` after that, and cancelled; 0: never. */
  readonly timeoutMs: number
  /** By the monotonic clock, in milliseconds. */
  readonly startedAt: number
  /** The span that the bridge has begun for it, or else the one that the client names. */
  trace: TraceContext | undefined
  /** The integer that its child knows it by, as id and as progress token; 0 while no child has it. */
  number: number
  /** Its connection's: where the response goes to, and its place among the calls that wait for theirs. */
  stream: ReplyStream | undefined
  node: ListNode<Call> | undefined
  timer: NodeJS.Timeout | undefined
}

/** Takes what comes back for requests. One handler may serve many calls. */
export interface ResponseHandler {
  /** The response: once for each call, and nothing comes after it. */
  onResponse(message: Message, call: Call): void
  /** A notification that belongs to this call: its progress. */
  onMessage(message: Message, call: Call): void
  /**
   * The response may have been lost, and the child may be at work yet: whoever keeps the call cancels it, and answers with
   * the error.
   */
  onDoubt(error: BridgeError, call: Call): void
}

/** The client's end: what takes the messages of one exchange, or of a whole session. */
export interface ReplyStream {
  onResponse(message: Message, call: Call): void
  /** A notification, or a request of the child. */
  onMessage(message: Message): void
  /** No response comes: the client does not wait for one any more. */
  onDropped?(call: Call): void
  /** Whether `onMessage` reaches the client now: its connection is open and may carry more than the response. */
  readonly canReceive: boolean
  /** It stands for the whole session: no exchange waits for a response here. */
  readonly isStandalone: boolean
}

/** A request that a child asks of a client. Its response goes back the way it came. */
export interface ServerRequest {
  /** JSON text (latin1) of the child's own id. */
  readonly id: string
  /** Who asks: ids are unique to it. */
  readonly source: object
  /** No other source asks this client: the child's ids can be shown as they are. */
  readonly isOnlySource: boolean
  /**
   * Gives the child what the client answered.
   *
   * @throws BridgeError `child_backlogged`
   */
  reply(response: Message): void
  /** Refuses it, or answers a ping, in the name of the client; lost where the child does not read. */
  refuse(why: string): void
  pong(): void
}

/** Takes what a child says to a client that belongs to none of its requests. */
export interface Listener {
  onNotification(message: Message): void
  onServerRequest(request: ServerRequest, message: Message): void
  /** The child takes a request of its own back. */
  onServerRequestCancelled(cancellation: Message, source: object): void
  /** The child has gone: what it asked needs no response any more. */
  onSourceGone(source: object): void
}

/** One client's way to a child, or to whatever stands before it. */
export interface Dispatcher {
  /**
   * Hands a request on, now or as soon as there is a child; or answers it.
   *
   * @throws BridgeError what refuses it; the handler hears nothing then
   */
  request(call: Call, message: Message, handler: ResponseHandler): void
  /**
   * Nobody waits for the response any more; if it comes it is dropped.
   *
   * @param cancellation makes what the child is told, if it is told anything, with the number that it knows the call by
   */
  cancel(call: Call, cancellation?: (number: number) => Message): void
  /** A notification of the client, cancellations excepted. Throws BridgeError `child_backlogged`. */
  notify(message: Message): void
  /** By a client, once, before its first request. */
  listen(listener: Listener): void
  /** The client has gone; nothing of its calls is left. */
  close(): void
}

/** Where the requests of a session go in. */
export interface Entry {
  request(call: Call, message: Message, stream: ReplyStream): void
}

/** Stands between a client and its child, for both directions. */
export type Interceptor = (next: Dispatcher) => Dispatcher

/** A client of a child, as the child's multiplexer knows it. */
export interface Peer {
  /** Stands for it where it must not be kept itself. */
  readonly identity: symbol
  /** Who it is; empty for the bridge itself. */
  readonly principal: string
  readonly account: Account
  listener: Listener | undefined
}

/** What a multiplexer needs of a child. */
export interface Pipe {
  /** Queues one message for the child's stdin; one that is alone has no others to wait for. */
  send(message: Message, isAlone?: boolean): void
  /** Bytes that the child has not taken from its stdin yet. */
  readonly backlogBytes: number
}
