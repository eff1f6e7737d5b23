// rpc/one-line: a message on one line, also for readers that end lines where the standards do not.
import { isAscii } from 'node:buffer'
import type { Encoded } from './message.ts'

/**
 * U+2028, U+2029 and U+0085 as bytes of UTF-8, one character each. An event stream ends lines at CR and LF only, but
 * clients that split as Python's `splitlines` does (httpx-sse before 0.4.2) lose what follows one of these, and wait for
 * an answer that they have dropped. Stdio ends them at LF, but to a tool that reads with `node:readline` what follows is a
 * message of its own, which nobody has judged. In JSON they stand in strings alone, where an escape means the same.
 */
const SEPARATORS = /\u00e2\u0080[\u00a8\u00a9]|\u00c2\u0085/g
const ESCAPES: Readonly<Record<string, string>> = {
  '\u00e2\u0080\u00a8': String.raw`\u2028`,
  '\u00e2\u0080\u00a9': String.raw`\u2029`,
  '\u00c2\u0085': String.raw`\u0085`,
}

export function onOneLine(encoded: Encoded): Encoded {
  if (typeof encoded === 'string') return holdsSeparator(encoded) ? escaped(encoded) : encoded
  const parts: Buffer[] = []
  let held: Buffer | undefined
  for (const part of encoded) {
    const bytes: Buffer = held === undefined ? part : Buffer.concat([held, part])
    const end = bytes.length - cutLength(bytes)
    const whole = end === bytes.length ? bytes : bytes.subarray(0, end)
    parts.push(bytesHoldSeparator(whole) ? Buffer.from(escaped(whole.toString('latin1')), 'latin1') : whole)
    held = end === bytes.length ? undefined : bytes.subarray(end)
  }
  if (held !== undefined) parts.push(held)
  return parts
}

function escaped(text: string): string {
  return text.replaceAll(SEPARATORS, (found) => ESCAPES[found] ?? found)
}

/**
 * By one character first, which is as fast as memory and rare in English (“ ” are E2 80 9C, E2 80 9D); French has it
 * (è is C3 A8), but little that begins the second search.
 */
function holdsSeparator(text: string): boolean {
  return (
    (text.includes('\u00a8') && text.includes('\u0080\u00a8')) ||
    (text.includes('\u00a9') && text.includes('\u0080\u00a9')) ||
    (text.includes('\u0085') && text.includes('\u00c2\u0085'))
  )
}

const LINE = Buffer.from('\u2028')
const PARAGRAPH = Buffer.from('\u2029')
const NEXT_LINE = Buffer.from('\u0085')

function bytesHoldSeparator(bytes: Buffer): boolean {
  return !isAscii(bytes) && (bytes.includes(LINE) || bytes.includes(PARAGRAPH) || bytes.includes(NEXT_LINE))
}

/** How many of the last bytes may be the beginning of a separator. */
function cutLength(bytes: Buffer): number {
  const last = bytes[bytes.length - 1]
  if (last === 0xe2 || last === 0xc2) return 1
  return last === 0x80 && bytes[bytes.length - 2] === 0xe2 ? 2 : 0
}
