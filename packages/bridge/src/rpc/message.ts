// rpc/message: one JSON-RPC message: its original bytes, its envelope, and what to write in place of its ids.
import { isUtf8 } from 'node:buffer'
import { BridgeError, type ErrorCode } from '../errors.ts'
import { blankMember } from './blank.ts'
import { parseExact } from './exact.ts'
import { isEmptyAt, membersAt, textAt, type Edit, type Member } from './members.ts'
import { MAX_DEPTH, Scanner, type Envelope, type Field, type Nulls, type Span } from './scanner.ts'
import { idToEcho, problemOf } from './strict.ts'

export type MessageKind = 'request' | 'notification' | 'response'

/**
 * What to write: a small message as text, one character per byte (latin1), which joins with others into one write; of a
 * large one its chunks, which nobody copies.
 */
export type Encoded = string | readonly Buffer[]

const TEXT_LIMIT_BYTES = 64 * 1024
/** What is nested deeper is not parsed: readers and writers of JSON need a stack for it, and end at some 2,000 levels. */
export const MAX_READ_DEPTH = 1000

/**
 * A message on its way. The bytes are those that came in; `rewrite` notes what changes, `encode` writes it out.
 * Whatever the bridge has no reason to touch (number literals, key order, unknown members) leaves as it came.
 */
export class Message {
  readonly kind: MessageKind
  readonly envelope: Envelope
  /** The code of a failure that the bridge itself answers with; undefined for whatever comes from outside. */
  readonly failure: ErrorCode | undefined
  readonly #parts: readonly Buffer[]
  readonly #edits: readonly Edit[]
  #resultMembers: readonly Member[] | undefined

  private constructor(
    kind: MessageKind,
    envelope: Envelope,
    parts: readonly Buffer[],
    edits: readonly Edit[],
    failure?: ErrorCode,
  ) {
    this.kind = kind
    this.envelope = envelope
    this.failure = failure
    this.#parts = parts
    this.#edits = edits
  }

  /** A scanned text as a message, or why it is none. */
  static of(envelope: Envelope, parts: readonly Buffer[]): Message | { problem: string } {
    if (envelope.doubted.length > 0) return Message.#asParsed(envelope, parts)
    const meant = withoutNulls(envelope, parts)
    const kind = kindOf(meant)
    return typeof kind === 'object' ? kind : new Message(kind, meant, parts, NO_EDITS)
  }

