// client/modern: revision 2026-07-28 by hand: each request stands for itself.
import { EventStream } from './event-stream.ts'
import { openStream, type Headers } from './http.ts'
import { isResponse, type RpcId, type RpcMessage, type RpcResponse } from './rpc.ts'

export const MODERN_REVISION = '2026-07-28'
const PREFIX = 'io.modelcontextprotocol/'

export interface ModernOptions {
  port: number
  path?: string
  /** Sent with everything; `null` leaves out one that would be there. */
  headers?: Headers
  /** What it says of itself in each request. */
  name?: string
  capabilities?: object
}

export interface ModernRequestOptions {
  id?: RpcId
  headers?: Headers
  capabilities?: object
  logLevel?: string
  progressToken?: RpcId
  /** Members of `_meta` besides, or in place of, its own; `undefined` leaves one out. */
  meta?: Record<string, unknown>
  signal?: AbortSignal
}

/** What came back for one request, read to its end. */
export interface ModernReply {
  status: number
  headers: EventStream['headers']
  /** All in order, the response among them. */
  messages: RpcMessage[]
  response: RpcResponse
  /** As it came. */
  text: string
}

export class ModernClient {
  readonly #options: ModernOptions
  #lastId = 0

  constructor(options: ModernOptions) {
    this.#options = options
  }

  /** The response of a request, whatever else came with it. */
  async call(name: string, args: object = {}, options: ModernRequestOptions = {}): Promise<RpcResponse> {
    return (await this.request('tools/call', { name, arguments: args }, options)).response
  }

  async request(
    method: string,
    params: object = {},
    options: ModernRequestOptions = {},
  ): Promise<ModernReply> {
    const stream = await this.open(method, params, options)
    const how = await stream.ended
    const { status, headers, text } = stream
    const messages = stream.isEventStream
      ? stream.events.all.map(({ data }) => JSON.parse(data) as RpcMessage)
      : [JSON.parse(text) as RpcMessage]
    const response = messages.find(isResponse)
    if (response === undefined) throw new Error(`${method}: no response (${how}, ${status}): ${text}`)
    return { status, headers, messages, response, text }
  }

  /** Sends a request and returns with the head of the answer. */
  open(method: string, params: object = {}, options: ModernRequestOptions = {}): Promise<EventStream> {
    const { id = ++this.#lastId, headers = {}, signal } = options
    const { port, path = '/mcp', headers: always = {} } = this.#options
    const own = params as { name?: unknown; uri?: unknown }
    const name =
      method === 'resources/read'
        ? own.uri
        : /^(tools\/call|prompts\/get)$/.test(method)
          ? own.name
          : undefined
    return openStream({
      port,
      path,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': MODERN_REVISION,
        'mcp-method': method,
        ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
        ...always,
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: this.#meta(options) } }),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  #meta({ capabilities, logLevel, progressToken, meta }: ModernRequestOptions): Record<string, unknown> {
    const { name = 'modern-client' } = this.#options
    return {
      [`${PREFIX}protocolVersion`]: MODERN_REVISION,
      [`${PREFIX}clientInfo`]: { name, version: '1' },
      [`${PREFIX}clientCapabilities`]: capabilities ?? this.#options.capabilities ?? {},
      ...(logLevel === undefined ? {} : { [`${PREFIX}logLevel`]: logLevel }),
      ...(progressToken === undefined ? {} : { progressToken }),
      ...meta,
    }
  }
}
