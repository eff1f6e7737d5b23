// relay/interceptors/one-page: lists on one page, for clients that read the first only.
import { toBridgeError, type BridgeError } from '../../errors.ts'
import { MAX_CONTENT_BYTES, recordOf, type Members } from '../../rpc/content.ts'
import type { Message } from '../../rpc/message.ts'
import { readPages } from '../../rpc/pages.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { fail, logInternal } from '../call.ts'
import { ChildClient } from '../client.ts'
import type { Call, Dispatcher, Interceptor, Listener, ResponseHandler } from '../dispatch.ts'
import { onResponse } from '../intercept.ts'
import { responseTo } from './tool-lists.ts'

/** The member of the result that is the list, by method. */
const LISTS: Readonly<Record<string, string>> = {
  'tools/list': 'tools',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
  'prompts/list': 'prompts',
}

/** @param timeoutMs how long the child may take for each further page */
export function onePage(timeoutMs: number, log: Logger): Interceptor {
  return (next) => new OnePage(next, timeoutMs, log)
}

class OnePage implements Dispatcher {
  readonly #next: Dispatcher
  readonly #timeoutMs: number
  readonly #log: Logger
  /** Lists of which the further pages are being read. */
  readonly #reading = new Map<Call, ChildClient>()

  constructor(next: Dispatcher, timeoutMs: number, log: Logger) {
    this.#next = next
    this.#timeoutMs = timeoutMs
    this.#log = log
  }

  request(call: Call, message: Message, handler: ResponseHandler): void {
    const member = LISTS[call.method]
    if (member === undefined) return this.#next.request(call, message, handler)
    const joined = onResponse(handler, (response) => {
      const whole = nextPageOf(response)
      if (whole === undefined) return handler.onResponse(response, call)
      this.#read(call, member, whole)
        // With its cursor: whoever reads on finds out what is wrong.
        .then((page) => handler.onResponse(page ?? response, call))
        .catch((error: unknown) => this.#fail(call, handler, toBridgeError(error)))
    })
    this.#next.request(call, message, joined)
  }

  cancel(call: Call, cancellation?: (number: number) => Message): void {
    const reading = this.#reading.get(call)
    if (reading === undefined) this.#next.cancel(call, cancellation)
    else reading.close()
  }

  notify(message: Message): void {
    this.#next.notify(message)
  }

  listen(listener: Listener): void {
    this.#next.listen(listener)
  }

  close(): void {
    for (const client of this.#reading.values()) client.close()
    this.#next.close()
  }

  /** All of it on one page; undefined if a page cannot be had. */
  async #read(call: Call, member: string, whole: Members): Promise<Message | undefined> {
    const first = recordOf(whole['result'])
    const { nextCursor: _cursor, ...result } = first
    const client = new ChildClient(this.#next)
    this.#reading.set(call, client)
    try {
      const ask = (params: object) => client.request(call.method, params, this.#timeoutMs)
      const items = await readPages(member, ask, first)
      return responseTo(call, { ...whole, result: { ...result, [member]: items } })
    } catch {
      return undefined
    } finally {
      this.#reading.delete(call)
    }
  }

  #fail(call: Call, handler: ResponseHandler, error: BridgeError): void {
    logInternal(error, call, this.#log)
    fail(call, handler, error)
  }
}

/** The whole response, if there is more to come; a last page goes on byte for byte, and so does one that nobody looks into. */
function nextPageOf(response: Message): Members | undefined {
  const { hasResult } = response.envelope
  if (!hasResult || response.byteLength > MAX_CONTENT_BYTES || !response.holds(CURSOR, CAPITAL_C))
    return undefined
  const { error: _null, ...whole } = recordOf(response.exactJson())
  return recordOf(whole['result'])['nextCursor'] === undefined ? undefined : whole
}

const CURSOR = Buffer.from('"nextCursor"')
const CAPITAL_C = 0x43
