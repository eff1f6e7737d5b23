// connect/remembered: what a client has said that a new session of the server has to hear again.
import { paramsOf, recordOf, resultOf } from '../rpc/content.ts'
import { Message } from '../rpc/message.ts'

const INITIALIZED = Message.from({ jsonrpc: '2.0', method: 'notifications/initialized' })

export interface Channel {
  /** Resolves with the response. Throws BridgeError. */
  ask(request: Message): Promise<Message>
  /** Resolves when the server has taken it. */
  say(notification: Message): Promise<void>
}

export class Remembered {
  #initialize: Message | undefined
  #level: Message | undefined
  readonly #subscriptions = new Map<unknown, Message>()
  #capabilities: readonly string[] = []
  #wasOpened = false

  /** The client has begun a session. */
  get isBegun(): boolean {
    return this.#initialize !== undefined
  }

  /** A server has taken it. */
  get wasOpened(): boolean {
    return this.#wasOpened
  }

  /** A request of the client. */
  note(message: Message): void {
    if (message.method === 'initialize') this.#initialize = message
    else if (message.method === 'logging/setLevel') this.#level = message
    else if (message.method === 'resources/subscribe')
      this.#subscriptions.set(paramsOf(message)['uri'], message)
    else if (message.method === 'resources/unsubscribe') this.#subscriptions.delete(paramsOf(message)['uri'])
  }

  /** The answer to `initialize`. */
  opened(response: Message): void {
    this.#wasOpened ||= response.envelope.hasResult
    const capabilities = Object.entries(recordOf(resultOf(response)['capabilities']))
    this.#capabilities = capabilities
      .filter(([, value]) => recordOf(value)['listChanged'] === true)
      .map(([name]) => name)
  }

  /** Says all of it again. What a new session refuses of it is its affair. */
  async replay({ ask, say }: Channel): Promise<Message> {
    if (this.#initialize === undefined) throw new TypeError('nothing to replay')
    const opened = await ask(this.#initialize)
    if (!opened.envelope.hasResult) return opened
    this.opened(opened)
    await say(INITIALIZED)
    for (const message of [this.#level, ...this.#subscriptions.values()])
      if (message !== undefined) await ask(message)
    return opened
  }

  /** For the client: what it knows of the lists may be of before. */
  get changes(): Message[] {
    return this.#capabilities.map((name) =>
      Message.from({ jsonrpc: '2.0', method: `notifications/${name}/list_changed` }),
    )
  }
}
