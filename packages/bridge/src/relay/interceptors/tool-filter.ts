// relay/interceptors/tool-filter: which tools a client sees and calls, and how their list is written.
import { BridgeError, toBridgeError } from '../../errors.ts'
import { isName, namesOf } from '../../globs.ts'
import type { ToolLock } from '../../lock/tool-lock.ts'
import { contentOf, listOf, MAX_CONTENT_BYTES, recordOf, type Members } from '../../rpc/content.ts'
import type { Message } from '../../rpc/message.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { Call, Dispatcher, Interceptor, ResponseHandler } from '../dispatch.ts'
import { onResponse } from '../intercept.ts'
import { ToolJudge } from './tool-judge.ts'
import { refuseUnknown, responseTo, tooLarge, withTools } from './tool-lists.ts'

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
  /** For clients that fail on results that break an `outputSchema`. */
  isPlain: boolean
  /** For clients that read the first page only. */
  isOnePage: boolean
  /** What the tools were when somebody accepted them; the same for all clients. */
  lock?: ToolLock | undefined
  /** How long the child may take to say which tools it has. */
  timeoutMs: number
}

interface Tool extends Members {
  readonly name: string
}

/** Whether these rules change anything. */
export function areRules({ filters, isPlain }: Pick<ToolRules, 'filters' | 'isPlain'>): boolean {
  return isPlain || filters.some(narrows)
}

/** One that admits all is as good as none. */
export function narrows({ toolsAllow, toolsDeny, readOnly }: ToolFilter): boolean {
  return readOnly || toolsAllow.length > 0 || toolsDeny.length > 0
}

/** Which names all of them admit. A string that cannot be the name of a tool is admitted by no list. */
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

/** Lets only the admitted tools through, in lists and in calls; writes the lists for clients that fail on some. */
export function toolFilter(rules: ToolRules, log: Logger): Interceptor {
  return (next) => new FilteredTools(next, rules, log)
}

class FilteredTools extends ToolJudge {
  protected override readonly judgesCalls: boolean
  readonly #rules: ToolRules
  readonly #isNamed: (name: string) => boolean
  readonly #needsReadOnly: boolean
  /** Names of the tools that say they change nothing; undefined when the list is not known (any more). */
  #harmless: Promise<ReadonlySet<string>> | undefined

  constructor(next: Dispatcher, rules: ToolRules, log: Logger) {
    super(next, log)
    this.#rules = rules
    this.#needsReadOnly = rules.filters.some(({ readOnly }) => readOnly)
    this.#isNamed = nameFilter(rules.filters)
    this.judgesCalls = areRules({ ...rules, isPlain: false })
  }

  protected override forget(): void {
    this.#harmless = undefined
  }

  protected override list(call: Call, message: Message, handler: ResponseHandler): void {
    const filtered = onResponse(handler, (response) => {
      if (!response.envelope.hasResult) return handler.onResponse(response, call)
      if (response.byteLength > MAX_CONTENT_BYTES) throw tooLarge(response.byteLength)
      const whole = without(recordOf(response.exactJson()), 'error')
      const page = recordOf(whole['result'])
      handler.onResponse(responseTo(call, { ...whole, result: this.#written(page) }), call)
    })
    this.next.request(call, message, filtered)
  }

  protected override call(call: Call, message: Message, handler: ResponseHandler): void {
    // Whatever its length: the body is within its own limit, and is not let through unread.
    const { name } = recordOf(contentOf(message, Infinity)['params'])
    if (typeof name !== 'string') throw new BridgeError('request_invalid', 'the name of a tool is a string')
    if (!this.#isNamed(name)) return refuseUnknown(call, handler, name)
    if (!this.#needsReadOnly) return this.next.request(call, message, handler)
    this.#harmless ??= this.#tools().then(
      (tools) => new Set(tools.filter(isHarmless).map((tool) => tool.name)),
    )
    this.held.add(call)
    this.#harmless.then(
      (names) => {
        if (!this.held.delete(call)) return
        if (names.has(name)) this.letThrough(call, message, handler)
        else refuseUnknown(call, handler, name)
      },
      (thrown: unknown) => {
        this.#harmless = undefined
        if (!this.held.delete(call)) return
        const error = toBridgeError(thrown)
        // A tool that cannot say what it has is one that cannot be called; one that has gone says so itself.
        if (error.code === 'child_not_mcp') refuseUnknown(call, handler, name)
        else this.fail(call, handler, error)
      },
    )
  }

  #written(result: Members): Members {
    const tools = toolsIn(listOf(result['tools'])).filter(
      (tool) => this.#isNamed(tool.name) && (!this.#needsReadOnly || isHarmless(tool)),
    )
    return withTools(result, this.#rules.isPlain ? tools.map((tool) => without(tool, 'outputSchema')) : tools)
  }

  /** All tools of the child, on however many pages. */
  async #tools(): Promise<Tool[]> {
    return toolsIn(await this.client.list('tools', this.#rules.timeoutMs))
  }
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
