// exchange/exchange: one modern request, over as many rounds as an older child asks its client something.
import { randomUUID } from 'node:crypto'
import { BridgeError, toBridgeError } from '../errors.ts'
import type { ResponseWriter } from '../http/response.ts'
import type { ListNode } from '../linked-list.ts'
import { isStanding } from '../relay/call.ts'
import type { Call, ReplyStream } from '../relay/dispatch.ts'
import type { Members } from '../rpc/content.ts'
import { emptyResultFor, errorFor } from '../rpc/factory.ts'
import { parseExact } from '../rpc/exact.ts'
import type { Message } from '../rpc/message.ts'
import { resultFor } from '../rpc/modern.ts'
import type { ModernRequest } from '../rpc/modern-request.ts'
import { SUBSCRIPTION_KEY } from '../rpc/revisions.ts'
import { Deadlines } from '../session/deadlines.ts'
import { SessionStream, type StreamHost } from '../session/stream.ts'
import { isLogged } from './log-levels.ts'
import { Questions, type QuestionsHost } from './questions.ts'

/** What an exchange needs of whoever has the child. */
export interface ExchangeHost extends QuestionsHost {
  readonly maxBufferBytes: number
  /** How long an answer to what was asked is waited for. */
  readonly parkMs: number
  /** What the child said of itself. */
  readonly serverInfo: Members
  /** The response as a modern client reads it. */
  completed(message: Message, exchange: Exchange): Message
  /** What a retry has to bring back. */
  stateOf(exchange: Exchange): string
  /** One that is open asks for log messages of another level. */
  adaptLogLevel(): void
  /** Nobody waits for the response any more: cancels the call. */
  abandon(call: Call, reason: string): void
  /** It is over; what it kept is given back. */
  over(exchange: Exchange): void
}

/** What the client has said for this request. */
export interface Asked {
  call: Call
  capabilities: Members
  /** See `fingerprintOf`. */
  fingerprint: string
}

/** An answer as JSON, if it comes within this. */
const DECIDE = new Deadlines(250)
/** The same where a process has to be started first: the status is worth more than an early byte. */
const DECIDE_FIRST = new Deadlines(15_000)
/** What a child asks at once belongs into one result. */
const COALESCE_MS = 15
const OVER = 'the call that this was about is over'

/** "only on `tools/call`, `prompts/get` and `resources/read`" (2026-07-28, basic/patterns/mrtr). */
const MAY_ASK = new Set(['tools/call', 'prompts/get', 'resources/read'])

export class Exchange implements ReplyStream, StreamHost {
  readonly isStandalone = false
  readonly events = undefined
  readonly primes = false
  readonly asked: Asked
  /** Where its response goes in: it, or what tells of that before. */
  entry: ReplyStream = this
  /** How often the client has been asked. */
  round = 0
  /** Of the request that is answered now, as its id is. */
  logLevel: string | undefined
  /** Among the open requests of its client. */
  node: ListNode<Exchange> | undefined
  readonly #host: ExchangeHost
  #name: string | undefined
  /** The response of HTTP that is open; none while the client is asked. */
  #stream: SessionStream | undefined
  /** Of the request that is answered now: a retry has its own. */
  #id: string
  #progressToken: string | undefined
  readonly #questions: Questions
  /** Came while nobody was there to take it. */
  #response: Message | undefined
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(asked: Asked, logLevel: string | undefined, host: ExchangeHost) {
    this.asked = asked
    this.logLevel = logLevel
    this.#host = host
    this.#questions = new Questions(host)
    this.#id = asked.call.id
    this.#progressToken = asked.call.progressToken
  }

