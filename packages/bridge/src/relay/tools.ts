// relay/tools: which tools a client sees and calls, and how their list is written.
import { BridgeError } from '../errors.ts'
import { isName, namesOf } from '../globs.ts'
import { excerpt } from '../foreign.ts'
import { Message } from '../message/message.ts'
import type { Call } from './call.ts'
import type { Port } from './port.ts'
import type { Route } from './route.ts'
import { onAnswer, type Sink } from './sink.ts'

/** What one party admits; a tool must be admitted by each. */
export interface ToolFilter {
  /** Globs (see globs.ts); none admits all. */
  toolsAllow: readonly string[]
  toolsDeny: readonly string[]
  /** Only tools annotated with `readOnlyHint`. */
  readOnly: boolean
}

export interface ToolRules {
  filters: readonly ToolFilter[]
  /** For clients that read the first page only, and fail on results that break an `outputSchema`. */
  isPlain: boolean
  /** How long the child may take to say which tools it has. */
  timeoutMs: number
}

type Tool = Record<string, unknown> & { name?: unknown; annotations?: { readOnlyHint?: unknown } }

/** A list of more pages than this is taken for one that never ends. */
const MAX_PAGES = 100

/** Whether these rules change anything. */
export function areRules({ filters, isPlain }: ToolRules): boolean {
  return (
    isPlain ||
    filters.some((each) => each.readOnly || each.toolsAllow.length > 0 || each.toolsDeny.length > 0)
  )
}

/** Which names all of them admit; what no tool can be called they do not, so that no list of what is denied has to name it. */
function nameFilter(filters: readonly ToolFilter[]): (name: string) => boolean {
  const lists = filters.flatMap(({ toolsAllow, toolsDeny }) => [
    ...(toolsAllow.length === 0 ? [] : [namesOf(toolsAllow)]),
    ...(toolsDeny.length === 0 ? [] : [not(namesOf(toolsDeny))]),
  ])
  if (lists.length === 0) return () => true
  return (name) => isName(name) && lists.every((admits) => admits(name))
}

function not(means: (name: string) => boolean): (name: string) => boolean {
  return (name) => !means(name)
}

/**
 * A route that lets only the admitted tools through, in lists and in calls. A call of any other is answered as a server
 * answers that has no such tool.
 */
export class ToolRoute implements Route {
  readonly #route: Route
  readonly #rules: ToolRules
  readonly #isNamed: (name: string) => boolean
  readonly #needsReadOnly: boolean
  readonly #judgesCalls: boolean
  /** Requests of our own on the client's port. */
  readonly #own = new WeakSet<Sink>()
  /** Names of the tools that say they change nothing; undefined when the list is not known (any more). */
  #harmless: Promise<ReadonlySet<string>> | undefined

  constructor(route: Route, rules: ToolRules) {
    this.#route = route
    this.#rules = rules
    this.#needsReadOnly = rules.filters.some(({ readOnly }) => readOnly)
    this.#judgesCalls = areRules({ ...rules, isPlain: false })
    this.#isNamed = nameFilter(rules.filters)
  }

