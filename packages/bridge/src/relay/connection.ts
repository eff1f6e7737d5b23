// relay/connection: one client's connection to a child; owns its ids, tokens and questions.
import { UNCHARGED, type Account } from '../budget/budget.ts'
import { LinkedList } from '../linked-list.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import { excerpt } from '../visible.ts'
import type { Logger } from '../telemetry/logger.ts'
import { cancellationOf, emptyResultFor, errorFor } from '../rpc/factory.ts'
import { idKey, type Message } from '../rpc/message.ts'
import { createCall, type Call } from './call.ts'
import type { Route } from './route.ts'
import type { Sink } from './sink.ts'
import type { Switchboard } from './multiplexer.ts'

const CALL_BYTES = 2048
/** A child that asks more at once, of a client that does not answer, is refused. */
const MAX_QUESTIONS = 1024

/** A request of a child that this client has been asked, or will be as soon as a stream of its opens. */
interface Question {
  /** Bytes charged for it. */
  cost: number
  readonly switchboard: Switchboard
  /** JSON text (latin1) of the child's id. */
  readonly childId: string
  /** The same as the client sees it. */
  readonly shownId: string
  /** Until it is sent. */
  message: Message | undefined
  sentTo: Sink | undefined
  timer: NodeJS.Timeout | undefined
}

/**
 * Plugs one client in. Requests go in with the sink that takes their answer; what a child says for this client and
 * belongs to none of them goes to `unrelated`.
 */
export class Port {
  /** Stands for it where the port itself must not be kept. */
  readonly identity = Symbol('port')
  /** Who its client is; empty for the bridge itself. */
  readonly principal: string
  /** Whether this client can be asked such a thing; a child that others share does not know. */
  canBeAsked: ((method: string) => boolean) | undefined
  /** What it costs. */
  readonly account: Account
  readonly #route: Route
  readonly #unrelated: Sink
  readonly #holdMs: number
  readonly #log: Logger
  readonly #calls = new LinkedList<Call>()
  /** By `idKey`, while cancellations are being read. */
  #byId: Map<string, Call> | undefined
  readonly #questions = new Map<string, Question>()
  #lastQuestion = 0
  #isClosed = false

  /** @param holdMs how long a request of the child waits for a stream that can carry it */
  constructor(
    route: Route,
    unrelated: Sink,
    log: Logger,
    holdMs: number,
    principal = '',
    account = UNCHARGED,
  ) {
    this.principal = principal
    this.account = account
    this.#holdMs = holdMs
    this.#route = route
    this.#unrelated = unrelated
    this.#log = log
  }

  /** Whether this request still waits for its answer. */
  awaits(call: Call): boolean {
    return this.#calls.has(call.link)
  }

  /** Requests the child has not answered yet. */
  get inFlight(): number {
    return this.#calls.size
  }

