// stack/gateway: a client of LiteLLM, 1.77.3 and newer: MCP, REST, responses, keys.
import { ToolkitError } from '../errors.ts'

export interface Answer {
  /** 0: no HTTP answer at all; `text` says why. */
  status: number
  text: string
}

export interface ListedTool {
  name: string
}

/** What LiteLLM knows about a key. */
export interface StoredKey {
  key_alias?: string | null
  models?: string[]
  /** As it was given when the key was made; by others anything. */
  metadata?: Record<string, string | undefined> | null
  created_at?: string
}

/** Newer versions leave the prefix out and name the server beside. */
interface RestTool extends ListedTool {
  mcp_info?: { alias?: string | null } | null
}

interface RestList {
  tools?: RestTool[]
  error?: string | null
  message?: string
}

interface RpcAnswer {
  result?: { tools?: ListedTool[]; content?: Content[] }
  error?: { message?: string }
}

interface Content {
  type: string
  text?: string
}

interface ResponsesAnswer {
  output?: { type: string; content?: { text?: string }[] }[]
}

/** What newer versions say to a key that was granted no server, with the status 200. */
export const NOT_ALLOWED = 'not allowed to access any MCP servers'

/** Long enough for a busy machine; a LiteLLM that hangs never answers. */
const PATIENCE_MS = 90_000

export class Gateway {
  readonly url: string
  readonly #key: string | undefined
  readonly #patienceMs: number

  /** @param key a key of LiteLLM, or its master key; undefined sends none */
  constructor(url: string, key?: string, patienceMs: number = PATIENCE_MS) {
    this.url = url.replace(/\/+$/, '')
    this.#key = key
    this.#patienceMs = patienceMs
  }

  /** The same LiteLLM, with another key. */
  as(key: string | undefined): Gateway {
    return new Gateway(this.url, key, this.#patienceMs)
  }

  /** One HTTP request; never throws. */
  async ask(method: 'GET' | 'POST', path: string, body?: object, headers: Headers = {}): Promise<Answer> {
    try {
      const response = await fetch(this.url + path, {
        method,
        // A redirect is a finding of its own: `/mcp` without its slash is redirected, and some clients do not follow.
        redirect: 'manual',
        signal: AbortSignal.timeout(this.#patienceMs),
        headers: {
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
          ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, text: await response.text() }
    } catch (error) {
      return { status: 0, text: this.#reason(error) }
    }
  }

  /** One JSON-RPC request to `/mcp/`; LiteLLM asks for no `initialize` before it. */
  rpc(method: string, params: object = {}, headers: Headers = {}): Promise<Answer> {
    return this.ask('POST', '/mcp/', { jsonrpc: '2.0', id: 1, method, params }, headers)
  }

  /** Names over `/mcp/`, which every MCP client sees; throws ToolkitError with what was answered instead. */
  async tools(headers: Headers = {}): Promise<string[]> {
    return namesIn(parse<RpcAnswer>(await this.rpc('tools/list', {}, headers)).result?.tools)
  }

  /** Names over REST, with their prefix. LiteLLM calls an empty list a success; throws ToolkitError if the key may use no server. */
  async restTools(): Promise<string[]> {
    const { tools = [], error, message = '' } = parse<RestList>(await this.ask('GET', '/mcp-rest/tools/list'))
    if (typeof error === 'string' && message.includes(NOT_ALLOWED)) throw new ToolkitError(NOT_ALLOWED)
    return namesIn(
      tools.map(({ name, mcp_info: server }) => ({
        name: typeof server?.alias === 'string' ? `${server.alias}-${name}` : name,
      })),
    )
  }

  /** The text a tool answers over `/mcp/`. */
  async call(name: string, args: object, headers: Headers = {}): Promise<string> {
    const { result, error } = parse<RpcAnswer>(
      await this.rpc('tools/call', { name, arguments: args }, headers),
    )
    if (result === undefined) throw new ToolkitError(error?.message ?? 'no result')
    return textOf(result.content)
  }

  /** The text a tool answers over REST. Newer versions want to be told the server too, and give more than the content. */
  async restCall(name: string, args: object): Promise<string> {
    const call = { server_id: name.slice(0, name.indexOf('-')), name, arguments: args }
    const answer = parse<Content[] | { content?: Content[] }>(
      await this.ask('POST', '/mcp-rest/tools/call', call),
    )
    return textOf(Array.isArray(answer) ? answer : answer.content)
  }

  /** Has a model call its tool in one round of `/v1/responses`: what the tool answered, and the types of all items. */
  async responses(model: string): Promise<{ said: string | undefined; items: string[] }> {
    const tools = [
      // With any other value LiteLLM returns the call to us instead of making it.
      { type: 'mcp', server_label: 'litellm', server_url: 'litellm_proxy', require_approval: 'never' },
    ]
    const { output = [] } = parse<ResponsesAnswer>(
      await this.ask('POST', '/v1/responses', { model, input: 'use your tool', tools }),
    )
    const executed = output.find(({ type }) => type === 'tool_execution_results')
    const [first] = JSON.parse(executed?.content?.[0]?.text ?? '[]') as { result?: string }[]
    return { said: first?.result, items: output.map(({ type }) => type) }
  }

  /** Makes a key; throws ToolkitError if LiteLLM has no database or the master key is wrong. */
  async generateKey(settings: object): Promise<string> {
    const { key } = parse<{ key?: string }>(await this.ask('POST', '/key/generate', settings))
    if (key === undefined) throw new ToolkitError('LiteLLM gave no key')
    return key
  }

  /** All keys, without their values. */
  async storedKeys(): Promise<StoredKey[]> {
    const found: StoredKey[] = []
    for (let page = 1, pages = 1; page <= pages; page += 1) {
      const path = `/key/list?return_full_object=true&size=100&page=${page}`
      const answer = parse<{ keys?: StoredKey[]; total_pages?: number }>(await this.ask('GET', path))
      found.push(...(answer.keys ?? []))
      pages = answer.total_pages ?? 1
    }
    return found
  }

  /** By value or by alias; unknown ones are no failure. */
  deleteKeys(keys: { keys: readonly string[] } | { key_aliases: readonly string[] }): Promise<Answer> {
    return this.ask('POST', '/key/delete', keys)
  }

  #reason(error: unknown): string {
    if (!(error instanceof Error)) return String(error)
    if (error.name === 'TimeoutError') return `no answer within ${this.#patienceMs / 1000} s`
    const { cause } = error
    return cause instanceof Error ? cause.message || String((cause as { code?: string }).code) : error.message
  }
}

type Headers = Readonly<Record<string, string>>

/** The JSON of an answer, or of the first event of its stream; throws ToolkitError for every status but 200. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- no schema: the shape of an answer is a fact of this version
export function parse<T>({ status, text }: Answer): T {
  if (status !== 200) throw new ToolkitError(`${status === 0 ? '' : `HTTP ${status}: `}${shortened(text)}`)
  const data = /^data: (.*)$/m.exec(text)?.[1]
  try {
    return JSON.parse(data ?? text) as T
  } catch {
    throw new ToolkitError(`this is no JSON: ${shortened(text)}`)
  }
}

export function shortened(text: string, most = 200): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > most ? `${line.slice(0, most)}…` : line
}

function namesIn(tools: readonly ListedTool[] = []): string[] {
  return tools.map(({ name }) => name).toSorted()
}

function textOf(content: readonly Content[] = []): string {
  return content.map(({ text = '' }) => text).join('\n')
}
