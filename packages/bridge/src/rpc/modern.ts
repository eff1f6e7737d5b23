// rpc/modern: what a request of revision 2026-07-28 says of itself, and what its results have that older ones have not.
import { BridgeError, type ErrorCode } from '../errors.ts'
import { exactContentOf, listOf, recordOf, textOf, type Members } from './content.ts'
import { errorFor } from './factory.ts'
import type { Edit, Member } from './members.ts'
import { Message } from './message.ts'
import { MODERN_REVISION, REVISION_KEY, SUBSCRIPTION_KEY, SUPPORTED_REVISIONS } from './revisions.ts'

const PREFIX = 'io.modelcontextprotocol/'
const CAPABILITIES_KEY = `${PREFIX}clientCapabilities`
const CLIENT_KEY = `${PREFIX}clientInfo`
const LEVEL_KEY = `${PREFIX}logLevel`
export const SERVER_KEY = `${PREFIX}serverInfo`

/** @see https://modelcontextprotocol.io/specification/2026-07-28/basic#_meta */
export interface ModernRequest {
  revision: string
  /** What the client can be asked while this request is worked on, as JSON. */
  capabilities: Members
  clientName: string
  clientVersion: string
  /** The least that is worth a log message; without one there is none. */
  logLevel: string | undefined
  params: Members
}

/**
 * Numbers in it that JavaScript cannot hold are written again as they came.
 *
 * @throws BridgeError `envelope_invalid`
 */
export function readModernRequest(message: Message): ModernRequest {
  const params = recordOf(recordOf(message.exactJson())['params'])
  const meta = recordOf(params['_meta'])
  const revision = meta[REVISION_KEY]
  if (typeof revision !== 'string') throw missing(REVISION_KEY, 'a string')
  const capabilities = meta[CAPABILITIES_KEY]
  if (!isRecord(capabilities)) throw missing(CAPABILITIES_KEY, 'an object')
  const client = recordOf(meta[CLIENT_KEY])
  const level = meta[LEVEL_KEY]
  return {
    revision,
    capabilities,
    clientName: textOf(client['name'], ''),
    clientVersion: textOf(client['version'], ''),
    logLevel: typeof level === 'string' ? level : undefined,
    params,
  }
}

/** What a request says of who sends it. */
export interface Envelope {
  capabilities: Members
  clientInfo: Members
  logLevel?: string | undefined
}

export function envelopeOf({ capabilities, clientInfo, logLevel }: Envelope): Members {
  return {
    [REVISION_KEY]: MODERN_REVISION,
    [CLIENT_KEY]: clientInfo,
    [CAPABILITIES_KEY]: capabilities,
    ...(logLevel === undefined ? {} : { [LEVEL_KEY]: logLevel }),
  }
}

function missing(name: string, what: string): BridgeError {
  return new BridgeError('envelope_invalid', `params._meta["${name}"] is ${what} in each request`, {
    hint: `revision ${MODERN_REVISION} has no session: each request says who asks`,
  })
}

export function isRecord(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Its results say for how long, and for whom, they may be kept. */
const CACHEABLE = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
])

const BRACE = 0x7b

/** What is said in front of a result, and of one that may be kept. */
const OF_RESULT = [{ name: 'resultType', text: memberText('resultType', 'complete') }]
const OF_LIST = [
  ...OF_RESULT,
  { name: 'ttlMs', text: memberText('ttlMs', 0) },
  { name: 'cacheScope', text: memberText('cacheScope', 'private') },
]

/**
 * An older server's response, as one to a modern client: results say that they are complete and who gives them, and that
 * nobody may keep them, which is all that can be said for a server that says nothing. No more is read of a result than
 * where its members stand.
 *
 * @param serverInfo what the server said of itself
 * @param capabilities what the client can be asked
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic#results
 */
export function completed(
  given: Message,
  method: string,
  serverInfo: Members,
  capabilities: Members,
): Message {
  if (!given.envelope.hasResult) return modernError(given, method, serverInfo, capabilities)
  if (given.envelope.resultAt === -1) return given
  const message = method === 'tools/list' ? withoutTasks(given) : given
  const members = message.resultMembers
  const added = CACHEABLE.has(method) ? OF_LIST : OF_RESULT
  const texts = added.filter(({ name }) => !members.some(({ key }) => key === name)).map(({ text }) => text)
  const server = serverText(serverInfo)
  const meta = members.find(({ key }) => key === '_meta')
  if (meta === undefined) texts.push(`"_meta":{${server}}`)
  const front = message.envelope.resultAt + 1
  return message.edited([
    ...inserted(front, texts, members),
    ...(meta === undefined ? [] : namedIn(message, meta, server)),
  ])
}

/** Says in `_meta` who gives the result, if that does not say it itself. */
function namedIn(message: Message, { valueAt, end, first }: Member, server: string): Edit[] {
  if (first !== BRACE) return [{ start: valueAt, end, text: `{${server}}` }]
  const members = message.membersAt(valueAt)
  return members.some(({ key }) => key === SERVER_KEY) ? [] : inserted(valueAt + 1, [server], members)
}

/** Members in front of those that an object has. */
function inserted(at: number, texts: readonly string[], members: readonly Member[]): Edit[] {
  if (texts.length === 0) return []
  return [{ start: at, end: at, text: texts.join(',') + (members.length > 0 ? ',' : '') }]
}

/** The same for all results of a server. */
const serverTexts = new WeakMap<Members, string>()

