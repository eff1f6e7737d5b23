// transport/classify: method, headers, body in; one Route out; touches no socket.
import type { AcceptedTypes } from '../http/response.ts'
import { BridgeError } from '../errors.ts'
import { Message } from '../rpc/message.ts'
import { isLegacyRevision } from '../rpc/revisions.ts'

/** What a POST to the Streamable HTTP path asks for. */
export type Route =
  | { action: 'open'; message: Message }
  | { action: 'exchange'; sessionId: string; messages: readonly Message[]; isBatch: boolean; awaited: number }
  | { action: 'accept'; sessionId: string; messages: readonly Message[]; isBatch: boolean }

/**
 * Classifies a POST by its body; the headers only say which session.
 *
 * `initialize` opens a session whatever id comes along: a client that re-initialises may still send the old one, and
 * the registry is asked whether it is alive (`isAlive`).
 *
 * @throws BridgeError `request_invalid`
 */
export function classify(
  body: Message | readonly Message[],
  sessionId: string | undefined,
  isAlive: (sessionId: string) => boolean,
): Route {
  const isBatch = !(body instanceof Message)
  const messages = body instanceof Message ? [body] : body
  const [first] = messages
  if (messages.some((message) => message.method === 'initialize' && message.kind === 'request')) {
    if (isBatch || first === undefined) {
      throw new BridgeError('request_invalid', 'initialize must not be part of a batch')
    }
    if (sessionId === undefined || !isAlive(sessionId)) return { action: 'open', message: first }
  }
  if (sessionId === undefined) {
    throw new BridgeError('request_invalid', 'the Mcp-Session-Id header is missing', {
      hint: 'send initialize first, then its Mcp-Session-Id with every request',
    })
  }
  const awaited = messages.filter((message) => message.kind === 'request').length
  return awaited === 0
    ? { action: 'accept', sessionId, messages, isBatch }
    : { action: 'exchange', sessionId, messages, isBatch, awaited }
}

/**
 * Whether the `MCP-Protocol-Version` header names a revision this session can be about: a known one, or the one its
 * child negotiated. Absent is fine; a repeated header arrives joined by commas, as some clients send it.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#protocol-version-header
 */
export function isRevisionAccepted(header: string | undefined, negotiated: string | undefined): boolean {
  if (header === undefined || header === negotiated) return true
  return header.split(',').some((part) => {
    const revision = part.trim()
    return revision === negotiated || isLegacyRevision(revision)
  })
}

/** What a client can read, by its `Accept`; absent, a wildcard or something else altogether means both. */
export function accepts(header: string | undefined): AcceptedTypes {
  // Most clients send the same with each request.
  if (header !== last.header) last = { header, types: read(header) }
  return last.types
}

function read(header: string | undefined): AcceptedTypes {
  const text = header?.toLowerCase() ?? ''
  const json = text.includes('application/json')
  const events = text.includes('text/event-stream')
  if (text.includes('*/*') || json === events) return { json: true, events: true }
  return { json, events }
}

let last = { header: undefined as string | undefined, types: read(undefined) }
