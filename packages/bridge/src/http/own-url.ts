// http/own-url: where the bridge is, as whoever asks sees it.
import type { IncomingMessage } from 'node:http'

/**
 * Scheme, host and the path that the bridge is mounted at, without a slash at the end. What no host is called is left to the
 * reader to fill in.
 */
export function ownUrlOf(req: IncomingMessage & { baseUrl?: string }): string {
  const { host = '', 'x-forwarded-proto': proto } = req.headers
  const scheme = proto === 'https' || 'encrypted' in req.socket ? 'https' : 'http'
  const name = /^[\w.:[\]-]{1,255}$/.test(host) ? host : 'HOST:PORT'
  return `${scheme}://${name}${req.baseUrl ?? ''}`
}
