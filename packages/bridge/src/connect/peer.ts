// connect/peer: the client at stdin and stdout: what it waits for, and what it is told.
import type { Writable } from 'node:stream'
import type { BridgeError } from '../errors.ts'
import { errorFor } from '../rpc/factory.ts'
import type { Message } from '../rpc/message.ts'
import { onOneLine } from '../rpc/one-line.ts'
import { writeTo } from '../rpc/write.ts'

/** Who waits for the answer to one request. */
interface Waiting {
  settle(response: Message): void
  /** Resolves when it is answered or given up. */
  over: PromiseWithResolvers<void>
}

export class Peer {
  readonly #output: Writable
  readonly #waiting = new Map<string, Waiting>()
  /** What is asked on behalf of nobody. */
  readonly #own = new Map<string, Waiting>()
  /** Requests of a server whose session has been opened anew, by the id that the client knows. */
  readonly #asked = new Map<string, { session: number; id: string }>()
  readonly #idle: (() => void)[] = []
  #asks = 0

  constructor(output: Writable) {
    this.#output = output
  }

  /** The client waits for an answer. */
  expect({ id }: Message): void {
    this.#waiting.set(keyOf(id), {
      settle: (response) => this.#write(response),
      over: Promise.withResolvers(),
    })
  }

  /** The same for a request of our own: with another id, which no client's is. */
  ask(message: Message): { request: Message; response: Promise<Message> } {
    const id = `"connect:${++this.#asks}"`
    const { promise, resolve } = Promise.withResolvers<Message>()
    this.#own.set(id, { settle: resolve, over: Promise.withResolvers() })
    return { request: message.rewrite([[message.envelope.id, id]]), response: promise }
  }

  awaits(id: string): boolean {
    return this.#get(id) !== undefined
  }

  /** Resolves when nobody awaits it any more. */
  over(id: string): Promise<void> {
    return this.#get(id)?.over.promise ?? Promise.resolve()
  }

  /** An answer that nobody waits for has come twice, or too late. */
  answer(response: Message, id = response.id): void {
    const waiting = this.#get(id)
    if (waiting === undefined) return
    this.#own.delete(id)
    waiting.settle(response)
    this.forget(id)
    waiting.over.resolve()
  }

  fail(id: string, error: BridgeError): void {
    this.answer(errorFor(id, error), id)
  }

  /** The client has given it up. */
  forget(id: string): void {
    this.#waiting.get(keyOf(id))?.over.resolve()
    this.#waiting.delete(keyOf(id))
    this.#look()
  }

  /** What the server says or asks of itself. Two sessions may ask by the same id: from the second on it is another. */
  tell(message: Message, session: number): void {
    if (message.kind !== 'request' || session === 0) return this.#write(message)
    const id = `"${session}:${Buffer.from(message.id, 'latin1').toString('base64url')}"`
    this.#asked.set(id, { session, id: message.id })
    this.#write(message.rewrite([[message.envelope.id, id]]))
  }

  /** The client's answer as this session of the server knows it; undefined for one to a session that is gone. */
  replyFor(response: Message, session: number): Message | undefined {
    const asked = this.#asked.get(response.id)
    this.#asked.delete(response.id)
    if ((asked?.session ?? 0) !== session) return undefined
    return asked === undefined ? response : response.rewrite([[response.envelope.id, asked.id]])
  }

  /** Resolves once nothing is awaited. */
  idle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#idle.push(resolve)
    this.#look()
    return promise
  }

  #get(id: string): Waiting | undefined {
    return this.#waiting.get(keyOf(id)) ?? this.#own.get(id)
  }

  #look(): void {
    if (this.#waiting.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  #write(message: Message): void {
    writeTo(this.#output, onOneLine(message.encode('', '\n')))
  }
}

/** The same for each way to write an id: PHP answers `"a/b"` with `"a\/b"`, Python `"ä"` with `"\u00e4"`. */
export function keyOf(id: string): string {
  if (!id.includes('\\')) return id
  const text = JSON.stringify(JSON.parse(Buffer.from(id, 'latin1').toString('utf8')))
  return Buffer.from(text).toString('latin1')
}
