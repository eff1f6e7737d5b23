// replica/headers: which headers go on over a hop, and which are for the next machine alone.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

export function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = headers.connection?.toLowerCase() ?? ''
  // Nearly all name none, or keep-alive.
  const listed =
    named === '' || named === 'keep-alive' || named === 'close'
      ? NONE
      : new Set(named.split(',').map((name) => name.trim()))
  const kept: OutgoingHttpHeaders = {}
  for (const name in headers) if (!HOP_BY_HOP.has(name) && !listed.has(name)) kept[name] = headers[name]
  return kept
}

const NONE: ReadonlySet<string> = new Set()
