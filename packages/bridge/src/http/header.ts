// http/header: a header value as its sender wrote it.
import { isUtf8 } from 'node:buffer'

/** Node gives each byte as a character (latin1); what is UTF-8 was written as that, as nearly all clients do. */
export function headerText(value: string): string {
  // eslint-disable-next-line no-control-regex
  if (/^[\u0000-\u007f]*$/.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : value
}
