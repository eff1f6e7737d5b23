// message/blank: takes a member out of a message without moving what stands behind it.

const BLANK = 0x20
const COMMA = 0x2c
const COLON = 0x3a
const QUOTE = 0x22
const NULL_LENGTH = 4

/**
 * Writes blanks **into the chunks** in place of a member of the outermost object, with the comma that parts it from the
 * others. There are others.
 *
 * @param end where its value ends, which is `null`; the text is JSON
 */
export function blankMember(parts: readonly Buffer[], end: number): void {
  // Behind the value, the colon, and the key from its last quote to its first; a name of the envelope holds no other.
  let start = before(parts, before(parts, end - NULL_LENGTH, COLON), QUOTE) - 1
  while (byteAt(parts, start) !== QUOTE) start--
  const previous = skip(parts, start - 1, -1)
  if (byteAt(parts, previous) === COMMA) return fill(parts, previous, end)
  const next = skip(parts, end, 1)
  fill(parts, start, byteAt(parts, next) === COMMA ? next + 1 : end)
}

/** Where the next byte to the left of `at` stands that is no blank; it is the one that is expected there. */
function before(parts: readonly Buffer[], at: number, expected: number): number {
  const found = skip(parts, at - 1, -1)
  if (byteAt(parts, found) !== expected) throw new TypeError('no member ends here')
  return found
}

function skip(parts: readonly Buffer[], from: number, step: 1 | -1): number {
  let at = from
  // CR and LF are blanks by now.
  for (let c = byteAt(parts, at); c === BLANK || c === 0x09; c = byteAt(parts, at)) at += step
  return at
}

function byteAt(parts: readonly Buffer[], at: number): number {
  let rest = at
  for (const part of parts) {
    if (rest < part.length) return part[rest] ?? -1
    rest -= part.length
  }
  return -1
}

function fill(parts: readonly Buffer[], from: number, to: number): void {
  let base = 0
  for (const part of parts) {
    if (from < base + part.length && to > base)
      part.fill(BLANK, Math.max(0, from - base), Math.min(part.length, to - base))
    base += part.length
  }
}
