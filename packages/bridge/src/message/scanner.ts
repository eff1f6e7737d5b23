// message/scanner: reads the envelope of one JSON-RPC message from its bytes, chunk by chunk; builds none of the cargo.
import { N_MINUS, N_ZERO, N_INTEGER, isSimpleEscape, isHex, numberStep } from './grammar.ts'
import {
  NOTHING,
  TOP,
  SLOT_NONE,
  SLOT_ID,
  SLOT_METHOD,
  SLOT_PARAMS,
  SLOT_RESULT,
  SLOT_ERROR,
  SLOT_META,
  SLOT_PROGRESS_TOKEN,
  SLOT_TOKEN,
  SLOT_REQUEST_ID,
  SLOT_JSONRPC,
  SLOT_TASK,
  watchInside,
  slotAt,
  slotNamed,
  capturesScalar,
  MAX_KEY_BYTES,
} from './members.ts'

/** Where a value stands in the message: byte offsets, end excluded. */
export interface Span {
  start: number
  end: number
}

/**
 * A scalar of the envelope: its JSON text, one character per byte (latin1), and every place it stands in.
 * Of a repeated member the last one counts, as in `JSON.parse`.
 */
export interface Field {
  raw: string
  spans: readonly Span[]
}

/** What the bridge needs to know of a message. Fields that are absent, or not scalars, are undefined. */
export interface Envelope {
  /** `jsonrpc` is `"2.0"`. */
  isRpc: boolean
  /** `id` of a request or a response. */
  id: Field | undefined
  /** There is an `id`, be it a scalar or not. */
  hasId: boolean
  method: string | undefined
  hasResult: boolean
  hasError: boolean
  /** `params._meta.progressToken`: what a request asks progress for. */
  progressToken: Field | undefined
  /** `params.progressToken`: what a progress notification is about. */
  token: Field | undefined
  /** `params.requestId`: what a cancellation is about. */
  requestId: Field | undefined
  /** `params.task` is there: the answer opens a task, whose progress goes on after it (2025-11-25). */
  hasTask: boolean
}

/** The verdict on one text: not JSON, JSON but no object, an array with the places of its elements, or an envelope. */
export type Scan =
  | { type: 'malformed'; at: number }
  | { type: 'scalar' }
  | { type: 'array'; elements: readonly Span[] }
  | { type: 'object'; envelope: Envelope }

// What the next byte may be. The grammar is RFC 8259, nothing more lenient.
const VALUE = 0
const VALUE_OR_CLOSE = 1
const KEY_OR_CLOSE = 2
const KEY = 3
const COLON = 4
const COMMA_OR_CLOSE = 5
const IN_STRING = 6
const ESCAPE = 7
const UNICODE = 8
const NUMBER = 9
const LITERAL = 10
const DONE = 11
const FAILED = 12

const OBJECT = 0
const ARRAY = 1

/** Nesting beyond this is refused as malformed: no tool nests so deep, and a reader's stack is finite. */
const MAX_DEPTH = 4096
/** A method or an id longer than this is refused as malformed. */
const MAX_CAPTURE_BYTES = 64 * 1024
/** A member of the envelope repeated more often than this is refused as malformed. */
const MAX_REPEATS = 16

const LITERALS: Readonly<Record<number, string>> = { 0x74: 'true', 0x66: 'false', 0x6e: 'null' }

interface OpenField {
  /** Empty while the last value seen is absent or no scalar. */
  raw: string
  spans: Span[]
}

/**
 * One message at a time: `push` its chunks, `finish` it, and the scanner is ready for the next.
 *
 * Accepts exactly what `JSON.parse` accepts, bounded in depth; linear in the bytes. Carriage returns and line feeds
 * between tokens are overwritten with spaces **in the chunk itself**, so that what was scanned fits on one line.
 */
export class Scanner {
  #state = VALUE
  /** Bytes of the message that came in earlier chunks. */
  #offset = 0
  #depth = 0
  #containers = new Uint8Array(64)
  #watch = new Uint8Array(4)
  #slot = SLOT_NONE
  #isKey = false
  #isEscaped = false
  #number = 0
  #literal = ''
  #matched = 0
  #hexLeft = 0
  #isArray = false
  #failedAt = 0

  /** Offset of the scalar being captured, or -1; what earlier chunks held of it. */
  #captureStart = -1
  #captured = ''
  #elements: Span[] = []
  #elementStart = -1

  /** By slot. */
  #fields: (OpenField | undefined)[] = Array.from({ length: SLOT_TASK })
  #hasId = false
  #hasResult = false
  #hasError = false
  #hasTask = false

  get hasFailed(): boolean {
    return this.#state === FAILED
  }

