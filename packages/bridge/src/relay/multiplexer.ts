// relay/multiplexer: one per child; sends every message of the child home.
import { BridgeError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { cancellationOf, emptyResultFor, errorFor } from '../rpc/factory.ts'
import { integerOf, type Message } from '../rpc/message.ts'
import type { Call } from './call.ts'
import { CancelledCalls, type CancelledOptions } from './cancelled.ts'
import { LostAnswers } from './lost.ts'
import { PendingRequests } from './pending.ts'
import type { Port } from './connection.ts'
import { RecentCalls } from './recent.ts'

/** What a switchboard needs of a child. */
export interface Pipe {
  /** Queues one message for the child's stdin; one that is alone has no others to wait for. */
  send(message: Message, isAlone?: boolean): void
  /** Bytes the child has not taken from its stdin yet. */
  readonly backlogBytes: number
}

/** Who hears what the child says to nobody in particular. */
export interface Audience {
  readonly ports: Set<Port>
  /** Whether one of several ports hears this; without it, all hear all. */
  hears?(port: Port, message: Message): boolean
}

export interface SwitchboardOptions {
  /** The child belongs to one port: whatever it says is for that port. */
  isOwn: boolean
  /** A request is refused while the child leaves that much unread. */
  maxBacklogBytes: number
  /** See `LostAnswers`. */
  lostMs: number
  /** A client's call has been answered. */
  onAnswered?: () => void
  /** Of a child that others use too: what becomes of calls that nobody waits for any more. */
  cancelled?: Omit<CancelledOptions, 'onRead'> & {
    /** The child has answered this call after all, or has read its cancellation. */
    onDone?: (number: number) => void
  }
  /** Of a child that several people use: for so long after a call of one, what it says may still be about that one. */
  afterCallMs?: number
}

/** Task tokens kept per child: progress of a task may come long after the answer that opened it. */
const MAX_TASK_TOKENS = 1024
const TASK_TOKEN_BYTES = 256

interface TaskToken {
  port: Port
  clientToken: string
  /** Bytes charged for it. */
  cost: number
}

const NONE: ReadonlySet<symbol> = new Set()

/** What every session is told, not only the one with a call in flight. */
const LIST_CHANGED = /^notifications\/(tools|resources|prompts)\/list_changed$/

/**
 * Joins ports and one child. Towards the child every request has an integer of its own, used as id and as progress
 * token; on the way back the client's own are restored, type included.
 */
export class Switchboard {
  readonly audience: Audience
  readonly isOwn: boolean
  readonly #pipe: Pipe
  readonly #log: Logger
  readonly #options: SwitchboardOptions
  readonly #calls = new PendingRequests()
  readonly #lost: LostAnswers
  readonly #cancelled: CancelledCalls | undefined
  readonly #recent: RecentCalls | undefined
  readonly #taskTokens = new Map<number, TaskToken>()
  #gone: BridgeError | undefined

  constructor(pipe: Pipe, audience: Audience, log: Logger, options: SwitchboardOptions) {
    this.#pipe = pipe
    this.audience = audience
    this.#log = log
    this.#options = options
    this.isOwn = options.isOwn
    this.#lost = new LostAnswers(this.#calls, options.lostMs, (call, error) => this.#doubt(call, error))
    this.#recent = options.afterCallMs === undefined ? undefined : new RecentCalls()
    const { cancelled } = options
    this.#cancelled =
      cancelled && new CancelledCalls({ ...cancelled, onRead: (number) => cancelled.onDone?.(number) })
  }

  /**
   * Gives a client's request its number and writes it.
   *
   * @throws BridgeError `child_exited`, `child_backlogged`
   */
  dispatch(call: Call, message: Message): void {
    if (this.#gone !== undefined) throw this.#gone
    this.#refuseIfBacklogged()
    call.switchboard = this
    this.#calls.add(call)
    const { id, progressToken } = message.envelope
    const text = String(call.number)
    this.#pipe.send(
      message.rewrite([
        [id, text],
        [progressToken, text],
      ]),
      this.#calls.size === 1,
    )
  }

  /** The answer to this call is no longer awaited: if it comes, it is dropped. */
  withdraw(call: Call, cancel: ((number: number) => Message) | undefined): void {
    if (!this.#calls.delete(call.number)) return
    if (this.#lost.isLooking) this.#lost.look()
    if (cancel !== undefined && this.#gone === undefined) {
      // It passes also where nothing else does: there is one for each call at most, and then in its shortest form.
      this.#pipe.send(this.#isBacklogged ? cancellationOf(call.number, 'cancelled') : cancel(call.number))
    }
    // What the bridge itself has asked makes a child ask nobody anything.
    if (this.audience.ports.has(call.port)) this.#cancelled?.add(call.number, call.port)
    this.#recent?.ended(call.port.principal)
  }

  /** Whether what the child asks while a call of this port is in flight is surely about that call. */
  isClearFor(port: Port): boolean {
    return this.#cancelled?.isClearFor(port.identity) !== false
  }

  /**
   * Passes on what a client tells the child: a notification, or the answer to a question.
   *
   * @throws BridgeError `child_backlogged`
   */
  pass(message: Message): void {
    this.#refuseIfBacklogged()
    this.write(message)
  }

  /** Writes what the bridge itself tells the child; a child that does not read is told nothing more. */
  write(message: Message): void {
    if (this.#gone !== undefined) return
    if (this.#isBacklogged) this.#log.debug('a message for a child that does not read dropped')
    else this.#pipe.send(message)
  }

  /** The client that has this child for itself has gone. */
  unplug(port: Port): void {
    this.audience.ports.delete(port)
    this.#forgetTasks()
  }

  /** Answers a request of the child that no client can answer. `id` is JSON text, latin1. */
  refuse(id: string, why: string): void {
    this.write(errorFor(id, new BridgeError('question_refused', why)))
  }

  /** One message of the child. */
  receive(message: Message): void {
    if (!this.isOwn && message.envelope.doubted.length > 0) this.#doubted(message)
    else if (message.kind === 'response') this.#answered(message)
    else if (message.kind === 'request') this.#questioned(message)
    else this.#notified(message)
  }

  /**
   * The child's answer with this id (JSON text, latin1) is lost: that call fails, and nothing else does. Without an id see
   * `LostAnswers`.
   *
   * @param isSure false: the call is given a while to be answered after all
   */
  receiveLost(id: string | undefined, error: BridgeError, isSure = true): void {
    if (id === undefined) return this.#lost.add(error, isSure)
    const number = integerOf(id)
    const call = this.#calls.get(number)
    if (call === undefined) {
      // A number that no call ever had stands in the cargo of an answer whose own has been cut off.
      if (number > this.#calls.last) this.#lost.add(error, isSure)
      else this.#answeredLate(number)
      return
    }
    if (!isSure) {
      setTimeout(() => {
        if (this.#calls.get(number) === call) this.#doubt(call, error)
      }, this.#options.lostMs).unref()
      return
    }
    this.#fail(call, error)
    if (this.#lost.isLooking) this.#lost.look()
  }

  /** It has been answered, if not in a way that could be read. */
  #fail(call: Call, error: BridgeError): void {
    this.#calls.delete(call.number)
    this.#recent?.ended(call.port.principal)
    call.port.settleWith(call, error)
  }

  /** It may have been answered, and it may be at work yet: then it is cancelled, and counts as such. */
  #doubt(call: Call, error: BridgeError): void {
    call.port.giveUp(call, 'its answer could not be read', error)
  }

  /** The child has gone: every request it had is answered with the reason. */
  childGone(error: BridgeError): void {
    this.#gone = error
    for (const port of this.audience.ports) port.forgetQuestions(this)
    this.#forgetTasks()
    const calls = this.#calls.values()
    this.#calls.clear()
    this.#lost.clear()
    this.#cancelled?.clear()
    for (const call of calls) call.port.settleWith(call, error)
  }

  get #isBacklogged(): boolean {
    return this.#pipe.backlogBytes > this.#options.maxBacklogBytes
  }

  #refuseIfBacklogged(): void {
    if (!this.#isBacklogged || this.#gone !== undefined) return
    const text = `the tool leaves ${this.#pipe.backlogBytes} bytes unread`
    throw new BridgeError('child_backlogged', text)
  }

  /** Several clients would read it differently: nobody gets it, and whatever it may answer fails. */
  #doubted(message: Message): void {
    const { doubted, otherIds } = message.envelope
    const text = `what the tool said is ambiguous: ${doubted.join(', ')} is there twice, or in another spelling`
    this.#log.warn({ members: doubted }, 'ambiguous message of the child dropped')
    if (message.kind === 'request') this.refuse(message.id, text)
    const ids = message.kind === 'response' ? [message.id, ...otherIds] : otherIds
    for (const id of ids) this.receiveLost(id, new BridgeError('answer_unreadable', text))
  }

  #answered(message: Message): void {
    const number = integerOf(message.id)
    const call = this.#calls.get(number)
    if (call === undefined) {
      this.#log.debug({ requestId: message.id.slice(0, 200) }, 'answer nobody waits for dropped')
      return this.#answeredLate(number)
    }
    this.#calls.delete(number)
    this.#recent?.ended(call.port.principal)
    if (this.audience.ports.has(call.port)) this.#options.onAnswered?.()
    if (call.opensTask && message.envelope.hasResult) this.#keepTaskToken(call)
    call.port.settle(call, message.rewrite([[message.envelope.id, call.clientId]]))
    if (this.#lost.isLooking) this.#lost.look()
  }

  #answeredLate(number: number): void {
    const principal = this.#cancelled?.answered(number)
    if (principal === undefined) return
    // What the child says behind it looks as if it belonged to whoever calls next.
    this.#recent?.ended(principal)
    this.#options.cancelled?.onDone?.(number)
  }

  #questioned(message: Message): void {
    const owner = this.#owner(this.#cancelled?.askers())
    if (owner !== undefined) owner.ask(message, this)
    else if (message.method === 'ping') this.write(emptyResultFor(message.id))
    else this.refuse(message.id, 'it cannot be told which client this request is for')
  }

  #notified(message: Message): void {
    const { method } = message
    if (method === 'notifications/progress') return this.#progressed(message)
    if (method === 'notifications/cancelled') {
      for (const port of this.audience.ports) port.retract(message, this)
    } else if (method === 'notifications/resources/updated' || LIST_CHANGED.test(method)) {
      for (const port of this.audience.ports) {
        if (this.audience.hears?.(port, message) !== false) port.announce(message)
      }
    } else {
      const owner = this.#owner(this.#cancelled?.busy())
      if (owner === undefined || this.audience.hears?.(owner, message) === false) return
      if (method === 'notifications/message') owner.tell(message)
      else owner.announce(message)
    }
  }

  #progressed(message: Message): void {
    const { token } = message.envelope
    const number = token === undefined ? Number.NaN : integerOf(token.raw)
    const inFlight = this.#calls.get(number)
    const call = inFlight ?? this.#taskTokens.get(number)
    if (call?.clientToken === undefined) {
      // "Progress notifications MUST stop after completion": late ones tear some clients down.
      this.#log.debug({ requestId: token?.raw.slice(0, 200) }, 'progress of no open request dropped')
      return
    }
    const restored = message.rewrite([[token, call.clientToken]])
    if (inFlight !== undefined) inFlight.sink.relate(restored)
    else call.port.announce(restored)
  }

  /** Where there is no room for it the task has no progress. */
  #keepTaskToken({ number, port, clientToken }: Call): void {
    if (clientToken === undefined) return
    const cost = TASK_TOKEN_BYTES + clientToken.length
    const [oldest] = this.#taskTokens.keys()
    if (this.#taskTokens.size >= MAX_TASK_TOKENS && oldest !== undefined) this.#forgetTask(oldest)
    if (port.account.bytes.take(cost)) this.#taskTokens.set(number, { port, clientToken, cost })
  }

  #forgetTasks(): void {
    for (const number of this.#taskTokens.keys()) this.#forgetTask(number)
  }

  #forgetTask(number: number): void {
    const task = this.#taskTokens.get(number)
    this.#taskTokens.delete(number)
    task?.port.account.bytes.give(task.cost)
  }

  /**
   * Whom the child means: stdio names no parent. The port it belongs to; of a child that others use too, the only
   * port with a call in flight, unless a call of another person has ended just now.
   *
   * @param others whose cancelled calls it may be about as well
   */
  #owner(others: ReadonlySet<symbol> = NONE): Port | undefined {
    if (this.isOwn) {
      for (const port of this.audience.ports) return port
      return undefined
    }
    const owners = new Set(others)
    for (const { port } of this.#calls.values()) if (this.audience.ports.has(port)) owners.add(port.identity)
    const [owner, other] = owners
    if (owner === undefined || other !== undefined) return undefined
    for (const port of this.audience.ports) {
      if (port.identity === owner) return this.#isLate(port) ? undefined : port
    }
    return undefined
  }

  #isLate({ principal }: Port): boolean {
    const { afterCallMs = 0 } = this.#options
    return this.#recent?.hasOther(principal, afterCallMs) === true
  }
}
