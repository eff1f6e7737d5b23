// relay/port: one client's connection to a child; owns its ids and tokens.
import { BridgeError } from '../errors.ts'
import { cancellationOf, emptyResultFor, errorFor } from '../message/make.ts'
import { idKey, type Message } from '../message/message.ts'
import type { Call } from './call.ts'
import type { Sink } from './sink.ts'
import type { Switchboard } from './switchboard.ts'

/** A request of the child that this client has been asked, or will be as soon as a stream of its opens. */
interface Question {
  /** JSON text (latin1) of the child's id. */
  readonly id: string
  readonly message: Message
  sentTo: Sink | undefined
  timer: NodeJS.Timeout | undefined
}

/** How long a question waits for a stream that can carry it. */
export const HOLD_MS = 10_000

/**
 * Plugs one client into one child. Requests go in with the sink that takes their answer; what the child says for this
 * client and belongs to none of them goes to `unrelated`.
 */
export class Port {
  readonly #switchboard: Switchboard
  readonly #unrelated: Sink
  readonly #calls = new Map<number, Call>()
  readonly #questions = new Map<string, Question>()
  #isClosed = false

  constructor(switchboard: Switchboard, unrelated: Sink) {
    this.#switchboard = switchboard
    this.#unrelated = unrelated
  }

  /** Requests the child has not answered yet. */
  get inFlight(): number {
    return this.#calls.size
  }

  /**
   * Hands a request to the child.
   *
   * @param timeoutMs answered with `child_timeout` after that, and cancelled; 0: never
   * @throws BridgeError `child_exited`, `child_backlogged`
   */
  request(message: Message, sink: Sink, timeoutMs: number): Call {
    const call = this.#switchboard.dispatch(message, this, sink)
    this.#calls.set(call.number, call)
    if (timeoutMs > 0) {
      call.timer = setTimeout(() => this.#timeOut(call, timeoutMs), timeoutMs)
    }
    return call
  }

  /** Hands a notification to the child. A cancellation is told with the child's number for the request. */
  notify(message: Message): void {
    if (message.method !== 'notifications/cancelled') return this.#switchboard.write(message)
    const { requestId } = message.envelope
    const call = requestId === undefined ? undefined : this.#callOf(idKey(requestId.raw))
    // Answered already, or never seen: "Invalid cancellation notifications SHOULD be ignored" (2025-11-25,
    // basic/utilities/cancellation).
    if (call === undefined || call.method === 'initialize') return
    this.#switchboard.write(message.rewrite([[requestId, String(call.number)]]))
    this.#drop(call)
    // "SHOULD … not send a response for the cancelled request" (ibid.); only an exchange of its own has to be closed.
    if (call.sink === this.#unrelated) return
    call.sink.answer(
      errorFor(call.clientId, new BridgeError('request_cancelled', 'the client cancelled this request')),
    )
  }

  /** Hands the client's response to the child that asked; false if nobody asked. */
  respond(message: Message): boolean {
    const key = idKey(message.id)
    const question = this.#questions.get(key)
    if (question === undefined) return false
    this.#questions.delete(key)
    clearTimeout(question.timer)
    this.#switchboard.write(message.rewrite([[message.envelope.id, question.id]]))
    return true
  }

  /** Nobody waits for these answers any more: tells the child, answers nobody. */
  abandon(calls: Iterable<Call>, reason: string): void {
    for (const call of calls) {
      if (!this.#calls.has(call.number)) continue
      this.#drop(call)
      // "The `initialize` request MUST NOT be cancelled by clients" (2025-11-25, basic/utilities/cancellation).
      if (call.method !== 'initialize') this.#switchboard.write(cancellationOf(call.number, reason))
    }
  }

  /** A stream of this client has opened: what was waiting for one goes out. */
  flush(): void {
    for (const question of this.#questions.values()) {
      if (question.sentTo === undefined) this.#send(question)
    }
  }

  /** Ends the connection: what is in flight is cancelled, and answered with the reason. */
  close(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const calls = [...this.#calls.values()]
    this.abandon(calls, reason)
    const error = new BridgeError('session_unknown', `the session has ended: ${reason}`)
    for (const call of calls) call.sink.answer(errorFor(call.clientId, error))
    for (const question of this.#questions.values()) {
      clearTimeout(question.timer)
      this.#refuse(question, 'the client has gone')
    }
    this.#questions.clear()
    this.#switchboard.unplug(this)
  }

  // What follows is called by the switchboard.

  /** The child has answered `call`. */
  settle(call: Call, answer: Message): void {
    this.#drop(call)
    call.sink.answer(answer)
  }

  /** The call is answered by the bridge instead of the child. */
  settleWith(call: Call, error: BridgeError): void {
    this.settle(call, errorFor(call.clientId, error))
  }

  /** The child has gone: every request in flight is answered with the reason. */
  fail(error: BridgeError): void {
    this.#isClosed = true
    for (const question of this.#questions.values()) clearTimeout(question.timer)
    this.#questions.clear()
    const calls = [...this.#calls.values()]
    for (const call of calls) this.#drop(call)
    for (const call of calls) call.sink.answer(errorFor(call.clientId, error))
  }

  /** Puts a request of the child to this client. */
  ask(message: Message): void {
    const question: Question = { id: message.id, message, sentTo: undefined, timer: undefined }
    this.#questions.set(idKey(message.id), question)
    this.#send(question)
  }

  /** The child takes a question back. */
  retract(message: Message): void {
    const key = message.envelope.requestId === undefined ? '' : idKey(message.envelope.requestId.raw)
    const question = this.#questions.get(key)
    if (question === undefined) return
    this.#questions.delete(key)
    clearTimeout(question.timer)
    if (question.sentTo?.isOpen === true) question.sentTo.relate(message)
  }

  /** A notification that goes with whatever the child is working on: a log message. */
  tell(message: Message): void {
    ;(this.#newestOpen() ?? this.#unrelated).relate(message)
  }

  /** A notification that belongs to no request. */
  announce(message: Message): void {
    this.#unrelated.relate(message)
  }

  #send(question: Question): void {
    const sink = this.#newestOpen() ?? (this.#unrelated.isOpen ? this.#unrelated : undefined)
    if (sink !== undefined) {
      clearTimeout(question.timer)
      question.sentTo = sink
      return sink.relate(question.message)
    }
    if (question.message.method === 'ping') {
      // The session lives, whether a stream is open at this moment or not.
      this.#questions.delete(idKey(question.id))
      return this.#switchboard.write(emptyResultFor(question.id))
    }
    question.timer ??= setTimeout(() => {
      this.#questions.delete(idKey(question.id))
      this.#refuse(question, 'the client has no stream open that could carry this request')
    }, HOLD_MS).unref()
  }

  #refuse(question: Question, why: string): void {
    this.#switchboard.write(errorFor(question.id, new BridgeError('request_cancelled', why)))
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

  #callOf(key: string): Call | undefined {
    let found: Call | undefined
    for (const call of this.#calls.values()) if (idKey(call.clientId) === key) found = call
    return found
  }

  #timeOut(call: Call, timeoutMs: number): void {
    this.abandon([call], 'timed out')
    const text = `the tool did not answer ${call.method} within ${timeoutMs} ms`
    call.sink.answer(errorFor(call.clientId, new BridgeError('child_timeout', text)))
  }

  #drop(call: Call): void {
    clearTimeout(call.timer)
    this.#calls.delete(call.number)
    this.#switchboard.forget(call)
  }
}
