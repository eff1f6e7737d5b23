// http/body: reads a body within its limit, as the chunks it came in, and the messages in it.
import type { IncomingMessage } from 'node:http'
import type { Part } from '../budget/budget.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import { Message, readBody } from '../rpc/message.ts'
import { excerpt } from '../visible.ts'
import { Chunks } from './chunks.ts'
import { Refusal } from './refuse.ts'

/**
 * Reads the body, and gives what it holds to `take`. It arrives later: from then on errors are given to `refuse`, also those
 * of `take`, since nobody is left to catch them.
 *
 * @throws BridgeError as `readBytes` does
 */
export function readMessages(
  req: IncomingMessage,
  maxBodyBytes: number,
  charged: Part,
  take: (body: Message | readonly Message[]) => void | Promise<void>,
  refuse: (error: unknown) => void,
): void {
  const takeBytes = (chunks: Buffer[]) => {
    let id: string | undefined
    const refused = (error: unknown) => refuse(new Refusal(toBridgeError(error), id))
    try {
      const body = readBody(chunks)
      if ('reason' in body) {
        id = body.id
        throw new BridgeError(body.reason === 'not_json' ? 'parse_failed' : 'request_invalid', body.problem)
      }
      if (body instanceof Message && body.kind === 'request') id = body.id
      take(body)?.catch(refused)
    } catch (error) {
      refused(error)
    }
  }
  readBytes(req, maxBodyBytes, charged, takeBytes, refuse)
}

/**
 * Reads the bytes of the body, and gives them to `take` or what is wrong to `refuse`; callbacks, since most bodies are
 * there at once, and a promise for each costs more than the reading.
 *
 * Where the bridge is mounted behind a body parser, what that one read is written out again: number literals and key
 * order are then those of the parser.
 *
 * @param charged bytes that have come while the rest is awaited
 * @throws BridgeError `media_type_unsupported`, `body_too_large`, `memory_limit_reached`
 */
export function readBytes(
  req: IncomingMessage & { body?: unknown },
  maxBodyBytes: number,
  charged: Part,
  take: (chunks: Buffer[]) => void,
  refuse: (error: BridgeError) => void,
): void {
  refuseMediaType(req)
  if (Number(req.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge(maxBodyBytes)
  const parsed = parsedAlready(req)
  if (parsed !== undefined) return take(parsed)
  if (!charged.take(WAITING_BYTES)) throw noRoom(charged, WAITING_BYTES)
  const chunks = new Chunks()
  let bytes = 0
  let isOver = false
  const end = () => {
    isOver = true
    charged.give(WAITING_BYTES + bytes)
  }
  const fail = (error: BridgeError) => {
    if (isOver) return
    end()
    // The request, and with it this closure, lives on for a while.
    chunks.clear()
    refuse(error)
  }
  req.on('data', (chunk: Buffer) => {
    if (isOver) return
    if (bytes + chunk.length > maxBodyBytes) return fail(tooLarge(maxBodyBytes))
    const isLargeNow = bytes <= SMALL_BYTES && bytes + chunk.length > SMALL_BYTES
    if ((isLargeNow && charged.quota.isTight) || !charged.take(chunk.length))
      return fail(noRoom(charged, chunk.length))
    bytes += chunk.length
    chunks.add(chunk)
  })
  req.on('end', () => {
    if (isOver) return
    end()
    take(chunks.all())
  })
  // Every broken request is closed, too; without a listener Node drops its error.
  req.on('close', () => {
    // Made only if needed: an Error captures the stack.
    if (!isOver) fail(new BridgeError('request_invalid', 'the body broke off'))
  })
}

/** Charged for each request whose body is awaited, however little of it has come. */
const WAITING_BYTES = 8 * 1024

/** While memory is short nothing larger is begun; what was larger before is read to its end, if there is room for it. */
const SMALL_BYTES = 64 * 1024

function noRoom(charged: Part, amount: number): BridgeError {
  return new BridgeError('memory_limit_reached', charged.refusal(amount, 'bytes', '--max-memory'))
}

const JSON_TYPE = /^application\/(json|[\w.+-]*\+json)\s*(;|$)/i

function refuseMediaType({ headers }: IncomingMessage): void {
  const type = headers['content-type']
  // Absent is fine: the Origin check keeps web pages out, not this one.
  if (type !== undefined && type !== 'application/json' && !JSON_TYPE.test(type)) {
    throw new BridgeError('media_type_unsupported', 'Content-Type is not application/json', {
      hint: `it is "${excerpt(type)}"`,
    })
  }
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new BridgeError('media_type_unsupported', 'a body with a Content-Encoding is not taken', {
      hint: `it is "${excerpt(encoding)}"; send the body as it is`,
    })
  }
}

function tooLarge(maxBodyBytes: number): BridgeError {
  return new BridgeError('body_too_large', `the body is over the limit of ${maxBodyBytes} bytes (--max-body)`)
}

/** What a body parser in front of the bridge has left of the body. */
export function parsedAlready({
  body,
  readableEnded,
}: IncomingMessage & { body?: unknown }): Buffer[] | undefined {
  if (body === undefined || !readableEnded) return undefined
  if (Buffer.isBuffer(body)) return [body]
  return [Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))]
}
