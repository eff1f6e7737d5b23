// relay/switchboard: one per child; sends every message of the child home.
import { BridgeError } from '../errors.ts'
import type { Logger } from '../log/logger.ts'
import type { Message } from '../message/message.ts'
import type { Field } from '../message/scanner.ts'
import type { Call } from './call.ts'
import { Port } from './port.ts'
import type { Sink } from './sink.ts'

/** What a switchboard needs of a child. */
export interface Pipe {
  /** Queues one message for the child's stdin. */
  send(message: Message): void
  /** Bytes the child has not taken from its stdin yet. */
  readonly backlogBytes: number
}

/** Task tokens kept per child: progress of a task may come long after the answer that opened it. */
const MAX_TASK_TOKENS = 1024

/**
 * Joins ports and one child. Towards the child every request has an integer of its own, used as id and as progress
 * token; on the way back the client's own are restored, type included.
 */
export class Switchboard {
  readonly #pipe: Pipe
  readonly #log: Logger
  readonly #maxBacklogBytes: number
  readonly #calls = new Map<number, Call>()
  readonly #taskTokens = new Map<number, Call>()
  readonly #ports = new Set<Port>()
  #lastNumber = 0
  #gone: BridgeError | undefined

  /** @param maxBacklogBytes a request is refused while the child leaves that much unread */
  constructor(pipe: Pipe, log: Logger, maxBacklogBytes: number) {
    this.#pipe = pipe
    this.#log = log
    this.#maxBacklogBytes = maxBacklogBytes
  }

  plug(unrelated: Sink): Port {
    const port = new Port(this, unrelated)
    this.#ports.add(port)
    return port
  }

  unplug(port: Port): void {
    this.#ports.delete(port)
  }

  /** Gives a client's request its number and writes it. */
  dispatch(message: Message, port: Port, sink: Sink): Call {
    if (this.#gone !== undefined) throw this.#gone
    if (this.#pipe.backlogBytes > this.#maxBacklogBytes) {
      throw new BridgeError(
        'child_backlogged',
        `the tool leaves ${this.#pipe.backlogBytes} bytes of requests unread`,
      )
    }
    const number = ++this.#lastNumber
    const { id, progressToken, hasTask } = message.envelope
    const call: Call = {
      number,
      clientId: message.id,
      clientToken: progressToken?.raw,
      method: message.method,
      opensTask: hasTask && progressToken !== undefined,
      port,
      sink,
      timer: undefined,
    }
    this.#calls.set(number, call)
    const text = String(number)
    this.#pipe.send(
      message.rewrite([
        [id, text],
        [progressToken, text],
      ]),
    )
    return call
  }

  write(message: Message): void {
    if (this.#gone === undefined) this.#pipe.send(message)
  }

  /** The answer to this call is no longer awaited: if it comes, it is dropped. */
  forget(call: Call): void {
    this.#calls.delete(call.number)
  }

  /** One message of the child. */
  receive(message: Message): void {
    if (message.kind === 'response') this.#answered(message)
    else if (message.kind === 'request') this.#ownerOfQuestion()?.ask(message)
    else this.#notified(message)
  }

  /** A line of the child was too long to keep; if it answered a call, that call fails, and nothing else does. */
  receiveTooLarge(id: Field | undefined, bytes: number): void {
    const call = id === undefined ? undefined : this.#calls.get(numberOf(id.raw))
    this.#log.warn({ bytes, method: call?.method }, 'line over the limit dropped')
    if (call === undefined) return
    call.port.settleWith(
      call,
      new BridgeError('frame_too_large', `the answer is ${bytes} bytes long, over the limit of --max-line`),
    )
  }

  /** The child has gone; every port answers what it has in flight. */
  childGone(error: BridgeError): void {
    this.#gone = error
    for (const port of this.#ports) port.fail(error)
    this.#ports.clear()
  }

  #answered(message: Message): void {
    const call = this.#calls.get(numberOf(message.id))
    if (call === undefined) {
      this.#log.debug({ requestId: message.id }, 'answer nobody waits for dropped')
      return
    }
    if (call.opensTask && message.envelope.hasResult) this.#keepTaskToken(call)
    call.port.settle(call, message.rewrite([[message.envelope.id, call.clientId]]))
  }

  #notified(message: Message): void {
    switch (message.method) {
      case 'notifications/progress':
        return this.#progressed(message)
      case 'notifications/cancelled':
        for (const port of this.#ports) port.retract(message)
        return
      case 'notifications/message':
        for (const port of this.#ports) port.tell(message)
        return
      default:
        for (const port of this.#ports) port.announce(message)
    }
  }

  #progressed(message: Message): void {
    const { token } = message.envelope
    const number = token === undefined ? Number.NaN : numberOf(token.raw)
    const call = this.#calls.get(number) ?? this.#taskTokens.get(number)
    if (call?.clientToken === undefined) {
      // "Progress notifications MUST stop after completion": late ones tear some clients down.
      this.#log.debug({ requestId: token?.raw }, 'progress of no open request dropped')
      return
    }
    const restored = message.rewrite([[token, call.clientToken]])
    if (this.#calls.has(number)) call.sink.relate(restored)
    else call.port.announce(restored)
  }

  #keepTaskToken(call: Call): void {
    this.#taskTokens.set(call.number, call)
    if (this.#taskTokens.size > MAX_TASK_TOKENS) {
      for (const oldest of this.#taskTokens.keys()) {
        this.#taskTokens.delete(oldest)
        break
      }
    }
  }

  /** With a child per session there is one port, and every question is for it. */
  #ownerOfQuestion(): Port | undefined {
    for (const port of this.#ports) return port
    return undefined
  }
}

/** Our number, also where a child sends it back as `"7"` or `7.0`. */
function numberOf(raw: string): number {
  return Number(raw.startsWith('"') ? raw.slice(1, -1) : raw)
}