  /** Written anew as `JSON.parse` reads it: of a repeated member the last one is left, and no other has to be rewritten. */
  static #asParsed({ doubted, otherIds }: Envelope, parts: readonly Buffer[]): Message | { problem: string } {
    const value = parseExact(Buffer.concat(parts).toString('utf8'))
    const bytes = Buffer.from(JSON.stringify(value))
    wholeTexts.push(bytes)
    const scan = wholeTexts.finish()
    if (scan.type !== 'object') return { problem: 'not a JSON-RPC message' }
    const envelope = { ...withoutNulls(scan.envelope, [bytes]), doubted, otherIds }
    const kind = kindOf(envelope)
    return typeof kind === 'object' ? kind : new Message(kind, envelope, [bytes], NO_EDITS)
  }

  /** A message of our own making. */
  static from(value: object, failure?: ErrorCode): Message {
    const bytes = Buffer.from(JSON.stringify(value))
    wholeTexts.push(bytes)
    const scan = wholeTexts.finish()
    const kind = scan.type === 'object' ? kindOf(scan.envelope) : { problem: scan.type }
    if (scan.type !== 'object' || typeof kind === 'object') throw new TypeError('not a JSON-RPC message')
    return new Message(kind, scan.envelope, [bytes], NO_EDITS, failure)
  }

  /** JSON text of the id (latin1), as it came. */
  get id(): string {
    return this.envelope.id?.raw ?? 'null'
  }

  get method(): string {
    return this.envelope.method ?? ''
  }

  /** JSON text (latin1) of the id as `encode` writes it: behind `rewrite` no longer the one that came in. */
  get writtenId(): string {
    const start = this.envelope.id?.start
    return this.#edits.find((edit) => edit.start === start)?.text ?? this.id
  }

  /** Bytes of the message as it came. */
  get receivedBytes(): number {
    let length = 0
    for (const part of this.#parts) length += part.length
    return length
  }

  /** Bytes of the message as `encode` writes it, without prefix and suffix. */
  get byteLength(): number {
    let length = this.receivedBytes
    for (const edit of this.#edits) length += edit.text.length - (edit.end - edit.start)
    return length
  }

  /** The same message with other scalars in the places of these fields. Texts are latin1. */
  rewrite(changes: readonly (readonly [Field | undefined, string])[]): Message {
    const edits: Edit[] = []
    for (const [field, text] of changes) {
      if (field !== undefined) edits.push({ start: field.start, end: field.end, text })
    }
    // What was edited besides stays; what was rewritten before is rewritten anew.
    for (const edit of this.#edits)
      if (!changes.some(([field]) => field?.start === edit.start && field.end === edit.end)) edits.push(edit)
    if (edits.length > 1) edits.sort(byPlace)
    return new Message(this.kind, this.envelope, this.#parts, edits, this.failure)
  }

  /** The same message with these changes (latin1) of the original, besides what was rewritten; none reaches into another. */
  edited(changes: readonly Edit[]): Message {
    if (changes.length === 0) return this
    const edits = [...this.#edits, ...changes].toSorted(byPlace)
    return new Message(this.kind, this.envelope, this.#parts, edits, this.failure)
  }

  /** Where the members of its result stand in the original; none of a result that is no object. */
  get resultMembers(): readonly Member[] {
    const { resultAt } = this.envelope
    return (this.#resultMembers ??= resultAt === -1 ? [] : this.membersAt(resultAt))
  }

  /**
   * Whether these bytes stand anywhere in the original: a search by Node, which reads nothing.
   *
   * @param rarest one of them: to look for a single byte costs a sixth, and mostly it is not there
   */
  holds(bytes: Buffer, rarest: number): boolean {
    const [only] = this.#parts
    const whole = only !== undefined && this.#parts.length === 1 ? only : Buffer.concat(this.#parts)
    return whole.includes(rarest) && whole.includes(bytes)
  }

  /** The same of the object that begins at this byte of the original. */
  membersAt(at: number): readonly Member[] {
    return membersAt(this.#parts, at)
  }

  /** Whether the object that begins there has no members. */
  isEmptyAt(at: number): boolean {
    return isEmptyAt(this.#parts, at)
  }

  /** What stands there in the original, as JSON text (latin1). */
  textAt({ start, end }: Span): string {
    return textAt(this.#parts, start, end)
  }

  /** What to write; `prefix` and `suffix` are latin1. */
  encode(prefix: string, suffix: string): Encoded {
    if (this.byteLength <= TEXT_LIMIT_BYTES) return prefix + this.#text() + suffix
    const parts: Buffer[] = prefix === '' ? [] : [Buffer.from(prefix, 'latin1')]
    for (const piece of this.#pieces())
      parts.push(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)
    if (suffix !== '') parts.push(Buffer.from(suffix, 'latin1'))
    return parts
  }

  /** The whole, parsed. For the few small messages that somebody must look into. Throws as `exactJson` does. */
  json(): unknown {
    return JSON.parse(this.#utf8())
  }

  /**
   * The whole, parsed to be changed and written again: no number loses a digit.
   *
   * @throws BridgeError `request_invalid`, `answer_unreadable` for what is nested too deep
   */
  exactJson(): unknown {
    return parseExact(this.#utf8())
  }

  #utf8(): string {
    if (this.envelope.depth > MAX_READ_DEPTH) {
      const code = this.kind === 'request' ? 'request_invalid' : 'answer_unreadable'
      throw new BridgeError(code, `nested too deep to be read: over ${MAX_READ_DEPTH} levels`)
    }
    const [only, other] = this.#parts
    if (only !== undefined && other === undefined && this.#edits.length === 0) return only.toString('utf8')
    const encoded = this.encode('', '')
    const bytes = typeof encoded === 'string' ? Buffer.from(encoded, 'latin1') : Buffer.concat(encoded)
    return bytes.toString('utf8')
  }

  #text(): string {
    let original = ''
    for (const part of this.#parts) original += part.toString('latin1')
    let text = ''
    let from = 0
    for (const edit of this.#edits) {
      text += original.slice(from, edit.start) + edit.text
      from = edit.end
    }
    return from === 0 ? original : text + original.slice(from)
  }

  /** Original and replaced stretches, in order. */
  *#pieces(): Generator<Buffer | string> {
    let base = 0
    let next = 0
    for (const part of this.#parts) {
      let from = 0
      for (
        let edit = this.#edits[next];
        edit !== undefined && edit.start < base + part.length;
        edit = this.#edits[next]
      ) {
        if (edit.start >= base) {
          if (edit.start > base + from) yield part.subarray(from, edit.start - base)
          yield edit.text
        }
        from = Math.min(part.length, edit.end - base)
        // An edit that runs over a chunk border goes on in the next chunk.
        if (edit.end > base + part.length) break
        next++
      }
      if (from < part.length) yield from === 0 ? part : part.subarray(from)
      base += part.length
    }
  }
}

/** For texts that are there as a whole: begun and finished in one go, it serves them all. */
const wholeTexts = new Scanner()

const NO_EDITS: readonly Edit[] = []

/** What is put in front of something that is taken out comes first. */
function byPlace(a: Edit, b: Edit): number {
  return a.start - b.start || a.end - b.end
}

/**
 * Serialisers that write every field put `"error": null` beside a result, and the other way round, or both into whatever has
 * a method. Such a member is as good as absent, and taken out, of the bytes too: some clients refuse the message else.
 */
function withoutNulls(envelope: Envelope, parts: readonly Buffer[]): Envelope {
  const { nulls } = envelope
  if (nulls === undefined) return envelope
  const left = { ...envelope }
  for (const name of idleMembers(envelope)) {
    const end = nulls[name]
    if (end === undefined) continue
    blankMember(parts, end)
    if (name === 'result') left.hasResult = false
    if (name === 'error') left.hasError = false
  }
  return left
}

/** What may be `null` because something else counts. */
function idleMembers({ method, hasResult, hasError, nulls }: Envelope): readonly (keyof Nulls)[] {
  if (method !== undefined) return ['result', 'error']
  if (hasError && nulls?.error === undefined) return ['method', 'params', 'result']
  return hasResult ? ['method', 'params', 'error'] : []
}

/** @see https://modelcontextprotocol.io/specification/2025-11-25/basic#messages */
function kindOf(envelope: Envelope): MessageKind | { problem: string } {
  const { id, method, hasResult, hasError } = envelope
  if (!envelope.isRpc) return { problem: 'a message says "jsonrpc":"2.0"' }
  if (method !== undefined) {
    if (hasResult || hasError) return { problem: 'a message with a method carries no result and no error' }
    if (id === undefined)
      return envelope.hasId ? { problem: 'the id of a request is a string or a number' } : 'notification'
    return isId(id.raw) ? 'request' : { problem: 'the id of a request is a string or a number' }
  }
  if (hasResult === hasError) return { problem: 'a message has a method, a result or an error' }
  if (hasError && envelope.nulls?.error !== undefined) return { problem: 'an error is an object' }
  if (id === undefined) return { problem: 'a response has an id' }
  return isId(id.raw) || (hasError && id.raw === 'null')
    ? 'response'
    : { problem: 'the id of a response is a string or a number' }
}

function isId(raw: string): boolean {
  const first = raw.charCodeAt(0)
  return first === 0x22 || first === 0x2d || (first >= 0x30 && first <= 0x39)
}

/** Why a body is no message: not JSON at all, or JSON that is not JSON-RPC. */
export interface Rejected {
  reason: 'not_json' | 'not_rpc'
  problem: string
  /** JSON text (latin1) of the id of the request that it was, where that is beyond doubt. */
  id?: string
}

/**
 * Reads a whole body of a client: one message, or the elements of a batch, each beyond doubt.
 *
 * Line breaks between tokens are overwritten with spaces in the given buffers: what goes to a child fits on one line.
 * A byte order mark in front is left out: "implementations MAY ignore the presence of a byte order mark" (RFC 8259, 8.1).
 */
export function readBody(chunks: readonly Buffer[]): Message | Message[] | Rejected {
  const scanner = wholeTexts
  const parts = chunks[0]?.[0] === MARK[0] ? withoutMark(chunks) : chunks
  for (const part of parts) scanner.push(part)
  const scan = scanner.finish()
  if (scan.type === 'malformed') {
    return scan.isTooDeep
      ? { reason: 'not_rpc', problem: `nested too deep: over ${MAX_DEPTH} levels` }
      : { reason: 'not_json', problem: `not JSON (byte ${scan.at})` }
  }
  if (!areUtf8(parts)) return { reason: 'not_json', problem: 'not UTF-8' }
  if (scan.type === 'scalar') return { reason: 'not_rpc', problem: 'not a JSON-RPC message' }
  if (scan.type === 'object') return ofClient(scan.envelope, parts)
  if (scan.elements.length > MAX_BATCH)
    return { reason: 'not_rpc', problem: `a batch of more than ${MAX_BATCH} messages` }
  return readElements(scanner, Buffer.concat(parts), scan.elements, ofClient)
}

function ofClient(envelope: Envelope, parts: readonly Buffer[]): Message | Rejected {
  const problem = problemOf(envelope)
  const message = problem === undefined ? Message.of(envelope, parts) : { problem }
  if (message instanceof Message) return message
  const id = idToEcho(envelope)
  return { reason: 'not_rpc', ...message, ...(id === undefined ? {} : { id }) }
}

const MARK = Buffer.from('\ufeff')

function withoutMark(chunks: readonly Buffer[]): readonly Buffer[] {
  const whole = Buffer.concat(chunks)
  return whole.subarray(0, MARK.length).equals(MARK) ? [whole.subarray(MARK.length)] : chunks
}

/** Each message costs more than its bytes: clients that batch at all send a handful. */
const MAX_BATCH = 1000

/** The elements of a JSON array, each as a message of its own. */
export function readElements(
  scanner: Scanner,
  bytes: Buffer,
  elements: readonly Span[],
  of: (envelope: Envelope, parts: readonly Buffer[]) => Message | { problem: string } = Message.of,
): Message[] | Rejected {
  if (elements.length === 0) return { reason: 'not_rpc', problem: 'an empty batch' }
  const messages: Message[] = []
  for (const { start, end } of elements) {
    const part = bytes.subarray(start, end)
    scanner.push(part)
    const scan = scanner.finish()
    if (scan.type !== 'object') return { reason: 'not_rpc', problem: 'a batch holds JSON-RPC messages only' }
    const message = of(scan.envelope, [part])
    if (!(message instanceof Message)) return { reason: 'not_rpc', problem: message.problem }
    messages.push(message)
  }
  return messages
}

/** Whether the chunks together are UTF-8; a character may be cut by a chunk border. */
export function areUtf8(parts: readonly Buffer[]): boolean {
  const [first] = parts
  if (parts.length === 1 && first !== undefined) return isUtf8(first)
  let rest: Buffer = EMPTY
  for (const part of parts) {
    const whole = rest.length === 0 ? part : Buffer.concat([rest, part])
    const end = completeLength(whole)
    if (!isUtf8(whole.subarray(0, end))) return false
    rest = whole.subarray(end)
  }
  return rest.length === 0
}

const EMPTY = Buffer.alloc(0)

/** Length without the character that the end cuts, if it cuts one. */
function completeLength(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const c = bytes[bytes.length - back]!
    if (c < 0x80) return bytes.length
    if (c >= 0xc0) {
      const size = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2
      return size > back ? bytes.length - back : bytes.length
    }
  }
  return bytes.length
}

/**
 * A key under which equal ids meet: `1` and `1.0` are one number, `1` and `"1"` are two ids, and integers beyond 2^53
 * stay apart. Takes the JSON text, latin1.
 */
export function idKey(raw: string): string {
  if (raw.startsWith('"')) {
    if (/^[ -[\]-~]*$/.test(raw)) return raw
    return JSON.stringify(JSON.parse(Buffer.from(raw, 'latin1').toString('utf8')))
  }
  return /^-?\d+$/.test(raw) ? raw : String(Number(raw))
}

/** One of the bridge's own numbers, also where a child sends it back as `"7"` or `7.0`; NaN for anything else. */
export function integerOf(raw: string): number {
  return Number(raw.startsWith('"') ? raw.slice(1, -1) : raw)
}
