// rpc/scanner: reads the envelope of one JSON-RPC message from its bytes, chunk by chunk; builds none of the cargo.
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
  SLOT_OTHER_ID,
  SLOT_TASK,
  SLOT_NAME,
  SLOT_REVISION,
  SLOT_SUBSCRIPTION,
  SLOT_INPUT_RESPONSES,
  SLOT_REQUEST_STATE,
  SLOTS,
  META,
  watchInside,
  slotAt,
  slotNamed,
  namesOf,
  capturesScalar,
  MAX_KEY_BYTES,
} from './envelope-keys.ts'

/** Where a value stands in the message: byte offsets, end excluded. */
export interface Span {
  start: number
  end: number
}

/** A scalar of the envelope: its JSON text, one character per byte (latin1), and where it stands. */
export interface Field extends Span {
  raw: string
}

/** Members of the outermost object that are `null`, and where each ends. */
export type Nulls = Readonly<Partial<Record<'method' | 'params' | 'result' | 'error', number>>>

/**
 * What the bridge needs to know of a message. Fields that are absent, or not scalars, are undefined.
 *
 * Readers agree on it where `doubted` is empty; else some take the first of two members and some the last, some fold case.
 */
export interface Envelope {
  /** `jsonrpc` is `"2.0"`. */
  isRpc: boolean
  /** `id` of a request or a response. */
  id: Field | undefined
  /** There is an `id`, be it a scalar or not. */
  hasId: boolean
  method: string | undefined
  /** There is a `method`, be it a string or not. */
  hasMethod: boolean
  hasResult: boolean
  hasError: boolean
  /** Undefined for most messages. */
  nulls: Nulls | undefined
  /** `params` is there and neither an object nor null. */
  hasOddParams: boolean
  /** `params.name`, if that is a string. */
  name: Span | undefined
  /** `params._meta.progressToken`: what a request asks progress for; with null it asks for none. */
  progressToken: Field | undefined
  /** `params.progressToken`: what a progress notification is about. */
  token: Field | undefined
  /** `params.requestId`: what a cancellation is about. */
  requestId: Field | undefined
  /** `params.task` is there: the answer opens a task, whose progress goes on after it (2025-11-25). */
  hasTask: boolean
  /** `params._meta.progressToken` is there and no scalar. */
  hasOddToken: boolean
  /** The request says for itself which revision it speaks, be it in a string or not (2026-07-28). */
  isModern: boolean
  /** Where the object that is the `params` begins; -1 without one. */
  paramsAt: number
  /** `params._meta`, if that is an object. */
  meta: Span | undefined
  /** `params._meta` is there and no object. */
  hasOddMeta: boolean
  /** `params` brings back what the client was asked, or was given to bring back (2026-07-28). */
  isRetry: boolean
  /** `params._meta`: the request for which the client hears this (2026-07-28). */
  subscription: Field | undefined
  /** Where the object that is the `result` begins; -1 without one. */
  resultAt: number
  /** How many objects and arrays stand in each other, the message itself included. */
  depth: number
  /** Names of the members that stand there twice, or in another spelling. */
  doubted: readonly string[]
  /** JSON texts (latin1) of whatever else some reader may take for the id. */
  otherIds: readonly string[]
}

/** JSON: no object, an array with the places of its elements, or an envelope. */
export type Scanned =
  | { type: 'scalar' }
  | { type: 'array'; elements: readonly Span[] }
  | { type: 'object'; envelope: Envelope }

/**
 * The verdict on one text. One that is no JSON may be so for what stands behind it (`isComplete`: what came before `at` is
 * a whole value); `before` is what had been seen by then.
 */
export type Scan =
  | Scanned
  | { type: 'malformed'; at: number; isTooDeep: boolean; isComplete: boolean; before: Scanned }

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

/** Nesting beyond this is refused: no tool nests so deep, and a reader's stack is finite. */
export const MAX_DEPTH = 4096
/** A method or an id longer than this is refused as malformed. */
const MAX_CAPTURE_BYTES = 64 * 1024
/** Other ids beyond these are not kept. */
const MAX_OTHER_IDS = 16

const LITERALS: Readonly<Record<number, string>> = { 0x74: 'true', 0x66: 'false', 0x6e: 'null' }

const NONE: readonly string[] = []
/** Elements of an array whose places are kept; there is one more where there are more. */
export const MAX_ELEMENTS = 10_000

