// relay/interceptors/locked-tools: lets only tools through that are as they were accepted, or tells of those that are not.
import { monotonicMs } from '../../clock.ts'
import { BridgeError, toBridgeError } from '../../errors.ts'
import { isTool, type Tool } from '../../lock/definition.ts'
import type { ToolLock } from '../../lock/tool-lock.ts'
import { contentOf, exactContentOf, listOf, MAX_CONTENT_BYTES, recordOf } from '../../rpc/content.ts'
import type { Message } from '../../rpc/message.ts'
import { hasRepeated } from '../../rpc/repeated.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { excerpt } from '../../visible.ts'
import { fail } from '../call.ts'
import type { Call, Dispatcher, Interceptor, ResponseHandler } from '../dispatch.ts'
import { onResponse } from '../intercept.ts'
import { ToolJudge } from './tool-judge.ts'
import { isBeyondDoubt, refuseUnknown, responseTo, tooLarge, withTools } from './tool-lists.ts'

/** A tool that changes and says nothing of it is found out before a call after so long. */
const FRESH_MS = 60_000

/** @param timeoutMs how long the child may take to say which tools it has */
export function lockedTools(lock: ToolLock, timeoutMs: number, log: Logger): Interceptor {
  return (next) => new LockedTools(next, lock, timeoutMs, log)
}

class LockedTools extends ToolJudge {
  protected override readonly judgesCalls: boolean
  readonly #lock: ToolLock
  readonly #timeoutMs: number
  /** What this child said of each tool; undefined when that is not known (any more). */
  #seen: Promise<Seen> | undefined
  #seenAt = 0

  constructor(next: Dispatcher, lock: ToolLock, timeoutMs: number, log: Logger) {
    super(next, log)
    this.#lock = lock
    this.#timeoutMs = timeoutMs
    this.judgesCalls = lock.mode === 'refuse'
  }

  protected override forget(): void {
    this.#seen = undefined
  }

  /** A page on which all is as accepted goes on byte for byte, unless some client might read it otherwise. */
  protected override list(call: Call, message: Message, handler: ResponseHandler): void {
    const judged = onResponse(handler, (response) => {
      if (!response.envelope.hasResult) return handler.onResponse(response, call)
      if (response.byteLength > MAX_CONTENT_BYTES) {
        if (this.judgesCalls) throw tooLarge(response.byteLength)
        return handler.onResponse(response, call)
      }
      const whole = recordOf(this.judgesCalls ? response.exactJson() : exactContentOf(response))
      const page = recordOf(whole['result'])
      const items = listOf(page['tools'])
      const admitted = items.filter((item) => this.#admits(item))
      const isAll = admitted.length === items.length
      if (!this.judgesCalls || (isAll && isBeyondDoubt(page) && !isTwofold(response, whole)))
        return handler.onResponse(response, call)
      // What was known may be of a time before.
      if (!isAll) this.#seen = undefined
      handler.onResponse(responseTo(call, { jsonrpc: '2.0', result: withTools(page, admitted) }), call)
    })
    this.next.request(call, message, judged)
  }

  /** What is no tool cannot be called, but what it holds is read all the same. */
  #admits(item: unknown): boolean {
    return isTool(item) && this.#lock.admits(item)
  }

  protected override call(call: Call, message: Message, handler: ResponseHandler): void {
    // Whatever its length: the body is within its own limit, and is not let through unread.
    const { name } = recordOf(contentOf(message, Infinity)['params'])
    if (typeof name !== 'string') throw new BridgeError('request_invalid', 'the name of a tool is a string')
    if (!this.#lock.knows(name)) return refuseUnknown(call, handler, name)
    if (monotonicMs() - this.#seenAt > FRESH_MS) this.#seen = undefined
    const seen = (this.#seen ??= this.#look())
    this.held.add(call)
    seen.then(
      (known) => {
        if (this.held.delete(call)) this.#judged(known, name, call, message, handler)
      },
      (thrown: unknown) => {
        if (this.#seen === seen) this.#seen = undefined
        if (this.held.delete(call)) this.fail(call, handler, toBridgeError(thrown))
      },
    )
  }

  async #look(): Promise<Seen> {
    this.#seenAt = monotonicMs()
    const items = await this.client.list('tools', this.#timeoutMs)
    const seen = seenOf(items.filter(isTool))
    this.#lock.compare([...seen.values()].flat())
    return seen
  }

  #judged(seen: Seen, name: string, call: Call, message: Message, handler: ResponseHandler): void {
    const tools = seen.get(name)
    if (tools === undefined) return refuseUnknown(call, handler, name)
    if (!tools.every((tool) => this.#lock.admits(tool))) return fail(call, handler, changed(name))
    this.letThrough(call, message, handler)
  }
}

/** By name: a name that is there twice has to be as accepted twice. */
type Seen = ReadonlyMap<string, readonly Tool[]>

function seenOf(tools: readonly Tool[]): Seen {
  return Map.groupBy(tools, ({ name }) => name)
}

/** What was judged is not what every client would read. */
function isTwofold(response: Message, whole: unknown): boolean {
  return response.envelope.doubted.length > 0 || hasRepeated(response, whole)
}

function changed(name: string): BridgeError {
  return new BridgeError(
    'tool_changed',
    `${excerpt(name)} says something else of itself than when it was accepted`,
    {
      hint: 'the operator sees the difference with mcp-bridge tools diff, and takes it with mcp-bridge tools accept',
    },
  )
}
