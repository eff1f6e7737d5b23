// http/tagged: a body that is looked at again and again: whoever has it already is told so.
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** With a strong `ETag`: 304 where a 200 would say what the client has. A HEAD gets the headers alone. */
export function sendTagged(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): void {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  const isKnown = status === 200 && namesTag(req.headers['if-none-match'], etag)
  res.writeHead(isKnown ? 304 : status, {
    ...headers,
    etag,
    ...(!isKnown && { 'content-length': Buffer.byteLength(body) }),
  })
  res.end(isKnown || req.method === 'HEAD' ? undefined : body)
}

/** A proxy that has packed the body calls the tag a weak one. */
function namesTag(header: string | undefined, etag: string): boolean {
  return header?.split(',').some((each) => each.trim().replace(/^W\//, '') === etag) === true
}
