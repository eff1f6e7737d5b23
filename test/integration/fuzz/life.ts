// fuzz/life: one session of one client, from initialize to its end, and what it must and must not hear meanwhile.
import type { Agent } from 'node:http'
import {
  eventually,
  RpcError,
  SseClient,
  StreamableClient,
  type RequestOptions,
  type RpcId,
  type RpcMessage,
  type RpcRequest,
  type RpcResponse,
} from '@mcp-bridge/testkit'

export type Wire = 'streamable' | 'sse'

/** Longer than anything here takes on a slow machine: what takes longer hangs. */
const DEADLINE_MS = 45_000

export class Life {
  readonly client: StreamableClient | SseClient
  /** Whatever was wrong, in words. */
  readonly wrong: string[] = []
  /** Set as soon as its child or its connection may be gone: from then on an error is an answer too. */
  isOver = false
  readonly name: string
  readonly #questions = new Map<string, string>()
  readonly #asked = new Set<string>()
  readonly #logs = new Set<string>()
  readonly #tokens = new Map<number, RpcId>()
  readonly #inUse = new Set<string>()
  #next = 0

  private constructor(name: string, client: StreamableClient | SseClient) {
    this.name = name
    this.client = client
    client.onRequest = (request) => this.#answer(request)
  }

  static async open(name: string, wire: Wire, port: number, agent: Agent): Promise<Life> {
    const client = wire === 'sse' ? new SseClient({ port, agent }) : new StreamableClient({ port, agent })
    if (client instanceof SseClient) await client.connect()
    const life = new Life(name, client)
    const { error } = await client.initialize({
      capabilities: { sampling: {}, elicitation: {}, roots: {} },
      signal: AbortSignal.timeout(DEADLINE_MS),
    })
    if (error !== undefined) throw new Error(`${name}: initialize: ${JSON.stringify(error)}`)
    if (client instanceof StreamableClient) await client.listen()
    return life
  }

  /** An id that other clients use at this moment, and this one too: as a string while it is a number, or the reverse. */
  newId(isText: boolean): RpcId {
    const number = 1 + (this.#next++ % 50)
    const id = isText ? String(number) : number
    const key = JSON.stringify(id)
    if (this.#inUse.has(key)) return this.newId(isText)
    this.#inUse.add(key)
    return id
  }

  freeId(id: RpcId): void {
    this.#inUse.delete(JSON.stringify(id))
  }

  /** Calls a tool; undefined when the end of this life was its answer. */
  async call(
    tool: string,
    args: object,
    options: RequestOptions & { id: RpcId },
  ): Promise<RpcResponse | undefined> {
    const signal = AbortSignal.any([
      AbortSignal.timeout(DEADLINE_MS),
      ...(options.signal ? [options.signal] : []),
    ])
    try {
      const answer = await this.client.call(tool, args, { ...options, signal })
      if (answer.id !== options.id) this.wrong.push(`${this.name}: answer ${answer.id} to ${options.id}`)
      if (answer.error === undefined || !this.isOver) return answer
      return undefined
    } catch (error) {
      if (options.signal?.aborted === true) return undefined
      const isLate = signal.aborted
      if (isLate || !this.isOver) this.wrong.push(`${this.name}: ${tool} ${isLate ? 'hangs' : String(error)}`)
      return undefined
    } finally {
      this.freeId(options.id)
    }
  }

  /** Notes a question the tool will ask back; it must come once, and here. */
  expectQuestion(text: string, answer: string): void {
    this.#questions.set(text, answer)
  }

  expectLog(text: string): void {
    this.#logs.add(text)
  }

  /** Notes a progress token; `total` names the call, as nothing else in its progress does. */
  expectProgress(token: RpcId, total: number): void {
    this.#tokens.set(total, token)
  }

  #hasLogged(text: string): boolean {
    return this.client.received.some((it) => 'params' in it && it.params?.data === text)
  }

  /** Looks through all that came; every message must have had a reason. */
  async close(): Promise<void> {
    const { client } = this
    if (!this.isOver && this.#logs.size > 0) {
      await eventually(() => [...this.#logs].every((text) => this.#hasLogged(text)), {
        what: `${this.name}: all log messages`,
      }).catch((error: unknown) => this.wrong.push(String(error)))
    }
    this.isOver = true
    if (client instanceof StreamableClient) await client.del()
    client.close()
    const logged: string[] = []
    for (const message of client.received) this.#check(message, logged)
    if (new Set(logged).size < logged.length) this.wrong.push(`${this.name}: a log message came twice`)
    for (const stray of client.strays) this.wrong.push(`${this.name}: stray ${JSON.stringify(stray)}`)
  }

  #check(message: RpcMessage, logged: string[]): void {
    if (!('method' in message)) return
    const { method, params } = message
    if (method === 'notifications/progress') {
      if (this.#tokens.get(params.total) !== params.progressToken)
        this.wrong.push(`${this.name}: foreign progress ${JSON.stringify(params)}`)
    } else if (method === 'notifications/message') {
      if (this.#logs.has(params.data)) logged.push(params.data)
      else this.wrong.push(`${this.name}: foreign log ${params.data}`)
    } else if (!('id' in message)) this.wrong.push(`${this.name}: unexpected ${method}`)
  }

  #answer({ method, params }: RpcRequest): unknown {
    if (method === 'ping') return {}
    const text: string = params?.messages?.[0]?.content?.text ?? params?.message ?? ''
    const answer = this.#questions.get(text)
    if (answer === undefined || this.#asked.has(text)) {
      this.wrong.push(`${this.name}: ${answer === undefined ? 'foreign' : 'repeated'} question ${text}`)
      throw new RpcError(-32000, 'not my question')
    }
    this.#asked.add(text)
    return { answer }
  }
}
