// exchange/exchange: one modern request, over as many rounds as an older child asks its client something.
import { randomUUID } from 'node:crypto'
import { BridgeError, toBridgeError } from '../errors.ts'
import type { ResponseWriter } from '../http/response.ts'
import type { ListNode } from '../linked-list.ts'
import { isStanding } from '../relay/call.ts'
import type { Call, ReplyStream } from '../relay/dispatch.ts'
import { isRecord, recordOf, type Members } from '../rpc/content.ts'
import { emptyResultFor, errorFor } from '../rpc/factory.ts'
import { parseExact } from '../rpc/exact.ts'
import { Message } from '../rpc/message.ts'
import { resultFor } from '../rpc/modern.ts'
import { SUBSCRIPTION_KEY } from '../rpc/revisions.ts'
import { Deadlines } from '../session/deadlines.ts'
import { SessionStream, type StreamHost } from '../session/stream.ts'
import { isLogged } from './log-levels.ts'

/** What an exchange needs of whoever has the child. */
export interface ExchangeHost {
  readonly maxBufferBytes: number
  /** How long an answer to what was asked is waited for. */
  readonly parkMs: number
  /** What the child said of itself. */
  readonly serverInfo: Members
  /** The response as a modern client reads it. */
  completed(message: Message, exchange: Exchange): Message
  /** What a retry has to bring back. */
  stateOf(exchange: Exchange): string
  /** Gives the child an answer to what it asked. */
  answer(response: Message): void
  /** Nobody waits for the response any more: cancels the call. */
  abandon(call: Call, reason: string): void
  /** It is over; what it kept is given back. */
  over(exchange: Exchange): void
  failed(err: unknown): void
}

/** What the client has said for this request. */
export interface Asked {
  call: Call
  capabilities: Members
  logLevel: string | undefined
  /** See `fingerprintOf`. */
  fingerprint: string
}

/** An answer as JSON, if it comes within this. */
const DECIDE = new Deadlines(250)
/** The same where a process has to be started first: the status is worth more than an early byte. */
const DECIDE_FIRST = new Deadlines(15_000)
/** What a child asks at once belongs into one result. */
const COALESCE_MS = 15
/** More is refused: a client answers a form or two, not hundreds. */
const MAX_QUESTIONS = 64

const OVER = 'the call that this was about is over'

/** Of one that has asked nothing yet; never written to. */
const NO_QUESTIONS = new Map<string, Message>()

/** "only on `tools/call`, `prompts/get` and `resources/read`" (2026-07-28, basic/patterns/mrtr). */
const MAY_ASK = new Set(['tools/call', 'prompts/get', 'resources/read'])

export class Exchange implements ReplyStream, StreamHost {
  readonly isStandalone = false
  readonly events = undefined
  readonly primes = false
  readonly asked: Asked
  /** How often the client has been asked. */
  round = 0
  /** Bytes of questions and of a response that wait for the client. */
  keptBytes = 0
  /** Among the open requests of its client. */
  node: ListNode<Exchange> | undefined
  readonly #host: ExchangeHost
  #name: string | undefined
  /** The response of HTTP that is open; none while the client is asked. */
  #stream: SessionStream | undefined
  /** Of the request that is answered now: a retry has its own. */
  #id: string
  #progressToken: string | undefined
  /** By the key that the client sees. Most are asked nothing. */
  #questions = NO_QUESTIONS
  #lastQuestion = 0
  /** Came while nobody was there to take it. */
  #response: Message | undefined
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(asked: Asked, host: ExchangeHost) {
    this.asked = asked
    this.#host = host
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
  resume(writer: ResponseWriter, retry: Message, answers: unknown): void {
    clearTimeout(this.#timer)
    this.#id = retry.id
    this.#progressToken = retry.envelope.progressToken?.raw
    this.open(writer, false)
    for (const [key, question] of this.#questions) {
      const answer = recordOf(answers)[key]
      if (!isRecord(answer)) continue
      this.#drop(key, question)
      this.#host.answer(answerTo(question, answer))
    }
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
    if (method === 'notifications/cancelled') return this.#withdraw(message)
    if (method === 'notifications/progress') {
      const token = this.#progressToken
      if (token !== undefined) this.#stream?.onMessage(message.rewrite([[envelope.token, token]]))
    } else if (method !== 'notifications/message' || isLogged(message, this.asked.logLevel))
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
    const { method, writtenId: id } = question
    if (method === 'ping') return this.#host.answer(emptyResultFor(id))
    const [family = ''] = method.split('/')
    const why = !Object.hasOwn(this.asked.capabilities, family)
      ? `this client does not take ${method}`
      : this.#questions.size >= MAX_QUESTIONS
        ? 'this client has too many requests to answer'
        : undefined
    if (why !== undefined)
      return this.#host.answer(errorFor(id, new BridgeError('server_request_refused', why)))
    if (this.#questions === NO_QUESTIONS) this.#questions = new Map()
    this.#questions.set(`${family}-${++this.#lastQuestion}`, question)
    this.keptBytes += question.byteLength
    if (this.#stream === undefined || this.#questions.size > 1) return
    this.#timer = setTimeout(() => this.#park(), COALESCE_MS)
  }

  /** The child has taken back what it asked. */
  #withdraw({ envelope }: Message): void {
    for (const [key, question] of this.#questions)
      if (question.writtenId === envelope.requestId?.raw) this.#drop(key, question)
  }

  #drop(key: string, question: Message): void {
    this.#questions.delete(key)
    this.keptBytes -= question.byteLength
  }

  /** What is asked, by key. What cannot be read is refused. */
  #readable(): [string, object][] {
    return [...this.#questions].flatMap(([key, question]): [string, object][] => {
      try {
        return [[key, requestIn(question)]]
      } catch (err) {
        this.#host.failed(err)
        this.#refuse(key, question, 'what was asked could not be read')
        return []
      }
    })
  }

  /** Ends the response of HTTP with what the client is asked, and waits for the retry. */
  #park(): void {
    const stream = this.#stream
    if (stream === undefined || this.#questions.size === 0 || this.#isOver) return
    this.round++
    const requestState = this.#host.stateOf(this)
    const inputRequests = Object.fromEntries(this.#readable())
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
    this.keptBytes += response.byteLength
    this.#refuseAll(OVER)
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

  /** The child has asked, and nobody else answers it. */
  #refuseAll(why: string): void {
    for (const [key, question] of this.#questions) this.#refuse(key, question, why)
  }

  #refuse(key: string, question: Message, why: string): void {
    this.#drop(key, question)
    this.#host.answer(errorFor(question.writtenId, new BridgeError('server_request_refused', why)))
  }

  #end(why = OVER): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#refuseAll(why)
    this.#response = undefined
    this.#host.over(this)
    this.keptBytes = 0
  }
}

/** The question without its id: a client answers it by key. */
function requestIn(question: Message): object {
  const { method, params } = recordOf(question.exactJson())
  return { method, params: params ?? {} }
}

function answerTo(question: Message, result: Members): Message {
  const message = Message.from({ jsonrpc: '2.0', id: 0, result })
  return message.rewrite([[message.envelope.id, question.writtenId]])
}
