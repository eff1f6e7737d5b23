// status/form: the form of the status page: it sends a token, once, and gets a cookie for it.
import type { IncomingMessage } from 'node:http'
import { BridgeError } from '../errors.ts'

const FORM = /^application\/x-www-form-urlencoded\s*(;|$)/i
/** Longer than any token. */
const MAX_BYTES = 16 * 1024

export function isForm({ method, headers }: IncomingMessage): boolean {
  return method === 'POST' && FORM.test(headers['content-type'] ?? '')
}

/**
 * The same request without its Origin, where that is a form's and the very host it was sent to: of all POSTs of a page only
 * one of the bridge's own comes from there, under whatever name the bridge is reached.
 */
export function withoutOwnOrigin(req: IncomingMessage): IncomingMessage {
  const { origin, host } = req.headers
  if (origin === undefined || !isForm(req) || !/^https?:\/\//.test(origin)) return req
  if (origin.slice(origin.indexOf('//') + 2).toLowerCase() !== host?.toLowerCase()) return req
  const { origin: _own, ...headers } = req.headers
  return withHeaders(req, headers)
}

/** The same request with a token from the form: whoever tells callers apart does it here as everywhere. */
export function withToken(req: IncomingMessage, token: string): IncomingMessage {
  // A header has a character for each byte.
  const authorization = `Bearer ${Buffer.from(token.trim(), 'utf8').toString('latin1')}`
  return withHeaders(req, { ...req.headers, authorization })
}

function withHeaders(req: IncomingMessage, headers: IncomingMessage['headers']): IncomingMessage {
  return Object.create(req, { headers: { value: headers } }) as IncomingMessage
}

/** Rejects with BridgeError `body_too_large`, `request_invalid` */
export function readForm(req: IncomingMessage & { body?: unknown }): Promise<URLSearchParams> {
  // A body parser of an application that the bridge is mounted in has been there before.
  if (req.body !== undefined && req.readableEnded)
    return Promise.resolve(new URLSearchParams(req.body as Record<string, string>))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    req.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= MAX_BYTES) chunks.push(chunk)
      else reject(new BridgeError('body_too_large', `a form of more than ${MAX_BYTES} bytes is not taken`))
    })
    req.on('end', () => resolve(new URLSearchParams(Buffer.concat(chunks).toString('utf8'))))
    // Every broken request is closed, too; without a listener Node drops its error.
    req.on('close', () => {
      if (!req.complete) reject(new BridgeError('request_invalid', 'the body broke off'))
    })
  })
}
