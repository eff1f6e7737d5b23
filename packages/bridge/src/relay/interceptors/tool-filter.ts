// relay/interceptors/tool-filter: which tools a client sees and calls, and how their list is written.
import type { ToolFilter } from '../../access/caller.ts'
import { BridgeError, toBridgeError } from '../../errors.ts'
import { isName, namesOf } from '../../globs.ts'
import { excerpt } from '../../visible.ts'
import {
  contentOf,
  exactContentOf,
  listOf,
  MAX_CONTENT_BYTES,
  recordOf,
  type Members,
} from '../../rpc/content.ts'
import { errorFor } from '../../rpc/factory.ts'
import { Message } from '../../rpc/message.ts'
import { readPages } from '../../rpc/pages.ts'
import type { Call } from '../call.ts'
import type { Port } from '../connection.ts'
import type { Route } from '../route.ts'
import { onAnswer, type Sink } from '../sink.ts'

export type { ToolFilter }

export interface ToolRules {
  filters: readonly ToolFilter[]
  /** For clients that read the first page only, and fail on results that break an `outputSchema`. */
  isPlain: boolean
  /** How long the child may take to say which tools it has. */
  timeoutMs: number
}

interface Tool extends Members {
  readonly name: string
}

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
    if (this.#judgesCalls && !message.method.startsWith('notifications/')) return
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
      if (answer.byteLength > MAX_CONTENT_BYTES) throw tooLarge(answer.byteLength)
      const whole = without(exactContentOf(answer), 'error')
      const page = recordOf(whole['result'])
      const finish = (result: Members) =>
        sink.answer(respond(call.clientId, { ...whole, result: this.#written(result) }))
      if (!this.#rules.isPlain || page['nextCursor'] === undefined) return finish(page)
      const result = without(page, 'nextCursor')
      this.#tools(port, page)
        // What is there is better than nothing.
        .then(
          (tools) => finish({ ...result, tools }),
          () => finish(result),
        )
        .catch((error: unknown) => sink.answer(errorFor(call.clientId, toBridgeError(error))))
    })
    this.#route.send(call, message)
  }

  #call(call: Call, message: Message): void {
    // Whatever its length: the body is within its own limit, and is not let through unread.
    const { name } = recordOf(contentOf(message, Infinity)['params'])
    if (typeof name !== 'string') throw new BridgeError('request_invalid', 'the name of a tool is a string')
    if (!this.#isNamed(name)) return refuse(call, name)
    if (!this.#needsReadOnly) return this.#route.send(call, message)
    this.#harmless ??= this.#tools(call.port).then(
      (tools) => new Set(tools.filter(isHarmless).map((tool) => tool.name)),
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
      call.port.settleWith(call, toBridgeError(error))
    }
  }

  #written(result: Members): Members {
    const tools = toolsIn(listOf(result['tools'])).filter(
      (tool) => this.#isNamed(tool.name) && (!this.#needsReadOnly || isHarmless(tool)),
    )
    return {
      ...result,
      tools: this.#rules.isPlain ? tools.map((tool) => without(tool, 'outputSchema')) : tools,
    }
  }

  /** All tools of the child, on however many pages; `first` is the page that is there already. */
  async #tools(port: Port, first?: Members): Promise<Tool[]> {
    return toolsIn(await readPages('tools', (params) => this.#ask(port, params), first))
  }

  #ask(port: Port, params: object): Promise<Members> {
    return new Promise((resolve, reject) => {
      const sink: Sink = {
        isOpen: false,
        isStanding: false,
        relate: () => {},
        answer: (message) => {
          if (message.envelope.hasResult) resolve(recordOf(exactContentOf(message)['result']))
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

function tooLarge(bytes: number): BridgeError {
  const text = `the list of tools is ${bytes} bytes long: too large to be looked into`
  return new BridgeError('frame_too_large', text)
}

/** As servers answer a call of a tool that they do not have. */
function refuse(call: Call, name: string): void {
  call.port.settleWith(call, new BridgeError('tool_unknown', `Unknown tool: ${excerpt(name)}`))
}

function respond(id: string, value: object): Message {
  const message = Message.from({ ...value, id: 0 })
  return message.rewrite([[message.envelope.id, id]])
}

/** What is no object, or has no name, is no tool: nobody can call it, and some clients fail on the whole list. */
function toolsIn(items: readonly unknown[]): Tool[] {
  return items.map(recordOf).filter((each): each is Tool => typeof each['name'] === 'string')
}

function isHarmless(tool: Tool): boolean {
  return recordOf(tool['annotations'])['readOnlyHint'] === true
}

function without(value: Members, key: string): Members {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
}