  push(chunk: Buffer): void {
    const length = chunk.length
    let i = 0
    while (i < length) {
      const c = chunk[i]!
      switch (this.#state) {
        case IN_STRING: {
          // The bulk of every large message: find the end of the run without leaving the loop.
          let end = i
          let d = c
          while (d !== 0x22 && d !== 0x5c && d >= 0x20) {
            end++
            if (end === length) break
            d = chunk[end]!
          }
          i = end
          if (end === length) break
          if (d === 0x22) this.#endString(chunk, i)
          else if (d === 0x5c) {
            this.#state = ESCAPE
            this.#isEscaped = true
          } else this.#fail(i)
          i++
          break
        }
        case ESCAPE:
          if (c === 0x75) {
            this.#hexLeft = 4
            this.#state = UNICODE
          } else if (isSimpleEscape(c)) this.#state = IN_STRING
          else this.#fail(i)
          i++
          break
        case UNICODE:
          if (!isHex(c)) this.#fail(i)
          else if (--this.#hexLeft === 0) this.#state = IN_STRING
          i++
          break
        case NUMBER: {
          const next = numberStep(this.#number, c)
          if (next !== 0) {
            this.#number = next
            i++
          } else if (this.#number % 2 === 0) this.#endScalar(chunk, i)
          else this.#fail(i)
          break
        }
        case LITERAL:
          if (c !== this.#literal.charCodeAt(this.#matched)) this.#fail(i)
          else if (++this.#matched === this.#literal.length) this.#endScalar(chunk, i + 1)
          i++
          break
        case FAILED:
          i = length
          break
        default:
          if (c === 0x20 || c === 0x09) i++
          else if (c === 0x0a || c === 0x0d) chunk[i++] = 0x20
          else this.#structure(i++, c)
      }
    }
    if (this.#captureStart !== -1) this.#keepCaptured(chunk, length)
    this.#offset += length
  }

  /** The verdict on everything pushed since the last `finish`. */
  finish(): Scan {
    // A number has no closing byte of its own: at the top level the end of the text closes it.
    if (this.#state === NUMBER && this.#depth === 0 && this.#number % 2 === 0) this.#state = DONE
    const scan = this.#verdict()
    this.#reset()
    return scan
  }

  #verdict(): Scan {
    if (this.#state !== DONE)
      return { type: 'malformed', at: this.#state === FAILED ? this.#failedAt : this.#offset }
    if (this.#isArray) return { type: 'array', elements: this.#elements }
    if (this.#watch[1] !== TOP) return { type: 'scalar' }
    const method = this.#fields[SLOT_METHOD]?.raw
    return {
      type: 'object',
      envelope: {
        isRpc: this.#fields[SLOT_JSONRPC]?.raw === '"2.0"',
        id: this.#field(SLOT_ID),
        hasId: this.#hasId,
        method: method !== undefined && method.startsWith('"') ? unquote(method) : undefined,
        hasResult: this.#hasResult,
        hasError: this.#hasError,
        progressToken: this.#field(SLOT_PROGRESS_TOKEN),
        token: this.#field(SLOT_TOKEN),
        requestId: this.#field(SLOT_REQUEST_ID),
        hasTask: this.#hasTask,
      },
    }
  }

  /** One byte between scalars: a bracket, a comma, a colon, or the first byte of a scalar. */
  #structure(i: number, c: number): void {
    const state = this.#state
    if (state === COMMA_OR_CLOSE) {
      if (c === 0x2c) this.#next()
      else if (c === 0x7d && this.#containers[this.#depth] === OBJECT) this.#close(i)
      else if (c === 0x5d && this.#containers[this.#depth] === ARRAY) this.#close(i)
      else this.#fail(i)
    } else if (state === KEY || state === KEY_OR_CLOSE) {
      if (c === 0x22) this.#beginKey(i)
      else if (c === 0x7d && state === KEY_OR_CLOSE) this.#close(i)
      else this.#fail(i)
    } else if (state === COLON) {
      if (c === 0x3a) this.#state = VALUE
      else this.#fail(i)
    } else if (state === DONE) this.#fail(i)
    else if (c === 0x5d && state === VALUE_OR_CLOSE) this.#close(i)
    else this.#beginValue(i, c)
  }

  #beginKey(i: number): void {
    this.#isKey = true
    this.#isEscaped = false
    this.#state = IN_STRING
    if (this.#depth <= 3 && this.#watch[this.#depth] !== NOTHING) this.#captureStart = this.#offset + i
  }

  #beginValue(i: number, c: number): void {
    if (this.#isArray && this.#depth === 1) this.#elementStart = this.#offset + i
    if (c === 0x7b) return this.#open(OBJECT, i)
    if (c === 0x5b) return this.#open(ARRAY, i)
    if (capturesScalar(this.#slot)) this.#captureStart = this.#offset + i
    if (c === 0x22) {
      this.#isKey = false
      this.#state = IN_STRING
    } else if (c === 0x2d || (c >= 0x30 && c <= 0x39)) {
      this.#number = c === 0x2d ? N_MINUS : c === 0x30 ? N_ZERO : N_INTEGER
      this.#state = NUMBER
    } else {
      const literal = LITERALS[c]
      if (literal === undefined) return this.#fail(i)
      this.#literal = literal
      this.#matched = 1
      this.#state = LITERAL
    }
  }

  #open(container: number, i: number): void {
    const slot = this.#slot
    const depth = ++this.#depth
    if (depth > MAX_DEPTH) return this.#fail(i)
    if (depth === this.#containers.length) this.#grow()
    this.#containers[depth] = container
    if (depth === 1) this.#isArray = container === ARRAY
    if (depth <= 3) this.#watch[depth] = container === OBJECT ? watchInside(depth, slot) : NOTHING
    if (capturesScalar(slot)) this.#forget(slot)
    this.#slot = SLOT_NONE
    this.#state = container === OBJECT ? KEY_OR_CLOSE : VALUE_OR_CLOSE
  }

  #close(i: number): void {
    this.#depth--
    this.#endValue(i + 1)
  }

  #next(): void {
    this.#state = this.#containers[this.#depth] === OBJECT ? KEY : VALUE
  }

  #endString(chunk: Buffer, i: number): void {
    if (!this.#isKey) return this.#endScalar(chunk, i + 1)
    this.#state = COLON
    if (this.#captureStart === -1) return
    const watch = this.#watch[this.#depth]!
    const from = this.#captureStart - this.#offset
    if (from >= 0 && !this.#isEscaped) this.#slot = slotAt(watch, chunk, from + 1, i)
    else {
      this.#keepCaptured(chunk, i + 1)
      // A longer one may not even be there to its end.
      this.#slot =
        this.#captured.length > MAX_KEY_BYTES ? SLOT_NONE : slotNamed(watch, unquote(this.#captured))
    }
    this.#captureStart = -1
    this.#captured = ''
    this.#noteMember(this.#slot)
  }

  #noteMember(slot: number): void {
    if (slot === SLOT_ID) this.#hasId = true
    else if (slot === SLOT_RESULT) this.#hasResult = true
    else if (slot === SLOT_ERROR) this.#hasError = true
    else if (slot === SLOT_TASK) this.#hasTask = true
    else if (slot === SLOT_PARAMS) {
      // A repeated member replaces the earlier one whole; its places stay known, so that they are rewritten too.
      this.#forget(SLOT_PROGRESS_TOKEN)
      this.#forget(SLOT_TOKEN)
      this.#forget(SLOT_REQUEST_ID)
      this.#hasTask = false
    } else if (slot === SLOT_META) this.#forget(SLOT_PROGRESS_TOKEN)
  }

  #endScalar(chunk: Buffer, end: number): void {
    if (this.#captureStart !== -1) {
      const start = this.#captureStart
      this.#keepCaptured(chunk, end)
      const field = (this.#fields[this.#slot] ??= { raw: '', spans: [] })
      field.raw = this.#captured
      field.spans.push({ start, end: this.#offset + end })
      this.#captureStart = -1
      this.#captured = ''
      if (field.spans.length > MAX_REPEATS || field.raw.length > MAX_CAPTURE_BYTES) return this.#fail(end)
    }
    this.#endValue(end)
  }

  #endValue(end: number): void {
    this.#slot = SLOT_NONE
    this.#state = this.#depth === 0 ? DONE : COMMA_OR_CLOSE
    if (this.#isArray && this.#depth === 1 && this.#elementStart !== -1) {
      this.#elements.push({ start: this.#elementStart, end: this.#offset + end })
      this.#elementStart = -1
    }
  }

  /** Takes what of the scalar being captured lies in this chunk, up to `end`. */
  #keepCaptured(chunk: Buffer, end: number): void {
    const from = Math.max(0, this.#captureStart - this.#offset)
    if (this.#captured.length > MAX_CAPTURE_BYTES) return
    // latin1 keeps one character per byte, so that a character cut by a chunk border survives.
    this.#captured += chunk.toString('latin1', from, end)
  }

  #field(slot: number): Field | undefined {
    const field = this.#fields[slot]
    return field === undefined || field.raw === '' ? undefined : field
  }

  #forget(slot: number): void {
    const field = this.#fields[slot]
    if (field !== undefined) field.raw = ''
  }

  #fail(i: number): void {
    this.#failedAt = this.#offset + i
    this.#state = FAILED
  }

  #grow(): void {
    const larger = new Uint8Array(this.#containers.length * 4)
    larger.set(this.#containers)
    this.#containers = larger
  }

  #reset(): void {
    this.#state = VALUE
    this.#offset = 0
    this.#depth = 0
    this.#watch[1] = NOTHING
    this.#slot = SLOT_NONE
    this.#isArray = false
    this.#captureStart = -1
    this.#captured = ''
    this.#elementStart = -1
    if (this.#elements.length > 0) this.#elements = []
    this.#fields.fill(undefined)
    this.#hasId = false
    this.#hasResult = false
    this.#hasError = false
    this.#hasTask = false
  }
}

/** The value of a JSON string whose text was kept as latin1. */
function unquote(raw: string): string {
  if (PLAIN.test(raw)) return raw.slice(1, -1)
  return JSON.parse(Buffer.from(raw, 'latin1').toString('utf8')) as string
}

const PLAIN = /^"[ -[\]-~]*"$/
