// exchange/child-side: what the exchanges of one modern client have of its child: what goes there, and how it is told.
import type { Call } from '../relay/dispatch.ts'
import { failureAsResult } from '../relay/interceptors/litellm.ts'
import { listOf, recordOf, resultOf, type Members } from '../rpc/content.ts'
import type { Message } from '../rpc/message.ts'
import { completed, passed } from '../rpc/modern.ts'
import type { Era } from '../session/lease.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Exchange, ExchangeHost } from './exchange.ts'
import type { Exchanges } from './exchanges.ts'
import type { Opening } from './opening.ts'
import type { RequestStates } from './request-state.ts'

export interface ChildSideOptions {
  /** Of the client: a hash of all that tells it from others. */
  key: string
  era: Era
  states: RequestStates
  exchanges: Exchanges
  maxBufferBytes: number
  parkMs: number
  startTimeoutMs: number
  isForLiteLlm: boolean
  /** A list of tools has gone by. */
  onTools(tools: readonly unknown[]): void
  onOver(): void
}

export class ChildSide implements ExchangeHost {
  readonly #opening: Opening
  readonly #options: ChildSideOptions
  readonly #log: Logger
  /** What the child was told last. */
  #logLevel: string | undefined

  /** @param log that says which client it is */
  constructor(opening: Opening, options: ChildSideOptions, log: Logger) {
    this.#opening = opening
    this.#options = options
    this.#log = log
  }

  get maxBufferBytes(): number {
    return this.#options.maxBufferBytes
  }

  get parkMs(): number {
    return this.#options.parkMs
  }

  get serverInfo(): Members {
    return recordOf(this.#opening.opened?.answer['serverInfo'])
  }

  async ask(method: string, params: Members): Promise<Members> {
    const { client } = await this.#opening.done
    return client.request(method, params, this.#options.startTimeoutMs)
  }

  /** "a server MUST NOT rely on earlier requests": each brings its level, and an older child has one for all. */
  adaptLogLevel(): void {
    if (recordOf(this.#opening.opened?.answer['capabilities'])['logging'] === undefined) return
    const level = this.#options.exchanges.logLevel
    if (level === undefined || level === this.#logLevel) return
    this.#logLevel = level
    this.ask('logging/setLevel', { level }).catch((err: unknown) => {
      this.#log.debug({ err }, 'the child refused a log level')
    })
  }

  completed(message: Message, { asked }: Exchange): Message {
    const { era, isForLiteLlm, onTools } = this.#options
    const { method } = asked.call
    if (method === 'tools/list' && message.envelope.hasResult) onTools(listOf(resultOf(message)['tools']))
    const told = isForLiteLlm ? failureAsResult(message, method) : message
    // What the bridge says in place of a modern child lacks what that would have said.
    if (era === 'modern' && told === message) return passed(message, method)
    return completed(told, method, this.serverInfo, asked.capabilities)
  }

  stateOf({ id, round, asked }: Exchange): string {
    const { key, states } = this.#options
    return states.seal({ exchange: id, round }, { owner: key, request: asked.fingerprint })
  }

  answer(response: Message): void {
    try {
      this.#opening.connection?.respond(response)
    } catch (err) {
      this.#log.debug({ err }, 'answer for a child that does not read dropped')
    }
  }

  abandon(call: Call, reason: string): void {
    this.#opening.connection?.abandon([call], reason)
  }

  over(exchange: Exchange): void {
    this.#options.exchanges.delete(exchange)
    this.#options.onOver()
  }

  failed(err: unknown): void {
    this.#log.error({ err }, 'stream failed')
  }
}
