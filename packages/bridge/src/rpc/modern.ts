// rpc/modern: what results of revision 2026-07-28 have that older ones have not.
import { BridgeError, type ErrorCode } from '../errors.ts'
import { exactContentOf, listOf, numberOf, recordOf, textOf, type Members } from './content.ts'
import { errorFor } from './factory.ts'
import type { Edit, Member } from './members.ts'
import { Message } from './message.ts'
import type { ModernRequest } from './modern-request.ts'
import { MODERN_REVISION, SUBSCRIPTION_KEY, SUPPORTED_REVISIONS } from './revisions.ts'

export const SERVER_KEY = 'io.modelcontextprotocol/serverInfo'

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
  const additions = additionsOf(serverInfo)
  const added = CACHEABLE.has(method) ? additions.ofList : additions.ofResult
  let meta: Member | undefined
  let isPlain = true
  for (const member of members) {
    if (member.key === '_meta') meta ??= member
    if (OWN.has(member.key)) isPlain = false
  }
  const front = message.envelope.resultAt + 1
  // What nearly all results are: nothing has been said of them.
  if (isPlain) return message.edited(inserted(front, added.whole, members))
  const texts = added.members
    .filter(({ name }) => !members.some(({ key }) => key === name))
    .map(({ text }) => text)
  return message.edited([
    ...(texts.length > 0 ? inserted(front, texts.join(','), members) : []),
    ...(meta === undefined ? [] : namedIn(message, meta, additions.server)),
  ])
}

/** Says in `_meta` who gives the result, if that does not say it itself. */
function namedIn(message: Message, { valueAt, end, first }: Member, server: string): Edit[] {
  if (first !== BRACE) return [{ start: valueAt, end, text: `{${server}}` }]
  const members = message.membersAt(valueAt)
  return members.some(({ key }) => key === SERVER_KEY) ? [] : inserted(valueAt + 1, server, members)
}

/** Members in front of those that an object has. */
function inserted(at: number, text: string, { length }: readonly Member[]): Edit[] {
  return [{ start: at, end: at, text: length > 0 ? `${text},` : text }]
}

interface Addition {
  members: readonly { name: string; text: string }[]
  /** All of them. */
  whole: string
}

/** The same for all results of a server. */
interface Additions {
  server: string
  ofResult: Addition
  ofList: Addition
}

const OWN: ReadonlySet<string> = new Set(['_meta', ...OF_LIST.map(({ name }) => name)])
const known = new WeakMap<Members, Additions>()

function additionsOf(serverInfo: Members): Additions {
  let additions = known.get(serverInfo)
  if (additions === undefined) known.set(serverInfo, (additions = createAdditions(serverInfo)))
  return additions
}

function createAdditions(serverInfo: Members): Additions {
  const server = memberText(SERVER_KEY, serverInfo)
  const meta = { name: '_meta', text: `"_meta":{${server}}` }
  return { server, ofResult: addition([...OF_RESULT, meta]), ofList: addition([...OF_LIST, meta]) }
}

function addition(members: Addition['members']): Addition {
  return { members, whole: members.map(({ text }) => text).join(',') }
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
    const code = STATUSES[numberOf(recordOf(whole['error'])['code'])]
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
export function withoutAnswers(message: Message, request: ModernRequest): Message {
  if (!message.envelope.isRetry || request.params['inputResponses'] === undefined) return message
  const { inputResponses: _, ...left } = request.params
  return Message.from({ ...recordOf(message.exactJson()), params: left })
}

/** A result of the bridge's own for the request with this id (JSON text, latin1). */
export function resultFor(id: string, result: Members, serverInfo: Members, meta: Members = {}): Message {
  const _meta = { [SERVER_KEY]: serverInfo, ...meta }
  const message = Message.from({ jsonrpc: '2.0', id: 0, result: { ...result, _meta } })
  return message.rewrite([[message.envelope.id, id]])
}
