// client/client: what the three wires share: ids, answers, and what the server says unasked.
import { eventually } from '../eventually.ts'
import {
  isRequest,
  isResponse,
  RpcError,
  type RpcId,
  type RpcMessage,
  type RpcRequest,
  type RpcResponse,
} from './rpc.ts'

export interface RequestOptions {
  /** Default: the next integer, from 1, so that the ids of two clients collide. */
  id?: RpcId
  /** Goes into `params._meta`. */
  progressToken?: string | number
  /** Called for each request and notification that comes while this waits (over Streamable HTTP: on its own stream). */
  onMessage?: (message: RpcMessage) => void
  /** Stops waiting; over Streamable HTTP it also cuts the connection. It sends no cancellation. */
  signal?: AbortSignal
  /** Streamable HTTP: goes on waiting when the stream ends early, for `listen({ lastEventId })` to bring the answer. */
  keepWaiting?: boolean
}

export interface InitializeOptions extends RequestOptions {
  protocolVersion?: string
  capabilities?: Record<string, unknown>
  clientInfo?: { name: string; version: string }
  /** False: `notifications/initialized` is left to the test. */
  announce?: boolean
}

interface Pending {
  resolve(response: RpcResponse): void
  reject(error: unknown): void
  onMessage: ((message: RpcMessage) => void) | undefined
}

export abstract class WireClient {
  /** Requests and notifications from the server, in order. */
  readonly received: RpcMessage[] = []
  /** Responses that answer nothing this client waits for. */
  readonly strays: RpcResponse[] = []
  /** What went wrong where nobody waits: sending an answer, reading what is no JSON. */
  readonly failures: unknown[] = []
  /** What the server asks: the return value is the result, a thrown RpcError the error, `undefined` no answer. */
  onRequest: ((request: RpcRequest) => unknown) | undefined
  /** As `initialize` agreed; 2024-11-05 … 2025-11-25. */
  protocolVersion: string | undefined
  protected nextId = 1
  readonly #pending = new Map<string, Pending>()

  /** Puts a message on the wire; resolves when the server has taken it. */
  protected abstract transmit(message: unknown, pending?: Waiting): Promise<void>

  async initialize(options: InitializeOptions = {}): Promise<RpcResponse> {
    const { protocolVersion = '2025-11-25', capabilities = {}, announce = true, ...rest } = options
    const { clientInfo = { name: 'testkit', version: '0.0.0' }, ...request } = rest
    const response = await this.request('initialize', { protocolVersion, capabilities, clientInfo }, request)
    if (response.error !== undefined) return response
    this.protocolVersion = response.result.protocolVersion
    if (announce) await this.notify('notifications/initialized')
    return response
  }

  /** Resolves with the response, also when that is an error; rejects when none can come any more. */
  async request(method: string, params?: object, options: RequestOptions = {}): Promise<RpcResponse> {
    const { id = this.nextId++, progressToken, onMessage, signal } = options
    const key = JSON.stringify(id)
    if (this.#pending.has(key)) throw new Error(`${key} is in flight already; use post() to send it twice`)
    signal?.throwIfAborted()
    const meta = progressToken === undefined ? {} : { _meta: { ...metaOf(params), progressToken } }
    const all = params === undefined && progressToken === undefined ? {} : { params: { ...params, ...meta } }
    const { promise, resolve, reject } = Promise.withResolvers<RpcResponse>()
    const abort = (): void => reject(signal?.reason)
    signal?.addEventListener('abort', abort)
    this.#pending.set(key, { resolve, reject, onMessage })
    try {
      const waiting = { id, method, options, fail: reject }
      this.transmit({ jsonrpc: '2.0', id, method, ...all }, waiting).catch(reject)
      return await promise
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#pending.delete(key)
    }
  }

  call(tool: string, args: object = {}, options?: RequestOptions): Promise<RpcResponse> {
    return this.request('tools/call', { name: tool, arguments: args }, options)
  }

  notify(method: string, params?: object): Promise<void> {
    return this.transmit({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) })
  }

  /** Says that the answer is not wanted any more; what comes for it then is in `strays`. */
  cancel(requestId: RpcId, reason = 'the test says so'): Promise<void> {
    return this.notify('notifications/cancelled', { requestId, reason })
  }

  /** The first request or notification, past or to come, with this method. */
  until(method: string, withinMs = 20_000): Promise<RpcRequest> {
    const find = (): RpcMessage | undefined =>
      this.received.find((message) => 'method' in message && message.method === method)
    return eventually(find, { what: `${method} from the server`, withinMs }) as Promise<RpcRequest>
  }

  /** Takes what the wire brought; `of` is the request on whose stream it came, where a wire has such. */
  protected take(message: RpcMessage, of?: RpcId): void {
    if (isResponse(message)) {
      const pending = this.#pending.get(JSON.stringify(message.id))
      if (pending === undefined) this.strays.push(message)
      else pending.resolve(message)
      return
    }
    this.received.push(message)
    for (const [key, { onMessage }] of this.#pending) {
      if (of === undefined || key === JSON.stringify(of)) onMessage?.(message)
    }
    if (isRequest(message)) void this.#answer(message).catch((error: unknown) => this.failures.push(error))
  }

  /** Takes text from the wire: one message or a batch. */
  protected takeText(text: string, of?: RpcId): void {
    try {
      const parsed = JSON.parse(text) as RpcMessage | RpcMessage[]
      for (const message of Array.isArray(parsed) ? parsed : [parsed]) this.take(message, of)
    } catch (error) {
      this.failures.push(error)
    }
  }

  /** The wire is gone: nobody gets an answer any more. */
  protected failAll(error: Error): void {
    for (const pending of this.#pending.values()) pending.reject(error)
  }

  protected isWaitingFor(id: RpcId): boolean {
    return this.#pending.has(JSON.stringify(id))
  }

  async #answer({ id, method, params }: RpcRequest): Promise<void> {
    const answer = { jsonrpc: '2.0', id }
    try {
      const result = await this.#resultOf({ jsonrpc: '2.0', id, method, params })
      if (result !== undefined) await this.transmit({ ...answer, result })
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      const { code, message, data } = error
      await this.transmit({ ...answer, error: { code, message, ...(data === undefined ? {} : { data }) } })
    }
  }

  async #resultOf(request: RpcRequest): Promise<unknown> {
    if (this.onRequest !== undefined) return this.onRequest(request)
    if (request.method === 'ping') return {}
    throw new RpcError(-32601, `the test client has no ${request.method}`)
  }
}

/** A request on its way, for the wire that puts it there. */
export interface Waiting {
  id: RpcId
  method: string
  options: RequestOptions
  fail: (error: unknown) => void
}

function metaOf(params: object | undefined): object {
  return ((params ?? {}) as { _meta?: object })._meta ?? {}
}
