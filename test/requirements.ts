// requirements: what the specification asks of a bridge with sessions, and where it says so; tests are named by these ids.

export interface Requirement {
  /** Page and revision that say it; where several do, the newest. */
  spec: `https://modelcontextprotocol.io/specification/${string}`
  level: 'MUST' | 'SHOULD' | 'MAY'
  behaviour: string
  /** Where it shows: the wires towards clients, or the pipe to the child. */
  bindings: readonly ('streamable' | 'sse' | 'stdio')[]
}

const SITE = 'https://modelcontextprotocol.io/specification'
const HTTP_SSE = `${SITE}/2024-11-05/basic/transports#http-with-sse` as const
const BASIC_2503 = `${SITE}/2025-03-26/basic` as const
const BASIC = `${SITE}/2025-11-25/basic` as const
const TRANSPORTS = `${BASIC}/transports` as const
const POSTING = `${TRANSPORTS}#sending-messages-to-the-server` as const
const LISTENING = `${TRANSPORTS}#listening-for-messages-from-the-server` as const
const STREAMS = `${TRANSPORTS}#multiple-connections` as const
const RESUMING = `${TRANSPORTS}#resumability-and-redelivery` as const
const SESSIONS = `${TRANSPORTS}#session-management` as const
const SECURITY = `${TRANSPORTS}#security-warning` as const
const STDIO = `${TRANSPORTS}#stdio` as const
const LIFECYCLE = `${BASIC}/lifecycle` as const
const CANCELLATION = `${BASIC}/utilities/cancellation` as const
const PROGRESS = `${BASIC}/utilities/progress` as const

type Row = readonly [Requirement['spec'], Requirement['level'], string]

const BOTH = ['streamable', 'sse'] as const

