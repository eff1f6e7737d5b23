// rpc/to-legacy: what a server of 2026-07-28 says, as clients of before read it.
import { exactContentOf, isRecord, listOf, numberOf, recordOf, type Members } from './content.ts'
import { without, type Edit, type Member } from './members.ts'
import { Message } from './message.ts'
import { SERVER_KEY } from './modern.ts'
import { SUBSCRIPTION_KEY } from './revisions.ts'

const INPUT_REQUIRED = 'input_required'
/** Its word in any spelling. */
const MAX_WORD_BYTES = 200

/** What a result asks of the client, by key. */
export interface InputRequired {
  inputRequests: Members
  requestState: unknown
}

/**
 * Undefined for any other response.
 *
 * @throws BridgeError `answer_unreadable`
 */
export function inputRequiredIn(message: Message): InputRequired | undefined {
  if (!message.resultMembers.some((member) => isQuestion(message, member))) return undefined
  const { resultType, inputRequests, requestState } = recordOf(recordOf(message.exactJson())['result'])
  return resultType === INPUT_REQUIRED ? { inputRequests: recordOf(inputRequests), requestState } : undefined
}

function isQuestion(message: Message, { key, valueAt, first, end }: Member): boolean {
  if (key !== 'resultType' || first !== 0x22 || end - valueAt > MAX_WORD_BYTES) return false
  return JSON.parse(message.textAt({ start: valueAt, end })) === INPUT_REQUIRED
}

const INVALID_PARAMS = -32602
const RESOURCE_NOT_FOUND = -32002
const INTERNAL = -32603

/** Of a result: what only clients of 2026-07-28 know. */
const NEW = new Set(['resultType', 'ttlMs', 'cacheScope'])
const BRACE = 0x7b

/**
 * Without what only clients of 2026-07-28 know; what they alone may be given is wrapped. Of a large result no more is read
 * than where its members stand.
 *
 * @throws BridgeError `answer_unreadable`
 */
export function legacyResponse(given: Message, method: string): Message {
  if (given.failure !== undefined) return given
  if (given.envelope.hasError) return withLegacyCode(given, method)
  const message = method === 'tools/list' ? withObjectSchemas(given) : given
  const members = message.resultMembers
  const meta = members.find(({ key }) => key === '_meta')
  const inMeta = meta?.first === BRACE ? message.membersAt(meta.valueAt) : []
  const isMetaGone = inMeta.every(namesServer)
  return message.edited([
    ...without(members, (member) => NEW.has(member.key) || (member === meta && isMetaGone)),
    ...(isMetaGone ? [] : without(inMeta, namesServer)),
    ...members.flatMap(wrapped),
  ])
}

function namesServer({ key }: Member): boolean {
  return key === SERVER_KEY
}

/** A client of before takes only objects as structured content. */
function wrapped({ key, valueAt, first, end }: Member): Edit[] {
  if (key !== 'structuredContent' || first === BRACE) return []
  return [
    { start: valueAt, end: valueAt, text: '{"result":' },
    { start: end, end, text: '}' },
  ]
}

/** And only schemas of objects. */
function withObjectSchemas(message: Message): Message {
  const whole = exactContentOf(message)
  const result = recordOf(whole['result'])
  const tools = listOf(result['tools'])
  if (!tools.some(needsWrapper)) return message
  return Message.from({ ...whole, result: { ...result, tools: tools.map(withObjectSchema) } })
}

function needsWrapper(tool: unknown): tool is Members {
  if (!isRecord(tool)) return false
  const { outputSchema } = tool
  return outputSchema !== undefined && recordOf(outputSchema)['type'] !== 'object'
}

function withObjectSchema(tool: unknown): unknown {
  if (!needsWrapper(tool)) return tool
  const { outputSchema } = tool
  const wrapper = { type: 'object', properties: { result: outputSchema }, required: ['result'] }
  return { ...tool, outputSchema: wrapper }
}

/** Codes of headers and envelopes are the bridge's affair: its client has sent neither. */
function withLegacyCode(message: Message, method: string): Message {
  const whole = exactContentOf(message)
  const error = recordOf(whole['error'])
  const code = numberOf(error['code'])
  const isNotFound =
    code === INVALID_PARAMS && method === 'resources/read' && recordOf(error['data'])['uri'] !== undefined
  const changed = isNotFound ? RESOURCE_NOT_FOUND : code <= -32020 && code >= -32022 ? INTERNAL : code
  return Object.is(changed, code) ? message : Message.from({ ...whole, error: { ...error, code: changed } })
}

/** A notification without the mark of who listens. */
export function withoutSubscription(message: Message): Message {
  const { params, ...rest } = recordOf(message.exactJson())
  const { _meta: meta, ...others } = recordOf(params)
  const { [SUBSCRIPTION_KEY]: _mark, ...left } = recordOf(meta)
  const kept = { ...others, ...(Object.keys(left).length > 0 ? { _meta: left } : {}) }
  return Message.from(Object.keys(kept).length > 0 ? { ...rest, params: kept } : rest)
}
