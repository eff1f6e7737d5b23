// encoding: text as its writer meant it: of a header, of a file.
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'

/** Node gives each byte of a header as a character (latin1); what is UTF-8 was written as that, as nearly all clients do. */
export function headerText(value: string): string {
  // eslint-disable-next-line no-control-regex
  if (/^[\u0000-\u007f]*$/.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : value
}

/** UTF-8, without the byte order mark that Notepad and PowerShell put in front. Throws what `readFileSync` throws. */
export function readTextFile(path: string): string {
  return fileText(readFileSync(path))
}

/** The text of a file as `readTextFile` gives it. */
export function fileText(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/^\ufeff/, '')
}
