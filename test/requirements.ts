// requirements: what the specification asks of a bridge, and where it says so; tests are named by these ids.

export interface Requirement {
  /** Page and revision that say it; where several do, the newest. */
  spec: `https://modelcontextprotocol.io/specification/${string}`
  behaviour: string
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
const MODERN = `${SITE}/2026-07-28/basic` as const
const MODERN_HTTP = `${MODERN}/transports/streamable-http` as const
const MRTR = `${MODERN}/patterns/mrtr` as const
const SUBSCRIPTIONS = `${MODERN}/patterns/subscriptions` as const
const PROGRESS = `${BASIC}/utilities/progress` as const

type Row = readonly [Requirement['spec'], string]

const ROWS: Readonly<Record<string, Row>> = {
  // On both wires.
  'origin.refused': [SECURITY, 'Origin is validated on all connections; an invalid one gets 403'],
  'host.refused': [`${BASIC}/security_best_practices`, 'a rebound name is refused by its Host'],
  'listener.loopback': [SECURITY, 'a local server binds to 127.0.0.1 only'],
  'auth.token': [SECURITY, 'connections are authenticated'],
  'session.owner': [
    `${BASIC}/security_best_practices#session-hijacking`,
    'a session is bound to who opened it',
  ],
  'endpoint.both': [`${TRANSPORTS}#backwards-compatibility`, 'old and new endpoints side by side'],
  'id.restored': [`${BASIC}#requests`, 'a response carries the id of its request, type included'],
  'get.once': [STREAMS, 'each message goes to one client, on one stream, and is not broadcast'],
  ping: [`${BASIC}/utilities/ping`, 'a ping is answered promptly'],
  'progress.token': [`${PROGRESS}#progress-flow`, 'progress carries the token of the request'],
  'progress.late': [`${PROGRESS}#behavior-requirements`, 'no progress after completion'],
  'cancel.own': [`${CANCELLATION}#behavior-requirements`, 'only one’s own requests can be cancelled'],
  'cancel.late': [`${CANCELLATION}#timing-considerations`, 'an answer after all is ignored'],
  'cancel.ignored': [`${CANCELLATION}#error-handling`, 'a cancellation of nothing is ignored'],
  'cancel.unanswered': [`${CANCELLATION}#behavior-requirements`, 'the cancelled is not answered'],
  'question.owner': [STREAMS, 'a request of the server reaches the client it belongs to only'],
  'question.id': [`${BASIC}#responses`, 'an answer carries the id of the question, type included'],
  'batch.refused': [POSTING, 'from 2025-06-18 on a body is one message'],
  'batch.unpacked': [`${BASIC_2503}#batching`, 'batches are received in 2025-03-26'],
  'malformed.not-json': [POSTING, 'what cannot be accepted gets an HTTP error'],
  'malformed.not-rpc': [POSTING, 'the body is a JSON-RPC request, notification or response'],
  'version.negotiated': [`${LIFECYCLE}#version-negotiation`, 'the revision is what the child answered'],
  'child.own': [`${LIFECYCLE}#capability-negotiation`, 'only negotiated capabilities are used'],
  // On HTTP+SSE.
  'sse.endpoint': [HTTP_SSE, 'the first event is `endpoint`, with the URI to POST to'],
  'sse.message': [HTTP_SSE, 'every message of the server is an event `message`'],
  'sse.unknown': [HTTP_SSE, 'a POST for an unknown session gets 404'],
  'sse.revisions': [`${LIFECYCLE}#version-negotiation`, 'newer revisions are negotiated over it'],
  'sse.end': [HTTP_SSE, 'the end of the stream is the end of the session'],
  'path.fallback': [`${TRANSPORTS}#backwards-compatibility`, 'a POST to the SSE path is a 4xx'],
  // On Streamable HTTP.
  'post.accept': [POSTING, 'a request is answered as JSON or as an event stream'],
  'post.mode': [POSTING, 'either is possible for every request'],
  'post.accepted': [POSTING, 'notifications and responses get 202 without a body'],
  'post.closed': [POSTING, 'the stream carries the answer, and is closed behind it'],
  'post.disconnect': [POSTING, 'a disconnect is no cancellation'],
  'post.priming': [POSTING, 'the stream is primed with an id, no data, and `retry` (2025-11-25)'],
  'question.stream': [POSTING, 'a question relates to the request on whose stream it comes'],
  'batch.answered': [`${BASIC_2503}/transports#streamable-http`, 'each request of a batch is answered'],
  'batch.accepted': [`${BASIC_2503}/transports#streamable-http`, 'no request in the batch: 202'],
  'get.stream': [LISTENING, 'GET is answered with an event stream, or with 405'],
  'get.unrelated': [LISTENING, 'what comes on it is unrelated to running requests'],
  'get.no-answers': [LISTENING, 'no response comes on it, unless a stream is resumed'],
  'get.newest': [STREAMS, 'several streams are possible, a message comes on one'],
  'events.unique': [RESUMING, 'event ids are unique over all streams of the session'],
  'events.resume': [RESUMING, 'only what came on that stream after that event is replayed'],
  'session.assigned': [SESSIONS, 'the id comes with the initialize result'],
  'session.secure': [SESSIONS, 'ids are visible ASCII, unique and not to be guessed'],
  'session.missing': [SESSIONS, 'a request without id, other than initialize, gets 400'],
  'session.unknown': [SESSIONS, 'an id that has ended gets 404'],
  'session.delete': [SESSIONS, 'DELETE ends the session'],
  'version.header': [`${TRANSPORTS}#protocol-version-header`, 'absent is fine, unsupported is 400'],
  // Without a session.
  'modern.discover': [`${SITE}/2026-07-28/server/discover`, 'server/discover is implemented'],
  'modern.complete': [`${MODERN}#results`, 'results carry their type, lists how long they hold'],
  'modern.header': [MODERN_HTTP, 'envelope and headers are there, and say the same'],
  'modern.revision': [`${MODERN}/versioning`, 'an unsupported revision is refused with those that are'],
  'modern.unknown': [MODERN_HTTP, 'an unknown method is 404'],
  'modern.stateless': [MODERN_HTTP, 'a session id is ignored, a notification gets 202'],
  'modern.cancel': [`${MODERN}/patterns/cancellation`, 'a closed response stream is a cancellation'],
  'modern.progress': [`${MODERN}/patterns/progress`, 'progress comes on the stream of its request'],
  'modern.log': [
    `${SITE}/2026-07-28/server/utilities/logging`,
    'no log message for a request that names no level',
  ],
  'modern.asked': [MRTR, 'what is needed of the client is asked in a result'],
  'modern.again': [MRTR, 'what is missing is asked again'],
  'modern.capabilities': [MRTR, 'only what the client has declared is asked'],
  'modern.state': [MRTR, 'requestState is sealed, bound and good for one round'],
  'modern.left': [MRTR, 'a client need not come back'],
  'modern.listen': [SUBSCRIPTIONS, 'acknowledged first, nothing unrequested, under its own id'],
  'modern.end': [SUBSCRIPTIONS, 'a server that ends a subscription sends its result'],
  // On the pipe to the child.
  'initialize.first': [`${LIFECYCLE}#initialization`, 'only pings come before initialize'],
  'relay.line': [STDIO, 'messages are on one line each, without embedded line breaks'],
  'relay.request': [STDIO, 'nothing but MCP messages is written to the child'],
  'relay.unknown': [STDIO, 'nothing but MCP messages leaves the child for a client'],
  'stdio.noise': [STDIO, 'a child that breaks that rule is survived'],
  'stdio.stderr': [STDIO, 'stderr is captured, and no sign of an error'],
  'stdio.exit': [`${LIFECYCLE}#shutdown`, 'a child may end by itself'],
  'children.stop': [`${LIFECYCLE}#shutdown`, 'stdin is closed, then SIGTERM, then SIGKILL'],
  'cancel.forwarded': [`${CANCELLATION}#cancellation-flow`, 'the child is told, with its own id'],
  'cancel.initialize': [`${CANCELLATION}#behavior-requirements`, 'initialize is never cancelled'],
  'question.cancelled': [`${CANCELLATION}#cancellation-flow`, 'a question taken back is forgotten'],
  timeout: [`${LIFECYCLE}#timeouts`, 'a request that takes too long is cancelled'],
}

/** An id stands at the start of the title of at least one test. */
export const REQUIREMENTS: Readonly<Record<string, Requirement>> = Object.fromEntries(
  Object.entries(ROWS).map(([id, [spec, behaviour]]) => [id, { spec, behaviour }]),
)
