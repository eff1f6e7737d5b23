// rpc/members: where the members of one object of a message stand; nothing is built of what they hold.
import type { Span } from './scanner.ts'

/** Bytes (latin1) to stand in place of a span of the original. */
export interface Edit extends Span {
  text: string
}

/** Byte offsets in the message; `end` is that of the comma or the brace behind the value. */
export interface Member extends Span {
  key: string
  /** Where its value begins, and its first byte. */
  valueAt: number
  first: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
/** Strings longer than this are searched for their end by Node: a call costs more than a few bytes. */
const SHORT = 48

/**
 * The message has been scanned: it is JSON.
 *
 * @param at where the object begins
 */
export function membersAt(parts: readonly Buffer[], at: number): Member[] {
  const members: Member[] = []
  let base = 0
  let depth = 0
  let isInString = false
  let isEscaped = false
  /** The member that is read, and the string that is its key as long as that is read. */
  let member: Member | undefined
  let isKey = false
  for (const part of parts) {
    const { length } = part
    let i = Math.max(0, at - base)
    let quote = -1
    let slash = -1
    while (i < length) {
      if (isInString) {
        if (isEscaped) {
          isEscaped = false
          i++
          continue
        }
        const near = Math.min(length, i + SHORT)
        while (i < near && part[i] !== QUOTE && part[i] !== BACKSLASH) i++
        if (i === near && i < length) {
          if (quote < i) quote = nextOf(part, QUOTE, i)
          if (slash < i) slash = nextOf(part, BACKSLASH, i)
          i = Math.min(quote, slash)
        }
        if (i === length) break
        isEscaped = part[i] === BACKSLASH
        isInString = isEscaped
        i++
        if (isInString || !isKey || member === undefined) continue
        isKey = false
        member.key = keyOf(textAt(parts, member.start, base + i))
        continue
      }
      const c = part[i]!
      // 0x20, 0x09; line breaks are blanks by now.
      const isBlank = c === 0x20 || c === 0x09
      if (depth === 1 && member !== undefined && member.valueAt === -1) {
        if (c !== COLON && !isBlank) {
          member.valueAt = base + i
          member.first = c
        }
      } else if (depth === 1 && c === QUOTE && member === undefined) {
        member = { key: '', start: base + i, valueAt: -1, first: 0, end: 0 }
        isKey = true
      }
      if (c === QUOTE) isInString = true
      else if (c === 0x7b || c === 0x5b) depth++
      else if (c === 0x7d || c === 0x5d) depth--
      if ((c === COMMA && depth === 1) || depth === 0) {
        if (member !== undefined) {
          member.end = base + i
          members.push(member)
        }
        member = undefined
        if (depth === 0) return members
      }
      i++
    }
    base += length
  }
  return members
}

/** Whether the object that begins there has none; nothing is read of those that it has. */
export function isEmptyAt(parts: readonly Buffer[], at: number): boolean {
  let base = 0
  for (const part of parts) {
    for (let i = Math.max(0, at + 1 - base); i < part.length; i++) {
      const c = part[i]
      if (c !== 0x20 && c !== 0x09) return c === 0x7d
    }
    base += part.length
  }
  return false
}

function nextOf(part: Buffer, c: number, from: number): number {
  const found = part.indexOf(c, from)
  return found === -1 ? part.length : found
}

/** What takes these of the members of an object out, each with a comma. */
export function without(members: readonly Member[], isGone: (member: Member) => boolean): Edit[] {
  const edits: Edit[] = []
  const lastKept = members.findLastIndex((member) => !isGone(member))
  for (const member of members.slice(0, lastKept + 1))
    if (isGone(member)) edits.push({ start: member.start, end: member.end + 1, text: '' })
  const rest = members.slice(lastKept + 1)
  const [first] = rest
  const last = rest.at(-1)
  if (first !== undefined && last !== undefined)
    edits.push({ start: members[lastKept]?.end ?? first.start, end: last.end, text: '' })
  return edits
}

/** Bytes of the message as text (latin1). */
export function textAt(parts: readonly Buffer[], start: number, end: number): string {
  let text = ''
  let base = 0
  for (const part of parts) {
    if (base >= end) break
    if (base + part.length > start)
      text += part.toString('latin1', Math.max(0, start - base), Math.min(part.length, end - base))
    base += part.length
  }
  return text
}

const PLAIN = /^"[ -[\]-~]*"$/

function keyOf(raw: string): string {
  if (PLAIN.test(raw)) return raw.slice(1, -1)
  return JSON.parse(Buffer.from(raw, 'latin1').toString('utf8')) as string
}