const NULLABLE: Readonly<Record<number, keyof Nulls>> = {
  [SLOT_METHOD]: 'method',
  [SLOT_PARAMS]: 'params',
  [SLOT_RESULT]: 'result',
  [SLOT_ERROR]: 'error',
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
  /** It failed behind a whole value. */
  #isComplete = false

  /** Offset of the scalar being captured, or -1; what earlier chunks held of it. */
  #captureStart = -1
  #captured = ''
  #elements: Span[] = []
  #elementStart = -1

  /** By slot: the last scalar, and the first byte of the last value. */
  #fields: (Field | undefined)[] = Array.from({ length: SLOTS })
  #firsts = new Uint8Array(SLOTS)
  /** A bit for each slot: members that stand there as they should; those that also do otherwise. */
  #seen = 0
  #doubted = 0
  #otherIds: string[] | undefined
  #nulls: Nulls | undefined
  #resultAt = -1
  #paramsAt = -1
  #nameAt = -1
  #nameEnd = -1
  #metaAt = -1
  #metaEnd = -1
  #deepest = 0

  get hasFailed(): boolean {
    return this.#state === FAILED
  }

  /** What was pushed so far is a whole value. */
  get isDone(): boolean {
    return this.#state === DONE
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
          else if (++this.#matched === this.#literal.length) {
            if (this.#depth === 1 && this.#literal === 'null')
              this.#noteNull(this.#slot, this.#offset + i + 1)
            this.#endScalar(chunk, i + 1)
          }
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
    const before = this.#scanned()
    if (this.#state === DONE) return before
    const at = this.#state === FAILED ? this.#failedAt : this.#offset
    return { type: 'malformed', at, isTooDeep: this.#depth > MAX_DEPTH, isComplete: this.#isComplete, before }
  }

  #scanned(): Scanned {
    if (this.#isArray) return { type: 'array', elements: this.#elements }
    if (this.#watch[1] !== TOP) return { type: 'scalar' }
    const fields = this.#fields
    const method = fields[SLOT_METHOD]?.raw
    const hasMeta = this.#has(SLOT_META) && this.#begins(SLOT_META, 0x7b, 0x7b)
    return {
      type: 'object',
      envelope: {
        isRpc: fields[SLOT_JSONRPC]?.raw === VERSION,
        id: fields[SLOT_ID],
        hasId: this.#has(SLOT_ID),
        method: method !== undefined && method.startsWith('"') ? unquote(method) : undefined,
        hasMethod: this.#has(SLOT_METHOD),
        hasResult: this.#has(SLOT_RESULT),
        hasError: this.#has(SLOT_ERROR),
        nulls: this.#nulls,
        hasOddParams: this.#has(SLOT_PARAMS) && !this.#begins(SLOT_PARAMS, 0x7b, 0x6e),
        name:
          this.#has(SLOT_NAME) && this.#begins(SLOT_NAME, 0x22, 0x22)
            ? { start: this.#nameAt, end: this.#nameEnd }
            : undefined,
        progressToken: this.#begins(SLOT_PROGRESS_TOKEN, 0x6e, 0x6e)
          ? undefined
          : fields[SLOT_PROGRESS_TOKEN],
        token: fields[SLOT_TOKEN],
        requestId: fields[SLOT_REQUEST_ID],
        hasTask: this.#has(SLOT_TASK),
        hasOddToken: this.#has(SLOT_PROGRESS_TOKEN) && this.#begins(SLOT_PROGRESS_TOKEN, 0x7b, 0x5b),
        isModern: this.#has(SLOT_REVISION),
        paramsAt: this.#paramsAt,
        meta: hasMeta ? { start: this.#metaAt, end: this.#metaEnd } : undefined,
        hasOddMeta: this.#has(SLOT_META) && !hasMeta,
        isRetry: this.#has(SLOT_INPUT_RESPONSES) || this.#has(SLOT_REQUEST_STATE),
        subscription: fields[SLOT_SUBSCRIPTION],
        resultAt: this.#resultAt,
        depth: this.#deepest,
        doubted: this.#doubted === 0 ? NONE : namesOf(this.#doubted),
        otherIds: this.#otherIds ?? NONE,
      },
    }
  }

  #has(slot: number): boolean {
    return (this.#seen & (1 << slot)) !== 0
  }

  /** Whether the value there begins with one of these. */
  #begins(slot: number, a: number, b: number): boolean {
    const first = this.#firsts[slot]
    return first === a || first === b
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
    this.#firsts[this.#slot] = c
    if (this.#slot === SLOT_RESULT && c === 0x7b) this.#resultAt = this.#offset + i
    else if (this.#slot === SLOT_PARAMS && c === 0x7b) this.#paramsAt = this.#offset + i
    else if (this.#slot === SLOT_NAME) this.#nameAt = this.#offset + i
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
    if (depth > this.#deepest) this.#deepest = depth
    if (depth > MAX_DEPTH) return this.#fail(i)
    if (depth === this.#containers.length) this.#grow()
    this.#containers[depth] = container
    if (depth === 1) this.#isArray = container === ARRAY
    if (depth <= 3) {
      const watch = container === OBJECT ? watchInside(depth, slot) : NOTHING
      this.#watch[depth] = watch
      if (watch === META) this.#metaAt = this.#offset + i
    }
    this.#slot = SLOT_NONE
    this.#state = container === OBJECT ? KEY_OR_CLOSE : VALUE_OR_CLOSE
  }

  #close(i: number): void {
    if (this.#depth === 3 && this.#watch[3] === META) this.#metaEnd = this.#offset + i + 1
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
    if (from >= 0 && !this.#isEscaped) this.#noteMember(slotAt(watch, chunk, from + 1, i))
    else {
      this.#keepCaptured(chunk, i + 1)
      this.#noteMember(slotNamed(watch, spelled(this.#captured)))
    }
    this.#captureStart = -1
    this.#captured = ''
  }

  /** @param named a slot, negative where the key only resembles its name */
  #noteMember(named: number): void {
    this.#slot = named > 0 ? named : named === -SLOT_ID ? SLOT_OTHER_ID : SLOT_NONE
    if (named === SLOT_NONE) return
    const bit = 1 << Math.abs(named)
    if (named < 0 || (this.#seen & bit) !== 0) this.#doubted |= bit
    if (named > 0) this.#seen |= bit
  }

  #noteNull(slot: number, end: number): void {
    const name = NULLABLE[slot]
    if (name !== undefined) this.#nulls = { ...this.#nulls, [name]: end }
  }

  #endScalar(chunk: Buffer, end: number): void {
    if (this.#slot === SLOT_NAME) this.#nameEnd = this.#offset + end
    if (this.#captureStart !== -1) {
      const start = this.#captureStart
      this.#keepCaptured(chunk, end)
      const raw = this.#captured
      const before = this.#fields[this.#slot]
      if (before !== undefined && this.#slot === SLOT_ID) this.#keepOtherId(before.raw)
      if (this.#slot === SLOT_OTHER_ID) this.#keepOtherId(raw)
      this.#fields[this.#slot] = { raw, start, end: this.#offset + end }
      this.#captureStart = -1
      this.#captured = ''
      if (raw.length > MAX_CAPTURE_BYTES) {
        // Perhaps not there to its end: no JSON.
        this.#fields[this.#slot] = undefined
        return this.#fail(end)
      }
    }
    this.#endValue(end)
  }

  #endValue(end: number): void {
    this.#slot = SLOT_NONE
    this.#state = this.#depth === 0 ? DONE : COMMA_OR_CLOSE
    if (this.#isArray && this.#depth === 1 && this.#elementStart !== -1) {
      // One more than anybody takes.
      if (this.#elements.length <= MAX_ELEMENTS)
        this.#elements.push({ start: this.#elementStart, end: this.#offset + end })
      this.#elementStart = -1
    }
  }

  /** Takes what of the scalar being captured lies in this chunk, up to `end`. */
  #keepCaptured(chunk: Buffer, end: number): void {
    const from = Math.max(0, this.#captureStart - this.#offset)
    if (this.#captured.length > MAX_CAPTURE_BYTES) return
    // What each message says: no text is made of it.
    if (end - from === VERSION.length && isVersion(chunk, from)) this.#captured += VERSION
    // latin1 keeps one character per byte, so that a character cut by a chunk border survives.
    else this.#captured += chunk.toString('latin1', from, end)
  }

  #keepOtherId(raw: string): void {
    this.#otherIds ??= []
    if (this.#otherIds.length < MAX_OTHER_IDS) this.#otherIds.push(raw)
  }

  #fail(i: number): void {
    this.#failedAt = this.#offset + i
    this.#isComplete = this.#state === DONE
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
    this.#seen = 0
    this.#doubted = 0
    this.#otherIds = undefined
    this.#nulls = undefined
    this.#resultAt = -1
    this.#paramsAt = -1
    this.#deepest = 0
    this.#isComplete = false
  }
}

const VERSION = '"2.0"'

function isVersion(chunk: Buffer, at: number): boolean {
  return (
    chunk[at] === 0x22 &&
    chunk[at + 1] === 0x32 &&
    chunk[at + 2] === 0x2e &&
    chunk[at + 3] === 0x30 &&
    chunk[at + 4] === 0x22
  )
}

/** The value of a JSON string whose text was kept as latin1. */
export function unquote(raw: string): string {
  if (PLAIN.test(raw)) return raw.slice(1, -1)
  return JSON.parse(Buffer.from(raw, 'latin1').toString('utf8')) as string
}

/** What a key spells. Of a long one the beginning: a reader that ends a text at NUL may take that for a name. */
function spelled(raw: string): string {
  if (raw.length <= MAX_KEY_BYTES) return unquote(raw)
  const [beginning = '"'] = WHOLE_CHARACTERS.exec(raw.slice(0, MAX_KEY_BYTES)) ?? []
  return unquote(`${beginning}"`)
}

const WHOLE_CHARACTERS = /^"(?:[^\\]|\\u[\da-fA-F]{4}|\\[^u])*/
const PLAIN = /^"[ -[\]-~]*"$/