/** By binding; an id stands in the title of at least one test. */
export const REQUIREMENTS: Readonly<Record<string, Requirement>> = {
  ...rows(BOTH, {
    'origin.refused': [SECURITY, 'MUST', 'Origin is validated on all connections; an invalid one gets 403'],
    'host.refused': [`${BASIC}/security_best_practices`, 'SHOULD', 'a rebound name is refused by its Host'],
    'listener.loopback': [SECURITY, 'SHOULD', 'a local server binds to 127.0.0.1 only'],
    'auth.token': [SECURITY, 'SHOULD', 'connections are authenticated'],
    'session.owner': [
      `${BASIC}/security_best_practices#session-hijacking`,
      'SHOULD',
      'a session is bound to who opened it',
    ],
    'endpoint.both': [
      `${TRANSPORTS}#backwards-compatibility`,
      'SHOULD',
      'old and new endpoints side by side',
    ],
    'id.restored': [`${BASIC}#requests`, 'MUST', 'a response carries the id of its request, type included'],
    'get.once': [STREAMS, 'MUST', 'each message goes to one client, on one stream, and is not broadcast'],
    ping: [`${BASIC}/utilities/ping`, 'MUST', 'a ping is answered promptly'],
    'progress.token': [`${PROGRESS}#progress-flow`, 'MUST', 'progress carries the token of the request'],
    'progress.late': [`${PROGRESS}#behavior-requirements`, 'MUST', 'no progress after completion'],
    'cancel.own': [
      `${CANCELLATION}#behavior-requirements`,
      'MUST',
      'only one’s own requests can be cancelled',
    ],
    'cancel.late': [`${CANCELLATION}#timing-considerations`, 'SHOULD', 'an answer after all is ignored'],
    'cancel.ignored': [`${CANCELLATION}#error-handling`, 'SHOULD', 'a cancellation of nothing is ignored'],
    'cancel.unanswered': [`${CANCELLATION}#behavior-requirements`, 'SHOULD', 'the cancelled is not answered'],
    'question.owner': [STREAMS, 'MUST', 'a request of the server reaches the client it belongs to only'],
    'question.id': [`${BASIC}#responses`, 'MUST', 'an answer carries the id of the question, type included'],
    'batch.refused': [POSTING, 'MUST', 'from 2025-06-18 on a body is one message'],
    'batch.unpacked': [`${BASIC_2503}#batching`, 'MUST', 'batches are received in 2025-03-26'],
    'malformed.not-json': [POSTING, 'MUST', 'what cannot be accepted gets an HTTP error'],
    'malformed.not-rpc': [POSTING, 'MUST', 'the body is a JSON-RPC request, notification or response'],
    'version.negotiated': [
      `${LIFECYCLE}#version-negotiation`,
      'MUST',
      'the revision is what the child answered',
    ],
    'child.own': [`${LIFECYCLE}#capability-negotiation`, 'MUST', 'only negotiated capabilities are used'],
  }),
  ...rows(['sse'], {
    'sse.endpoint': [HTTP_SSE, 'MUST', 'the first event is `endpoint`, with the URI to POST to'],
    'sse.message': [HTTP_SSE, 'MUST', 'every message of the server is an event `message`'],
    'sse.unknown': [HTTP_SSE, 'MAY', 'a POST for an unknown session gets 404'],
    'sse.revisions': [`${LIFECYCLE}#version-negotiation`, 'MAY', 'newer revisions are negotiated over it'],
    'sse.end': [HTTP_SSE, 'MAY', 'the end of the stream is the end of the session'],
    'path.fallback': [`${TRANSPORTS}#backwards-compatibility`, 'SHOULD', 'a POST to the SSE path is a 4xx'],
  }),
  ...rows(['streamable'], {
    'post.accept': [POSTING, 'MUST', 'a request is answered as JSON or as an event stream'],
    'post.mode': [POSTING, 'MUST', 'either is possible for every request'],
    'post.accepted': [POSTING, 'MUST', 'notifications and responses get 202 without a body'],
    'post.closed': [POSTING, 'SHOULD', 'the stream carries the answer, and is closed behind it'],
    'post.disconnect': [POSTING, 'SHOULD', 'a disconnect is no cancellation'],
    'post.priming': [POSTING, 'SHOULD', 'the stream is primed with an id, no data, and `retry` (2025-11-25)'],
    'question.stream': [POSTING, 'SHOULD', 'a question relates to the request on whose stream it comes'],
    'batch.answered': [
      `${BASIC_2503}/transports#streamable-http`,
      'MUST',
      'each request of a batch is answered',
    ],
    'batch.accepted': [`${BASIC_2503}/transports#streamable-http`, 'MUST', 'no request in the batch: 202'],
    'get.stream': [LISTENING, 'MUST', 'GET is answered with an event stream, or with 405'],
    'get.unrelated': [LISTENING, 'SHOULD', 'what comes on it is unrelated to running requests'],
    'get.no-answers': [LISTENING, 'MUST', 'no response comes on it, unless a stream is resumed'],
    'get.newest': [STREAMS, 'MAY', 'several streams are possible, a message comes on one'],
    'events.unique': [RESUMING, 'MUST', 'event ids are unique over all streams of the session'],
    'events.resume': [RESUMING, 'MUST', 'only what came on that stream after that event is replayed'],
    'session.assigned': [SESSIONS, 'MAY', 'the id comes with the initialize result'],
    'session.secure': [SESSIONS, 'MUST', 'ids are visible ASCII, unique and not to be guessed'],
    'session.missing': [SESSIONS, 'SHOULD', 'a request without id, other than initialize, gets 400'],
    'session.unknown': [SESSIONS, 'MUST', 'an id that has ended gets 404'],
    'session.delete': [SESSIONS, 'SHOULD', 'DELETE ends the session'],
    'version.header': [`${TRANSPORTS}#protocol-version-header`, 'MUST', 'absent is fine, unsupported is 400'],
  }),
  ...rows(['stdio'], {
    'initialize.first': [`${LIFECYCLE}#initialization`, 'SHOULD', 'only pings come before initialize'],
    'relay.line': [STDIO, 'MUST', 'messages are on one line each, without embedded line breaks'],
    'relay.request': [STDIO, 'MUST', 'nothing but MCP messages is written to the child'],
    'relay.unknown': [STDIO, 'MUST', 'nothing but MCP messages leaves the child for a client'],
    'stdio.noise': [STDIO, 'MUST', 'a child that breaks that rule is survived'],
    'stdio.stderr': [STDIO, 'SHOULD', 'stderr is captured, and no sign of an error'],
    'stdio.exit': [`${LIFECYCLE}#shutdown`, 'MAY', 'a child may end by itself'],
    'children.stop': [`${LIFECYCLE}#shutdown`, 'SHOULD', 'stdin is closed, then SIGTERM, then SIGKILL'],
    'cancel.forwarded': [`${CANCELLATION}#cancellation-flow`, 'SHOULD', 'the child is told, with its own id'],
    'cancel.initialize': [`${CANCELLATION}#behavior-requirements`, 'MUST', 'initialize is never cancelled'],
    'question.cancelled': [
      `${CANCELLATION}#cancellation-flow`,
      'SHOULD',
      'a question taken back is forgotten',
    ],
    timeout: [`${LIFECYCLE}#timeouts`, 'SHOULD', 'a request that takes too long is cancelled'],
  }),
}

function rows(bindings: Requirement['bindings'], of: Record<string, Row>): Record<string, Requirement> {
  const entries = Object.entries(of)
  return Object.fromEntries(
    entries.map(([id, [spec, level, behaviour]]) => [id, { spec, level, behaviour, bindings }]),
  )
}