  send(call: Call, message: Message): void {
    if (this.#own.has(call.sink)) return this.#route.send(call, message)
    if (this.#judgesCalls && isAmbiguous(message)) {
      throw new BridgeError('request_invalid', 'method, params and name are written in small letters')
    }
    if (message.method === 'tools/list') this.#list(call, message)
    else if (message.method === 'tools/call' && this.#judgesCalls) this.#call(call, message)
    else this.#route.send(call, message)
  }

  withdraw(call: Call, cancel: ((number: number) => Message) | undefined): void {
    this.#route.withdraw(call, cancel)
  }

  settled(call: Call): void {
    this.#route.settled?.(call)
  }

  notify(message: Message): void {
    // A call without an id is one that some tools obey all the same.
    if (this.#judgesCalls && (!message.method.startsWith('notifications/') || isAmbiguous(message))) return
    this.#route.notify(message)
  }

  unplug(port: Port): void {
    this.#route.unplug(port)
  }

  /** The child's tools have changed. */
  forget(): void {
    this.#harmless = undefined
  }

  #list(call: Call, message: Message): void {
    const { sink, port } = call
    call.sink = onAnswer(sink, (answer) => {
      if (!answer.envelope.hasResult) return sink.answer(answer)
      const whole = answer.json() as { result: Page }
      const finish = (result: Page) =>
        sink.answer(respond(call.clientId, { ...whole, result: this.#written(result) }))
      const { nextCursor } = whole.result
      if (!this.#rules.isPlain || nextCursor === undefined) return finish(whole.result)
      this.#pages(port, nextCursor).then(
        (tools) =>
          finish({ ...without(whole.result, 'nextCursor'), tools: [...toolsOf(whole.result), ...tools] }),
        // What is there is better than nothing.
        () => finish(without(whole.result, 'nextCursor')),
      )
    })
    this.#route.send(call, message)
  }

  #call(call: Call, message: Message): void {
    const { params } = message.json() as { params?: { name?: unknown } }
    const name = String(params?.name)
    if (!this.#isNamed(name)) return refuse(call, name)
    if (!this.#needsReadOnly) return this.#route.send(call, message)
    this.#harmless ??= this.#pages(call.port, undefined).then(
      (tools) => new Set(tools.filter(isHarmless).map(nameOf)),
    )
    this.#harmless.then(
      (names) => {
        if (!call.port.awaits(call)) return
        if (names.has(name)) this.#sendLate(call, message)
        else refuse(call, name)
      },
      () => {
        this.#harmless = undefined
        if (call.port.awaits(call)) refuse(call, name)
      },
    )
  }

  #sendLate(call: Call, message: Message): void {
    try {
      this.#route.send(call, message)
    } catch (error) {
      call.port.settleWith(call, error as BridgeError)
    }
  }

  #written(result: Page): Page {
    const tools = toolsOf(result).filter(
      (tool) => this.#isNamed(nameOf(tool)) && (!this.#needsReadOnly || isHarmless(tool)),
    )
    return {
      ...result,
      tools: this.#rules.isPlain ? tools.map((tool) => without(tool, 'outputSchema')) : tools,
    }
  }

  /** All tools from a page on. */
  async #pages(port: Port, from: unknown): Promise<Tool[]> {
    const tools: Tool[] = []
    let cursor = from
    for (let page = 0; page < MAX_PAGES; page++) {
      const result = await this.#ask(port, cursor === undefined ? {} : { cursor })
      tools.push(...toolsOf(result))
      cursor = result.nextCursor
      if (cursor === undefined) break
    }
    return tools
  }

  #ask(port: Port, params: object): Promise<Page> {
    return new Promise((resolve, reject) => {
      const sink: Sink = {
        isOpen: false,
        isStanding: false,
        relate: () => {},
        answer: (message) => {
          if (message.envelope.hasResult) resolve((message.json() as { result: Page }).result)
          else reject(new BridgeError('child_not_mcp', 'the tool did not say which tools it has'))
        },
      }
      this.#own.add(sink)
      port.request(
        Message.from({ jsonrpc: '2.0', id: 0, method: 'tools/list', params }),
        sink,
        this.#rules.timeoutMs,
      )
    })
  }
}

interface Page {
  tools?: unknown
  nextCursor?: unknown
}

/** As servers answer a call of a tool that they do not have. */
function refuse(call: Call, name: string): void {
  call.port.settleWith(call, new BridgeError('tool_unknown', `Unknown tool: ${excerpt(name)}`))
}

/**
 * Tools in Go take `Name` for `name`, and the last of both: what they call would not be what was judged. To them a long
 * s is an s, too.
 */
function isAmbiguous(message: Message): boolean {
  const whole = message.json() as { params?: unknown }
  return (
    hasAlmost(whole, ['method', 'params']) ||
    (message.method === 'tools/call' && hasAlmost(whole.params, ['name']))
  )
}

function hasAlmost(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.keys(value).some(
    (key) => !names.includes(key) && names.includes(key.toUpperCase().toLowerCase()),
  )
}

function respond(id: string, value: object): Message {
  const message = Message.from({ ...value, id: 0 })
  return message.rewrite([[message.envelope.id, id]])
}

function toolsOf({ tools }: Page): Tool[] {
  return Array.isArray(tools) ? (tools as Tool[]) : []
}

function nameOf({ name }: Tool): string {
  return String(name)
}

function isHarmless({ annotations }: Tool): boolean {
  return annotations?.readOnlyHint === true
}

function without<T extends object>(value: T, key: string): T {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)) as T
}
