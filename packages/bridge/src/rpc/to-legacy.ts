// rpc/to-legacy: what a server of 2026-07-28 says, as clients of before read it.
import { listOf, recordOf, type Members } from './content.ts'
import { Message } from './message.ts'
import { isRecord, SERVER_KEY } from './modern.ts'
import { SUBSCRIPTION_KEY } from './revisions.ts'

/** Larger results are looked into only if they may be a question. */
const MAX_READ_BYTES = 64 * 1024
const INPUT_REQUIRED = 'input_required'

/** What a result asks of the client, by key. */
export interface InputRequired {
  inputRequests: Members
  requestState: unknown
}

/** Undefined for any other response. */
export function inputRequiredIn(message: Message): InputRequired | undefined {
  if (!message.envelope.hasResult || !mayAsk(message)) return undefined
  const { resultType, inputRequests, requestState } = recordOf(recordOf(message.exactJson())['result'])
  return resultType === INPUT_REQUIRED ? { inputRequests: recordOf(inputRequests), requestState } : undefined
}

function mayAsk(message: Message): boolean {
  if (message.byteLength <= MAX_READ_BYTES) return true
  const encoded = message.encode('', '')
  return typeof encoded === 'string'
    ? encoded.includes(INPUT_REQUIRED)
    : Buffer.concat(encoded).includes(INPUT_REQUIRED)
}

const INVALID_PARAMS = -32602
const RESOURCE_NOT_FOUND = -32002
const INTERNAL = -32603

/** Without what only clients of 2026-07-28 know; what they alone may be given is wrapped. */
export function legacyResponse(message: Message, method: string): Message {
  const { hasError, hasResult } = message.envelope
  if (message.failure !== undefined) return message
  if (hasError) return withLegacyCode(message, method)
  if (!hasResult || (message.byteLength > MAX_READ_BYTES && method !== 'tools/list')) return message
  const whole = recordOf(message.exactJson())
  if (!isRecord(whole['result'])) return message
  const { resultType: _1, ttlMs: _2, cacheScope: _3, _meta: meta, ...result } = whole['result']
  const { [SERVER_KEY]: _4, ...left } = recordOf(meta)
  const _meta = Object.keys(left).length > 0 ? { _meta: left } : {}
  return Message.from({ ...whole, result: { ...result, ..._meta, ...wrapped(result, method) } })
}

/** A client of before takes only objects as structured content, and only schemas of objects. */
function wrapped(result: Members, method: string): Members {
  const { structuredContent, tools } = result
  if (method === 'tools/list') return { tools: listOf(tools).map(withObjectSchema) }
  if (structuredContent === undefined || isRecord(structuredContent)) return {}
  return { structuredContent: { result: structuredContent } }
}

function withObjectSchema(tool: unknown): unknown {
  if (!isRecord(tool)) return tool
  const { outputSchema } = tool
  if (outputSchema === undefined || recordOf(outputSchema)['type'] === 'object') return tool
  const wrapper = { type: 'object', properties: { result: outputSchema }, required: ['result'] }
  return { ...tool, outputSchema: wrapper }
}

/** Codes of headers and envelopes are the bridge's affair: its client has sent neither. */
function withLegacyCode(message: Message, method: string): Message {
  if (message.byteLength > MAX_READ_BYTES) return message
  const whole = recordOf(message.exactJson())
  const error = recordOf(whole['error'])
  const code = Number(error['code'])
  const isNotFound =
    code === INVALID_PARAMS && method === 'resources/read' && recordOf(error['data'])['uri'] !== undefined
  const changed = isNotFound ? RESOURCE_NOT_FOUND : code <= -32020 && code >= -32022 ? INTERNAL : code
  return changed === code ? message : Message.from({ ...whole, error: { ...error, code: changed } })
}

/** A notification without the mark of who listens. */
export function withoutSubscription(message: Message): Message {
  const { params, ...rest } = recordOf(message.exactJson())
  const { _meta: meta, ...others } = recordOf(params)
  const { [SUBSCRIPTION_KEY]: _mark, ...left } = recordOf(meta)
  const kept = { ...others, ...(Object.keys(left).length > 0 ? { _meta: left } : {}) }
  return Message.from(Object.keys(kept).length > 0 ? { ...rest, params: kept } : rest)
}
