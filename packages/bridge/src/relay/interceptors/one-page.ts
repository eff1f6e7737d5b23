// relay/interceptors/one-page: lists on one page, for clients that read the first only.
import { toBridgeError } from '../../errors.ts'
import { MAX_CONTENT_BYTES, recordOf, type Members } from '../../rpc/content.ts'
import type { Message } from '../../rpc/message.ts'
import { readPages } from '../../rpc/pages.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { fail, logInternal } from '../call.ts'
import { ChildClient } from '../client.ts'
import type { Call, Interceptor } from '../dispatch.ts'
import { intercept, onResponse } from '../intercept.ts'
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
  return (next) => {
    /** Lists of which the further pages are being read. */
    const reading = new Map<Call, ChildClient>()
    return intercept(next, {
      request: (call, message, handler) => {
        const member = LISTS[call.method]
        if (member === undefined) return next.request(call, message, handler)
        const joined = onResponse(handler, (response) => {
          const whole = nextPageOf(response)
          if (whole === undefined) return handler.onResponse(response, call)
          const asks = new ChildClient(next)
          reading.set(call, asks)
          read(call, member, whole, (params) => asks.request(call.method, params, timeoutMs))
            .finally(() => reading.delete(call))
            // With its cursor: whoever reads on finds out what is wrong.
            .then((page) => handler.onResponse(page ?? response, call))
            .catch((thrown: unknown) => {
              const error = toBridgeError(thrown)
              logInternal(error, call, log)
              fail(call, handler, error)
            })
        })
        next.request(call, message, joined)
      },
      cancel: (call, cancellation) => {
        const asks = reading.get(call)
        if (asks === undefined) next.cancel(call, cancellation)
        else asks.close()
      },
      close: () => {
        for (const asks of reading.values()) asks.close()
        next.close()
      },
    })
  }
}

type Ask = Parameters<typeof readPages>[1]

/** All of it on one page; undefined if a page cannot be had. */
async function read(call: Call, member: string, whole: Members, ask: Ask): Promise<Message | undefined> {
  const first = recordOf(whole['result'])
  const { nextCursor: _cursor, ...result } = first
  try {
    return responseTo(call, {
      ...whole,
      result: { ...result, [member]: await readPages(member, ask, first) },
    })
  } catch {
    return undefined
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
