// rpc/modern-request: what a request of revision 2026-07-28 says of itself.
import { BridgeError } from '../errors.ts'
import { isRecord, recordOf, textOf, type Members } from './content.ts'
import { parseExact } from './exact.ts'
import { MAX_READ_DEPTH, type Message } from './message.ts'
import { MODERN_REVISION, REVISION_KEY } from './revisions.ts'
import { unquote } from './scanner.ts'

const PREFIX = 'io.modelcontextprotocol/'
const CAPABILITIES_KEY = `${PREFIX}clientCapabilities`
const CLIENT_KEY = `${PREFIX}clientInfo`
const LEVEL_KEY = `${PREFIX}logLevel`

/** Who asks: the same in all requests of a client. Numbers that JavaScript cannot hold are written again as they came. */
export interface Sender {
  revision: string
  /** What the client can be asked while this request is worked on, as JSON. */
  capabilities: Members
  clientName: string
  clientVersion: string
  /** The least that is worth a log message; without one there is none. */
  logLevel: string | undefined
  /** Equal for those whose name, version and capabilities are. */
  identity: string
}

/** @see https://modelcontextprotocol.io/specification/2026-07-28/basic#_meta */
export class ModernRequest {
  readonly sender: Sender
  readonly #message: Message
  #params: Members | undefined

  /** @throws BridgeError `envelope_invalid`, `request_invalid` for what is nested too deep */
  constructor(message: Message) {
    // What is not read here either, a tool would have to.
    if (message.envelope.depth > MAX_READ_DEPTH) message.exactJson()
    this.#message = message
    this.sender = senderOf(message)
  }

  /** Parsed when it is first asked for: of most requests only the name is. Numbers as in `sender`. */
  get params(): Members {
    return (this.#params ??= recordOf(recordOf(this.#message.exactJson())['params']))
  }

  /** `params.name`, which of a tool or a prompt is all that headers repeat. */
  get name(): unknown {
    const { name } = this.#message.envelope
    return name === undefined ? this.params['name'] : unquote(this.#message.textAt(name))
  }
}

/** Senders by the text of `_meta`, but for the progress token and the trace: they differ from request to request. */
const known = new Map<string, Sender>()
/** All of them together are some hundred kilobytes. */
const MAX_KNOWN = 256
const MAX_TEXT = 1024
/** A member with the value that it has where it is one; within a string its quotes would be escaped. */
const TRACE_PARENT = /(?<=[{,]\s*)"traceparent":\s*"[\da-f-]{55}"/

function senderOf(message: Message): Sender {
  const { meta, progressToken } = message.envelope
  if (meta === undefined) return readSender({})
  const text =
    progressToken === undefined
      ? message.textAt(meta)
      : message.textAt({ start: meta.start, end: progressToken.start }) +
        message.textAt({ start: progressToken.end, end: meta.end })
  const key = text.includes('"traceparent"') ? text.replace(TRACE_PARENT, '') : text
  let sender = known.get(key)
  if (sender !== undefined) return sender
  const whole = Buffer.from(message.textAt(meta), 'latin1').toString('utf8')
  sender = readSender(recordOf(parseExact(whole)))
  if (key.length > MAX_TEXT) return sender
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(key, sender)
  return sender
}

function readSender(meta: Members): Sender {
  const revision = meta[REVISION_KEY]
  if (typeof revision !== 'string') throw missing(REVISION_KEY, 'a string')
  const capabilities = meta[CAPABILITIES_KEY]
  if (!isRecord(capabilities)) throw missing(CAPABILITIES_KEY, 'an object')
  const client = recordOf(meta[CLIENT_KEY])
  const clientName = textOf(client['name'], '')
  const clientVersion = textOf(client['version'], '')
  const level = meta[LEVEL_KEY]
  return {
    revision,
    capabilities,
    clientName,
    clientVersion,
    logLevel: typeof level === 'string' ? level : undefined,
    identity: JSON.stringify([clientName, clientVersion, capabilities]),
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