function serverText(serverInfo: Members): string {
  let text = serverTexts.get(serverInfo)
  if (text === undefined) serverTexts.set(serverInfo, (text = memberText(SERVER_KEY, serverInfo)))
  return text
}

function memberText(name: string, value: unknown): string {
  return Buffer.from(`${JSON.stringify(name)}:${JSON.stringify(value)}`).toString('latin1')
}

/** Tasks of 2025-11-25 cannot be asked for in 2026-07-28. */
function withoutTasks(message: Message): Message {
  const whole = exactContentOf(message)
  const result = recordOf(whole['result'])
  const tools = listOf(result['tools'])
  if (!tools.some(hasTasks)) return message
  const told = tools.map((tool) => {
    if (!hasTasks(tool)) return tool
    const { taskSupport: _, ...execution } = tool.execution
    return { ...tool, execution }
  })
  return Message.from({ ...whole, result: { ...result, tools: told } })
}

function hasTasks(tool: unknown): tool is Members & { execution: Members } {
  return recordOf(recordOf(tool)['execution'])['taskSupport'] !== undefined
}

const RESOURCE_NOT_FOUND = -32002
const URL_ELICITATION_REQUIRED = -32042
const INVALID_PARAMS = -32602
const METHOD_NOT_FOUND = -32601

/** Codes that no server of 2026-07-28 gives, as what they have become; a method that is not there is a 404 of HTTP. */
function modernError(message: Message, method: string, serverInfo: Members, capabilities: Members): Message {
  if (message.failure !== undefined) return message
  const { error: given, ...rest } = exactContentOf(message)
  const error = recordOf(given)
  switch (error['code']) {
    case METHOD_NOT_FOUND:
      return Message.from({ ...rest, error }, 'method_unknown')
    case RESOURCE_NOT_FOUND:
      return method === 'resources/read'
        ? Message.from({ ...rest, error: { ...error, code: INVALID_PARAMS } })
        : message
    case URL_ELICITATION_REQUIRED:
      return pagesToVisit(message, error, serverInfo, capabilities)
    default:
      return message
  }
}

/** The client is to open some pages, and to call again: a call that begins anew needs no state. */
function pagesToVisit(message: Message, error: Members, serverInfo: Members, capabilities: Members): Message {
  if (recordOf(capabilities['elicitation'])['url'] === undefined) {
    const data = { requiredCapabilities: { elicitation: { url: {} } } }
    const text = textOf(error['message'], 'the tool needs its client to open a page')
    return errorFor(message.writtenId, new BridgeError('capability_missing', text, { data }))
  }
  const pages = listOf(recordOf(error['data'])['elicitations']).map(recordOf)
  const inputRequests = Object.fromEntries(
    pages.map(({ elicitationId: _id, ...params }, i) => {
      return [`elicitation-${i + 1}`, { method: 'elicitation/create', params }]
    }),
  )
  return resultFor(message.writtenId, { resultType: 'input_required', inputRequests }, serverInfo)
}

/** What a modern server said of itself in `server/discover`, as one of before says it in its answer to `initialize`. */
export function initializeAnswerOf(discovered: Members): Members {
  const { capabilities, instructions, _meta: meta } = discovered
  return {
    protocolVersion: MODERN_REVISION,
    capabilities: recordOf(capabilities),
    serverInfo: recordOf(recordOf(meta)[SERVER_KEY]),
    ...(instructions === undefined ? {} : { instructions }),
  }
}

/** Errors of a modern server that are a status of HTTP. */
const STATUSES: Readonly<Record<number, ErrorCode>> = {
  [-32601]: 'method_unknown',
  [-32020]: 'header_mismatch',
  [-32021]: 'capability_missing',
  [-32022]: 'revision_unsupported',
}

/**
 * A modern server's response: as it is, but that its errors have their status, a subscription its client's own id, and the
 * revisions are those of the bridge too.
 */
export function passed(message: Message, method: string): Message {
  const { hasError } = message.envelope
  if (message.failure !== undefined) return message
  if (!hasError && method !== 'subscriptions/listen' && method !== 'server/discover') return message
  const whole = exactContentOf(message)
  if (whole['jsonrpc'] === undefined) return message
  if (hasError) {
    const code = STATUSES[Number(recordOf(whole['error'])['code'])]
    return code === undefined ? message : Message.from(whole, code)
  }
  const result = recordOf(whole['result'])
  if (method === 'server/discover') {
    const supportedVersions = [...new Set([...listOf(result['supportedVersions']), ...SUPPORTED_REVISIONS])]
    return Message.from({ ...whole, result: { ...result, supportedVersions } })
  }
  const _meta = { ...recordOf(result['_meta']), [SUBSCRIPTION_KEY]: whole['id'] }
  return Message.from({ ...whole, result: { ...result, _meta } })
}

/** The same request without what only a modern server would read. */
export function withoutAnswers(message: Message, { params }: ModernRequest): Message {
  if (params['inputResponses'] === undefined) return message
  const { inputResponses: _, ...left } = params
  return Message.from({ ...recordOf(message.exactJson()), params: left })
}

/** A result of the bridge's own for the request with this id (JSON text, latin1). */
export function resultFor(id: string, result: Members, serverInfo: Members, meta: Members = {}): Message {
  const _meta = { [SERVER_KEY]: serverInfo, ...meta }
  const message = Message.from({ jsonrpc: '2.0', id: 0, result: { ...result, _meta } })
  return message.rewrite([[message.envelope.id, id]])
}