  /** Made when it is needed: few are asked anything. */
  get id(): string {
    return (this.#name ??= randomUUID())
  }

  get maxBufferBytes(): number {
    return this.#host.maxBufferBytes
  }

  /** It takes what the child asks also while its client is asked. */
  get canReceive(): boolean {
    return !this.#isOver && MAY_ASK.has(this.asked.call.method)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Its client is asked, or has not come back yet. */
  get isParked(): boolean {
    return this.#stream === undefined && !this.#isOver
  }

  /** Nobody waits for its response: it comes when either side has had enough. */
  get isStanding(): boolean {
    return isStanding(this.asked.call)
  }

  /** Bytes of questions and of a response that wait for the client. */
  get keptBytes(): number {
    return this.#questions.keptBytes + (this.#response?.byteLength ?? 0)
  }

  get unreadBytes(): number {
    return this.#stream?.unreadBytes ?? 0
  }

  cutUnread(): void {
    if (this.unreadBytes > 0) this.#stream?.cut()
  }

  /** @param isFirst a child has to be got first */
  open(writer: ResponseWriter, isFirst: boolean): void {
    const stream = new SessionStream(this, { id: 0, awaited: 1, decide: isFirst ? DECIDE_FIRST : DECIDE })
    this.#stream = stream
    stream.attachReply(writer)
  }

  /** The client comes back. Answers that it does not bring are asked for again. */
  resume(writer: ResponseWriter, retry: Message, { sender, params }: ModernRequest): void {
    clearTimeout(this.#timer)
    this.#id = retry.id
    this.#progressToken = retry.envelope.progressToken?.raw
    this.logLevel = sender.logLevel
    if (this.logLevel !== undefined) this.#host.adaptLogLevel()
    this.open(writer, false)
    this.#questions.take(params['inputResponses'])
    const response = this.#response
    if (response !== undefined) this.#finish(response)
    else if (this.#questions.size > 0) this.#park()
  }

  /** What goes wrong before the child has the call, or in place of its response. */
  fail(error: BridgeError): void {
    this.#settle(errorFor(this.#id, error))
  }

  /** The way to the child has gone. What stands until then ends in order. */
  close(error: BridgeError): void {
    if (this.isParked) return this.abandon(error.message)
    if (!this.isStanding) return this.fail(error)
    const id = parseExact(Buffer.from(this.#id, 'latin1').toString('utf8'))
    this.#settle(
      resultFor(this.#id, { resultType: 'complete' }, this.#host.serverInfo, { [SUBSCRIPTION_KEY]: id }),
    )
  }

  onResponse(message: Message): void {
    this.#settle(message)
  }

  onDropped(): void {
    this.#end()
  }

  onMessage(message: Message): void {
    if (this.#isOver) return
    if (message.kind === 'request') return this.#ask(message)
    const { method, envelope } = message
    if (method === 'notifications/cancelled') return this.#questions.withdraw(envelope.requestId?.raw)
    if (method === 'notifications/progress') {
      const token = this.#progressToken
      if (token !== undefined) this.#stream?.onMessage(message.rewrite([[envelope.token, token]]))
    } else if (method !== 'notifications/message' || isLogged(message, this.logLevel))
      this.#stream?.onMessage(message)
  }

  /** The child may serve others too: it is never held back for one that does not read. */
  streamOverfull(stream: SessionStream): void {
    stream.cut()
  }

  streamFailed(stream: SessionStream, err: unknown): void {
    this.#host.failed(err)
    stream.cut()
  }

  /** "Closing the response stream MUST be treated as cancellation" (2026-07-28, basic/patterns/cancellation). */
  streamDetached(stream: SessionStream): void {
    if (stream === this.#stream) this.abandon('the client has gone')
  }

  /** Whatever it still waits for is given up. */
  abandon(reason: string): void {
    if (this.#isOver) return
    this.#end(reason)
    this.#host.abandon(this.asked.call, reason)
  }

  #ask(question: Message): void {
    if (question.method === 'ping') return this.#host.answer(emptyResultFor(question.writtenId))
    if (!this.#questions.add(question, this.asked.capabilities)) return
    if (this.#stream === undefined || this.#questions.size > 1) return
    this.#timer = setTimeout(() => this.#park(), COALESCE_MS)
  }

  /** Ends the response of HTTP with what the client is asked, and waits for the retry. */
  #park(): void {
    const stream = this.#stream
    if (stream === undefined || this.#questions.size === 0 || this.#isOver) return
    this.round++
    const requestState = this.#host.stateOf(this)
    const inputRequests = this.#questions.readable()
    const result = { resultType: 'input_required', inputRequests, requestState }
    if (this.#questions.size === 0) return
    this.#stream = undefined
    stream.onResponse(resultFor(this.#id, result, this.#host.serverInfo))
    this.#timer = setTimeout(
      () => this.abandon('the client was asked, and did not come back'),
      this.#host.parkMs,
    )
    this.#timer.unref()
  }

  #settle(response: Message): void {
    if (this.#isOver) return
    clearTimeout(this.#timer)
    if (this.#stream !== undefined) return this.#finish(response)
    // The child has answered without waiting for its client, which still comes back.
    this.#response = response
    this.#questions.refuseAll(OVER)
    this.#timer = setTimeout(() => this.#end(), this.#host.parkMs).unref()
  }

  #finish(response: Message): void {
    const stream = this.#stream
    const mine = this.#told(response)
    this.#end()
    stream?.onResponse(mine)
  }

  /** What cannot be read is answered too: whoever waits is never left waiting. */
  #told(response: Message): Message {
    try {
      // Only a retry has another id than its call.
      const isRetried = this.#id !== this.asked.call.id
      const own = isRetried ? response.rewrite([[response.envelope.id, this.#id]]) : response
      return this.#host.completed(own, this)
    } catch (err) {
      this.#host.failed(err)
      return errorFor(this.#id, toBridgeError(err))
    }
  }

  #end(why = OVER): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#questions.refuseAll(why)
    this.#response = undefined
    this.#host.over(this)
  }
}
