// several: one client of the isolation fuzz, on its wire, at all tools that it may use; what it hears must be its own.
import {
  ModernClient,
  Refused,
  SseClient,
  StreamableClient,
  type RequestOptions,
  type RpcMessage,
  type RpcResponse,
} from '@mcp-bridge/testkit'

export type Wire = 'sse' | 'streamable' | 'modern'

/** What belongs to whom is said in it: the tool that was asked, and the client that asked. */
const MARK = /\[([\w-]+) ([\w-]+) \d+\]/g
const CAPABILITIES = { elicitation: {} }

export class Several {
  readonly name: string
  readonly person: string
  readonly wire: Wire
  readonly wrong: string[]
  readonly #port: number
  readonly #sessions = new Map<string, Promise<StreamableClient | SseClient>>()
  readonly #modern = new Map<string, ModernClient>()

  constructor(name: string, person: string, wire: Wire, port: number, wrong: string[]) {
    this.name = name
    this.person = person
    this.wire = wire
    this.wrong = wrong
    this.#port = port
  }

  get headers(): { authorization: string } {
    return { authorization: `Bearer of-${this.person}` }
  }

  mark(tool: string, n: number): string {
    return `[${tool} ${this.name} ${n}]`
  }

  say(what: string): void {
    this.wrong.push(`${this.name} (${this.person}, ${this.wire}): ${what}`)
  }

  /** Everything that comes at a tool goes through here. */
  hear(tool: string, came: unknown): void {
    const text = typeof came === 'string' ? came : JSON.stringify(came)
    for (const [all, at, who] of text.matchAll(MARK))
      if (at !== tool || who !== this.name) this.say(`at ${tool} it heard ${all} in ${text.slice(0, 300)}`)
  }

  async call(tool: string, name: string, args: object, options: RequestOptions = {}): Promise<RpcResponse> {
    return this.request(tool, 'tools/call', { name, arguments: args }, options)
  }

  /** An answer, also one that refuses; a modern client that is asked answers with its name. */
  async request(
    tool: string,
    method: string,
    params: object,
    options: RequestOptions = {},
  ): Promise<RpcResponse> {
    const response = await this.#answer(tool, method, params, options)
    this.hear(tool, response)
    return response
  }

  async #answer(tool: string, method: string, params: object, options: RequestOptions): Promise<RpcResponse> {
    if (this.wire !== 'modern') {
      try {
        return await (await this.session(tool)).request(method, params, options)
      } catch (error) {
        this.#sessions.delete(tool)
        if (!(error instanceof Refused)) throw error
        return { jsonrpc: '2.0', id: null, ...(error.error === undefined ? {} : { error: error.error }) }
      }
    }
    const client = this.modern(tool)
    const { response, messages } = await client.request(method, params)
    this.hear(tool, messages)
    const { result } = response
    if (result?.resultType !== 'input_required') return response
    return this.resume(tool, params, result)
  }

  /** Answers what it was asked. */
  async resume(
    tool: string,
    params: object,
    { inputRequests, requestState }: { inputRequests: object; requestState?: string },
  ): Promise<RpcResponse> {
    const answer = { action: 'accept', content: { name: this.name } }
    const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, answer]))
    const state = requestState === undefined ? {} : { requestState }
    const { response } = await this.modern(tool).request('tools/call', {
      ...params,
      inputResponses,
      ...state,
    })
    this.hear(tool, response)
    return response
  }

  modern(tool: string): ModernClient {
    const { headers, name } = this
    const options = { port: this.#port, path: `/${tool}/mcp`, headers, name, capabilities: CAPABILITIES }
    const client = this.#modern.get(tool) ?? new ModernClient(options)
    this.#modern.set(tool, client)
    return client
  }

  session(tool: string): Promise<StreamableClient | SseClient> {
    const open = this.#sessions.get(tool) ?? this.#open(tool)
    this.#sessions.set(tool, open)
    return open
  }

  async #open(tool: string): Promise<StreamableClient | SseClient> {
    const { headers } = this
    const isSse = this.wire === 'sse'
    const options = { port: this.#port, path: `/${tool}/${isSse ? 'sse' : 'mcp'}`, headers }
    const client = isSse ? new SseClient(options) : new StreamableClient(options)
    client.onRequest = (request) => {
      this.hear(tool, request)
      return { action: 'accept', content: { name: this.name } }
    }
    if (client instanceof SseClient) await client.connect()
    const { error } = await client.initialize({ capabilities: CAPABILITIES })
    if (error !== undefined) this.say(`initialize at ${tool}: ${JSON.stringify(error)}`)
    if (client instanceof StreamableClient) await client.listen()
    return client
  }

  /** Ends its session there, and looks through all that came unasked. */
  async leave(tool: string): Promise<void> {
    const open = this.#sessions.get(tool)
    this.#sessions.delete(tool)
    const client = await open?.catch(() => undefined)
    if (client === undefined) return
    if (client instanceof StreamableClient) await client.del()
    client.close()
    for (const message of client.received) this.hear(tool, message satisfies RpcMessage)
    for (const stray of client.strays) this.say(`at ${tool} a stray ${JSON.stringify(stray)}`)
  }

  async leaveAll(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((tool) => this.leave(tool)))
  }
}
