// rpc/blank: takes a member out of a message without moving what stands behind it.

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
  const bytes = new Bytes(parts)
  // Behind the value, the colon, and the key from its last quote to its first; a name of the envelope holds no other.
  let start = before(bytes, before(bytes, end - NULL_LENGTH, COLON), QUOTE) - 1
  while (bytes.at(start) !== QUOTE) start--
  const previous = skip(bytes, start - 1, -1)
  if (bytes.at(previous) === COMMA) return fill(parts, previous, end)
  const next = skip(bytes, end, 1)
  fill(parts, start, bytes.at(next) === COMMA ? next + 1 : end)
}

/** Where the next byte to the left of `at` stands that is no blank; it is the one that is expected there. */
function before(bytes: Bytes, at: number, expected: number): number {
  const found = skip(bytes, at - 1, -1)
  if (bytes.at(found) !== expected) throw new TypeError('no member ends here')
  return found
}

function skip(bytes: Bytes, from: number, step: 1 | -1): number {
  let at = from
  // CR and LF are blanks by now.
  for (let c = bytes.at(at); c === BLANK || c === 0x09; c = bytes.at(at)) at += step
  return at
}

/** The chunks as one text, for steps that are mostly to the byte beside. */
class Bytes {
  readonly #parts: readonly Buffer[]
  /** The chunk looked into last, and where it begins. */
  #index = 0
  #base = 0

  constructor(parts: readonly Buffer[]) {
    this.#parts = parts
  }

  /** -1 where there is none. */
  at(at: number): number {
    if (at < 0) return -1
    while (at < this.#base) this.#base -= this.#parts[--this.#index]?.length ?? 0
    for (;;) {
      const part = this.#parts[this.#index]
      if (part === undefined) return this.#end()
      if (at < this.#base + part.length) return part[at - this.#base] ?? -1
      this.#base += part.length
      this.#index++
    }
  }

  #end(): number {
    this.#index = 0
    this.#base = 0
    return -1
  }
}

function fill(parts: readonly Buffer[], from: number, to: number): void {
  let base = 0
  for (const part of parts) {
    if (from < base + part.length && to > base)
      part.fill(BLANK, Math.max(0, from - base), Math.min(part.length, to - base))
    base += part.length
  }
}