  /**
   * Hands a request to the child.
   *
   * @param timeoutMs answered with `child_timeout` after that, and cancelled; 0: never
   * @throws BridgeError `child_exited`, `child_backlogged`, …
   */
  request(message: Message, sink: Sink, timeoutMs: number): Call {
    const call = createCall(message, this, sink)
    const { bytes } = this.account
    const cost = costOf(call)
    if (!bytes.take(cost))
      throw new BridgeError('memory_limit_reached', bytes.refusal(cost, 'bytes', '--max-memory'))
    call.link = this.#calls.add(call)
    this.#byId?.set(idKey(call.clientId), call)
    try {
      this.#route.send(call, message)
    } catch (error) {
      this.#end(call)
      throw error
    }
    if (timeoutMs > 0 && this.awaits(call)) {
      call.timer = setTimeout(() => this.#timeOut(call, timeoutMs), timeoutMs)
    }
    return call
  }

  /**
   * Hands a notification to the child. A cancellation is told with the child's number for the request.
   *
   * @throws BridgeError `child_backlogged`, but never for a cancellation
   */
  notify(message: Message): void {
    if (message.method !== 'notifications/cancelled') return this.#route.notify(message)
    const { requestId } = message.envelope
    const call = requestId === undefined ? undefined : this.#callOf(idKey(requestId.raw))
    // Answered already, or never seen: "Invalid cancellation notifications SHOULD be ignored" (2025-11-25,
    // basic/utilities/cancellation).
    if (call === undefined || call.method === 'initialize') return
    this.#withdraw(call, (number) => message.rewrite([[requestId, String(number)]]))
    // "SHOULD … not send a response for the cancelled request" (ibid.); only an exchange of its own has to be closed.
    if (call.sink.isStanding) return
    const error = new BridgeError('request_cancelled', 'the client cancelled this request')
    this.#answer(call, errorFor(call.clientId, error))
  }

  /** Hands the client's response to the child that asked; false if nobody asked. Throws BridgeError `child_backlogged`. */
  respond(message: Message): boolean {
    const key = idKey(message.id)
    const question = this.#questions.get(key)
    if (question === undefined) return false
    question.switchboard.pass(message.rewrite([[message.envelope.id, question.childId]]))
    this.#take(key)
    return true
  }

  /** Nobody waits for these answers any more: tells the child, answers nobody. */
  abandon(calls: Iterable<Call>, reason: string): void {
    for (const call of calls) {
      if (!this.awaits(call)) continue
      // "The `initialize` request MUST NOT be cancelled by clients" (2025-11-25, basic/utilities/cancellation).
      const isTold = call.method !== 'initialize'
      this.#withdraw(call, isTold ? (number) => cancellationOf(number, reason) : undefined)
    }
  }

  /** A stream of this client has opened: what was waiting for one goes out. */
  flush(): void {
    for (const [key, question] of this.#questions) {
      if (question.sentTo === undefined) this.#send(key, question)
    }
  }

  /** Ends the connection: what is in flight is cancelled, and answered with the reason. */
  close(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const calls = this.#calls.values()
    this.abandon(calls, reason)
    const error = new BridgeError('session_unknown', `the session has ended: ${reason}`)
    for (const call of calls) this.#answer(call, errorFor(call.clientId, error))
    for (const [key, question] of this.#questions) {
      this.#take(key)
      refuse(question, 'the client has gone')
    }
    this.#route.unplug(this)
  }

  // What follows is called by routes and switchboards.

  /** The child has answered `call`. */
  settle(call: Call, answer: Message): void {
    if (!this.#end(call)) return
    clearTimeout(call.timer)
    this.#answer(call, answer)
    this.#route.settled?.(call)
  }

  /** Answers a call that the child may still be at work on, and cancels it. */
  giveUp(call: Call, reason: string, error: BridgeError): void {
    if (!this.awaits(call)) return
    this.abandon([call], reason)
    this.#answer(call, errorFor(call.clientId, error))
  }

  /** The call is answered by the bridge instead of the child. */
  settleWith(call: Call, error: BridgeError): void {
    this.#note(call, error)
    this.settle(call, errorFor(call.clientId, error))
  }

  /** Puts a request of a child to this client. */
  ask(message: Message, switchboard: Switchboard): void {
    if (this.canBeAsked?.(message.method) === false) {
      return switchboard.refuse(message.id, `this client does not take ${message.method}`)
    }
    const cost = CALL_BYTES + message.id.length + message.byteLength
    if (this.#questions.size >= MAX_QUESTIONS || !this.account.bytes.take(cost)) {
      return switchboard.refuse(message.id, 'this client has too many requests to answer')
    }
    // Of a child that others use too, or of several, ids may repeat.
    const shownId = switchboard.isOwn ? message.id : String(++this.#lastQuestion)
    this.#take(idKey(shownId))
    const question: Question = {
      cost,
      switchboard,
      childId: message.id,
      shownId,
      message: switchboard.isOwn ? message : message.rewrite([[message.envelope.id, shownId]]),
      sentTo: undefined,
      timer: undefined,
    }
    this.#questions.set(idKey(shownId), question)
    this.#send(idKey(shownId), question)
  }

  /** A child takes a question back. */
  retract(message: Message, switchboard: Switchboard): void {
    const { requestId } = message.envelope
    if (requestId === undefined) return
    const childKey = idKey(requestId.raw)
    for (const [key, question] of this.#questions) {
      if (question.switchboard !== switchboard || idKey(question.childId) !== childKey) continue
      this.#take(key)
      if (question.sentTo?.isOpen === true)
        question.sentTo.relate(message.rewrite([[requestId, question.shownId]]))
    }
  }

  /** The child has gone: what it asked needs no answer any more. */
  forgetQuestions(switchboard: Switchboard): void {
    for (const [key, question] of this.#questions) if (question.switchboard === switchboard) this.#take(key)
  }

  /** A notification that goes with whatever the child is working on: a log message. */
  tell(message: Message): void {
    ;(this.#newestOpen() ?? this.#unrelated).relate(message)
  }

  /** A notification that belongs to no request. */
  announce(message: Message): void {
    this.#unrelated.relate(message)
  }

  /** Whatever goes wrong on the last stretch: this client has an answer, and it is nobody else's affair. */
  #answer(call: Call, answer: Message): void {
    try {
      call.sink.answer(answer)
    } catch (thrown) {
      this.#answerFailure(call, toBridgeError(thrown))
    }
  }

  #answerFailure(call: Call, error: BridgeError): void {
    this.#note(call, error)
    try {
      call.sink.answer(errorFor(call.clientId, error))
    } catch (err) {
      this.#log.error({ err, method: excerpt(call.method) }, 'a failure could not be answered')
    }
  }

  #note({ method }: Call, { code, cause }: BridgeError): void {
    if (code === 'internal') this.#log.error({ err: cause, method: excerpt(method) }, 'request failed')
  }

  #take(key: string): Question | undefined {
    const question = this.#questions.get(key)
    if (question === undefined) return undefined
    this.#questions.delete(key)
    clearTimeout(question.timer)
    this.account.bytes.give(question.cost)
    return question
  }

  #send(key: string, question: Question): void {
    const sink = this.#newestOpen() ?? (this.#unrelated.isOpen ? this.#unrelated : undefined)
    const { message } = question
    if (message === undefined) return
    if (sink !== undefined) {
      clearTimeout(question.timer)
      question.sentTo = sink
      question.message = undefined
      question.cost -= message.byteLength
      this.account.bytes.give(message.byteLength)
      return sink.relate(message)
    }
    if (message.method === 'ping') {
      // The session lives, whether a stream is open at this moment or not.
      this.#take(key)
      return question.switchboard.write(emptyResultFor(question.childId))
    }
    question.timer ??= setTimeout(() => {
      this.#take(key)
      refuse(question, 'the client has no stream open that could carry this request')
    }, this.#holdMs).unref()
  }

  /**
   * "several: the newest that can take it": stdio names no parent of a server request, and the newest call is the one
   * that a client with an eye on its streams is most likely to be reading.
   */
  #newestOpen(): Sink | undefined {
    let newest: Sink | undefined
    for (const call of this.#calls.values()) {
      if (call.method !== 'initialize' && call.sink.isOpen) newest = call.sink
    }
    return newest
  }

