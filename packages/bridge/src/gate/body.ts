// gate/body: reads a body within its limit, as the chunks it came in.
import type { IncomingMessage } from 'node:http'
import { BridgeError } from '../errors.ts'

/**
 * The bytes of the body.
 *
 * Where the bridge is mounted behind a body parser, what that one read is written out again: number literals and key
 * order are then those of the parser.
 *
 * @throws BridgeError `media_type_unsupported`, `body_too_large`
 */
export async function readBytes(
  req: IncomingMessage & { body?: unknown },
  maxBodyBytes: number,
): Promise<Buffer[]> {
  refuseMediaType(req)
  if (Number(req.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge(maxBodyBytes)
  if (req.body !== undefined && req.readableEnded) return [parsedAlready(req.body)]
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBodyBytes) {
        req.removeAllListeners('data')
        req.pause()
        reject(tooLarge(maxBodyBytes))
      } else chunks.push(chunk)
    })
    req.on('end', () => resolve(chunks))
    req.on('error', (cause) => reject(new BridgeError('request_invalid', 'the body broke off', { cause })))
    req.on('close', () => {
      if (!req.complete) reject(new BridgeError('request_invalid', 'the body broke off'))
    })
  })
}

function refuseMediaType({ headers }: IncomingMessage): void {
  const type = headers['content-type']
  // Absent is fine: the Origin check, not this one, keeps web pages out.
  if (type !== undefined && !/^application\/(json|[\w.+-]*\+json)\s*(;|$)/i.test(type)) {
    throw new BridgeError('media_type_unsupported', `content type "${type}" is not application/json`)
  }
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new BridgeError('media_type_unsupported', `content encoding "${encoding}" is not taken`)
  }
}

function tooLarge(maxBodyBytes: number): BridgeError {
  return new BridgeError('body_too_large', `the body is over the limit of ${maxBodyBytes} bytes (--max-body)`)
}

function parsedAlready(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}
