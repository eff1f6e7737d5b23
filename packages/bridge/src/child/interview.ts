// child/interview: asks a child the way a client would: what it is, and what it offers.
import { monotonicMs } from '../clock.ts'
import { BridgeError } from '../errors.ts'
import { excerpt } from '../visible.ts'
import { contentOf, recordOf, resultOf, textOf, type Members } from '../rpc/content.ts'
import { integerOf, Message } from '../rpc/message.ts'
import { readPages } from '../rpc/pages.ts'
import { NEWEST_LEGACY_REVISION } from '../rpc/revisions.ts'
import type { Child, ChildListener } from './child.ts'

/** What a child said of itself. */
export interface ChildReport {
  name: string
  version: string
  protocolVersion: string
  instructions: string | undefined
  capabilities: string[]
  /** Clients can subscribe to its resources. */
  canSubscribe: boolean
  tools: { name: string; description: string }[]
  resources: { name: string; description: string }[]
  prompts: { name: string; description: string }[]
  /** From process start to the answer to `initialize`. */
  startMs: number
}

interface Waiting {
  resolve(result: Members): void
  reject(error: BridgeError): void
}

/** Lines kept of what it printed beside its messages. */
const MAX_NOISE = 10

/** A minimal client on a child of its own. Server requests are refused: nobody is there to answer them. */
export class Interview implements ChildListener {
  readonly noise: string[] = []
  /** Requests of the child, pings excepted. */
  questions = 0
  readonly #child: Child
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #gone: BridgeError | undefined

  constructor(child: Child) {
    this.#child = child
    child.listen(this)
  }

  /**
   * Initialises the child and asks for its lists.
   *
   * @param timeoutMs for each answer
   * @throws BridgeError `child_exited`, `child_timeout`, `child_not_mcp`
   */
  async run(clientVersion: string, timeoutMs: number, capabilities: object = {}): Promise<ChildReport> {
    const init = await this.ask('initialize', timeoutMs, {
      protocolVersion: NEWEST_LEGACY_REVISION,
      capabilities,
      clientInfo: { name: 'mcp-bridge', version: clientVersion },
    })
    const startMs = monotonicMs() - this.#child.startedAt
    this.#child.send(Message.from({ jsonrpc: '2.0', method: 'notifications/initialized' }))
    return describeTool(init, startMs, (method, params) => this.ask(method, timeoutMs, params))
  }

  ask(method: string, timeoutMs: number, params: object = {}): Promise<Members> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone)
    const id = ++this.#lastId
    this.#child.send(Message.from({ jsonrpc: '2.0', id, method, params }))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        reject(this.#child.hasUnendedMessage ? unended(method) : late(method, timeoutMs))
      }, timeoutMs)
      this.#waiting.set(id, {
        resolve: (result) => {
          clearTimeout(timer)
          resolve(result)
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
    })
  }

  receive(message: Message): void {
    if (message.kind === 'request') {
      if (message.method !== 'ping') this.questions++
      const outcome =
        message.method === 'ping' ? { result: {} } : { error: { code: -32601, message: 'not here' } }
      const answer = Message.from({ jsonrpc: '2.0', id: 0, ...outcome })
      this.#child.send(answer.rewrite([[answer.envelope.id, message.id]]))
    }
    if (message.kind !== 'response') return
    const waiting = this.#take(message.id)
    if (message.envelope.hasResult) waiting?.resolve(resultOf(message))
    else waiting?.reject(notMcp(recordOf(contentOf(message)['error'])))
  }

  receiveLost(id: string | undefined, error: BridgeError, isSure = true): void {
    // What is not sure is for the deadline.
    if (!isSure) return
    if (id === undefined) this.#failAll(error)
    else this.#take(id)?.reject(error)
  }

  receiveNoise(preview: string): void {
    if (this.noise.length < MAX_NOISE) this.noise.push(preview)
  }

  childGone(error: BridgeError): void {
    this.#gone = error
    this.#failAll(error)
  }

  #take(id: string): Waiting | undefined {
    const number = integerOf(id)
    const waiting = this.#waiting.get(number)
    this.#waiting.delete(number)
    return waiting
  }

  #failAll(error: BridgeError): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }
}

type Ask = (method: string, params: object) => Promise<Members>

/** What a child offers, all pages of it; `init` is its answer to `initialize`. */
export async function describeTool(init: Members, startMs: number, ask: Ask): Promise<ChildReport> {
  const capabilities = Object.keys(recordOf(init['capabilities']))
  // A list that fails is that tool's affair with its clients; one that is gone is ours.
  const list = async (kind: string) => {
    if (!capabilities.includes(kind)) return []
    return listAll(kind, ask).catch((error: unknown) => {
      if (error instanceof BridgeError && error.code === 'child_not_mcp') return []
      throw error
    })
  }
  const info = recordOf(init['serverInfo'])
  return {
    name: textOf(info['name'], 'unnamed'),
    version: textOf(info['version'], '?'),
    protocolVersion: textOf(init['protocolVersion'], '?'),
    instructions: typeof init['instructions'] === 'string' ? init['instructions'] : undefined,
    capabilities,
    canSubscribe: recordOf(recordOf(init['capabilities'])['resources'])['subscribe'] === true,
    tools: await list('tools'),
    resources: await list('resources'),
    prompts: await list('prompts'),
    startMs,
  }
}

async function listAll(kind: string, ask: Ask): Promise<{ name: string; description: string }[]> {
  const items = await readPages(kind, (params) => ask(`${kind}/list`, params))
  return items.map(recordOf).map(({ name, description }) => ({
    name: textOf(name, '?'),
    description: textOf(description, ''),
  }))
}

function late(method: string, timeoutMs: number): BridgeError {
  return new BridgeError('child_timeout', `the tool did not answer ${method} within ${timeoutMs} ms`)
}

function unended(method: string): BridgeError {
  const text = `the tool answered ${method} without a line break at its end: MCP takes one message a line`
  return new BridgeError('child_not_mcp', text)
}

function notMcp(error: Record<string, unknown>): BridgeError {
  return new BridgeError(
    'child_not_mcp',
    `the tool answered with an error: ${excerpt(textOf(error['message'], '?'))}`,
  )
}
