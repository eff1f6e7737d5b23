// http/path: the path of a request, as the routes compare it.
import type { IncomingMessage } from 'node:http'

/** Without the query; where the bridge is mounted, without the path it is mounted at. */
export function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

/** As express compares them: any case, a slash at the end or none. */
export function isSamePath(a: string, b: string): boolean {
  return a.replace(/\/$/, '').toLowerCase() === b.replace(/\/$/, '').toLowerCase()
}