  /** The newest call in flight with this id. */
  #callOf(key: string): Call | undefined {
    this.#byId ??= this.#indexed()
    const call = this.#byId.get(key)
    return call !== undefined && this.awaits(call) ? call : undefined
  }

  /** Looked up once for all cancellations that come together; kept for longer it would have to change with each call. */
  #indexed(): Map<string, Call> {
    queueMicrotask(() => {
      this.#byId = undefined
    })
    return new Map(this.#calls.values().map((call) => [idKey(call.clientId), call]))
  }

  /** False if it is over already. */
  #end(call: Call): boolean {
    if (!this.#calls.delete(call.link)) return false
    this.account.bytes.give(costOf(call))
    return true
  }

  #timeOut(call: Call, timeoutMs: number): void {
    const text = `the tool did not answer ${call.method} within ${timeoutMs} ms`
    this.giveUp(call, 'timed out', new BridgeError('child_timeout', text))
  }

  #withdraw(call: Call, cancel: ((number: number) => Message) | undefined): void {
    clearTimeout(call.timer)
    this.#end(call)
    this.#route.withdraw(call, cancel)
  }
}

/** What is kept of a call while it is in flight, with its stream. */
function costOf({ clientId, clientToken }: Call): number {
  return CALL_BYTES + clientId.length + (clientToken === undefined ? 0 : clientToken.length)
}

function refuse({ switchboard, childId }: Question, why: string): void {
  switchboard.refuse(childId, why)
}
