// child/framer: bytes to frames, bounded and linear; a frame is one line of stdout.
import { areUtf8, Message } from '../rpc/message.ts'
import { MAX_ELEMENTS, Scanner, type Envelope, type Scan, type Span } from '../rpc/scanner.ts'
import { suspect, suspectText, textsOf, type Suspect } from './suspect.ts'

/** What one line, or a part of it, turned out to be. */
export type Frame =
  | { type: 'message'; message: Message }
  /** A line over the limit. Its cargo is dropped; the id of the answer, or of the request, that it was is still read. */
  | { type: 'too_large'; answer: Suspect | undefined; asked: string | undefined; bytes: number }
  /** It cannot be read, and may have been an answer. */
  | { type: 'unreadable'; answer: Suspect; problem: string; bytes: number }
  /** A banner, a log line, JSON that is no JSON-RPC. What may be a piece of an answer `isPrivate`. */
  | { type: 'noise'; preview: string; isPrivate: boolean; bytes: number }

/** A line that is no JSON as a whole. */
interface BrokenLine {
  scan: Scan & { type: 'malformed' }
  parts: readonly Buffer[]
  tail: Buffer | undefined
  bytes: number
}

export type TakeFrame = (frame: Frame) => void

const LF = 0x0a
const CR = 0x0d
const BRACE = 0x7b
const PREVIEW_BYTES = 200
/** Up to this length a line that is no JSON is searched for messages. */
const RESCUE_LIMIT_BYTES = 1024 * 1024
/** How many opening braces of such a line are tried. */
const RESCUE_TRIES = 8
/** Stands for what was cut off, or need not be kept. */
const CUT = ' '
const MAX_TORN_BYTES = 4096
/** How JSON and JSON-RPC begin, go on and end, also where a message is spread over several lines. */
const LIKE_JSON = /^\s*["{}[\]]|["']jsonrpc/

/**
 * Cuts a byte stream into lines and reads each as a message; never holds more than `maxLineBytes` of an unfinished one.
 *
 * Messages keep their bytes as the chunks they came in. CRLF, blank lines, several messages on a line, text in front of
 * them and behind, and a JSON array of messages are accepted.
 *
 * @param maxLineBytes longest line accepted, newline excluded, in bytes
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#stdio
 */
export class Framer {
  readonly #maxLineBytes: number
  readonly #scanner = new Scanner()
  #parts: Buffer[] = []
  /** The end of what is not kept whole: an id may stand there. */
  #tail: Buffer | undefined
  #bytes = 0
  /** Pieces of what may be an answer over several lines, behind the last message. */
  #torn = ''

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /** What has come of an unfinished line is a whole message: only the line break is missing. */
  get isWhole(): boolean {
    return this.#scanner.isDone
  }

  /** `take` is called for each line that ends in this chunk. */
  read(chunk: Buffer, take: TakeFrame): void {
    let start = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      if (end > start) this.#push(chunk.subarray(start, end))
      this.#finish(take)
      start = end + 1
    }
    if (start < chunk.length) this.#push(chunk.subarray(start))
  }

  /** The stream has ended: what came after the last newline is a line too. */
  end(take: TakeFrame): void {
    this.#finish(take)
  }

  #push(part: Buffer): void {
    const hadFailed = this.#scanner.hasFailed
    this.#bytes += part.length
    this.#scanner.push(part)
    if (this.#bytes > this.#maxLineBytes) {
      if (this.#parts.length > 1) this.#parts = this.#parts.slice(0, 1)
      this.#tail = part
      return
    }
    // Noise is kept only as far as a message may hide in it.
    if (!hadFailed || this.#bytes <= RESCUE_LIMIT_BYTES) this.#parts.push(part)
    else this.#tail = part
  }

  #finish(take: TakeFrame): void {
    const scan = this.#scanner.finish()
    if (this.#bytes === 0) return
    const parts = this.#parts
    const tail = this.#tail
    const bytes = this.#bytes
    this.#parts = []
    this.#tail = undefined
    this.#bytes = 0
    if (bytes > this.#maxLineBytes) {
      const answer = suspect(scan, () => textsOf(parts, tail))
      return take({ type: 'too_large', answer, asked: answer ? undefined : requestIn(scan), bytes })
    }
    if (scan.type === 'object') this.#one(scan.envelope, parts, take)
    else if (scan.type === 'array') this.#several(Buffer.concat(parts), scan.elements, take)
    else if (scan.type === 'scalar') this.#noise(parts, take)
    else if (!isBlank(parts)) this.#broken({ scan, parts, tail, bytes }, take)
  }

  /** A whole object. */
  #one(envelope: Envelope, parts: readonly Buffer[], take: TakeFrame): void {
    const message = this.#messageOf(envelope, parts)
    if (message instanceof Message) return this.#message(message, take)
    const answer = suspect({ type: 'object', envelope }, () => '')
    if (answer === undefined) this.#noise(parts, take)
    else this.#unreadable(answer, message.problem, lengthOf(parts), take)
  }

  /** An array: each of its elements for itself. */
  #several(line: Buffer, elements: readonly Span[], take: TakeFrame): void {
    if (elements.length === 0 || elements.length > MAX_ELEMENTS) return void this.#noise([line], take)
    for (const { start, end } of elements) {
      const part = line.subarray(start, end)
      const scan = this.#scan(part)
      if (scan.type === 'object') this.#one(scan.envelope, [part], take)
      else this.#noise([part], take)
    }
  }

  /** No JSON as a whole; but there may be messages in it. */
  #broken(line: BrokenLine, take: TakeFrame): void {
    const { scan, parts, bytes } = line
    if (scan.isComplete && scan.before.type !== 'scalar') {
      // Whatever stands behind it, the message is there.
      const whole = cut(parts, scan.at)
      if (scan.before.type === 'object') this.#one(scan.before.envelope, whole, take)
      else this.#several(Buffer.concat(whole), scan.before.elements, take)
      if (bytes <= RESCUE_LIMIT_BYTES) this.#rest(Buffer.concat(parts).subarray(scan.at), take)
      return
    }
    this.#unknown(line, take)
  }

  /** Does not even begin with JSON that is whole. */
  #unknown({ scan, parts, tail, bytes }: BrokenLine, take: TakeFrame): void {
    const isSmall = bytes <= RESCUE_LIMIT_BYTES
    if (isSmall && this.#rescue(Buffer.concat(parts), 1, take)) return
    const answer = suspect(scan, () => textsOf(parts, tail))
    if (answer !== undefined) return this.#unreadable(answer, `no JSON (byte ${scan.at})`, bytes, take)
    if (this.#noise(parts, take)) this.#gather(parts, bytes, take)
  }

  /** What stands behind a message on the same line. */
  #rest(line: Buffer, take: TakeFrame): void {
    let rest = line
    while (!isBlank([rest])) {
      if (rest[0] !== BRACE) {
        if (!this.#rescue(rest, 0, take)) this.#noise([rest], take)
        return
      }
      const scan = this.#scan(rest)
      if (scan.type === 'object') return this.#one(scan.envelope, [rest], take)
      if (scan.type !== 'malformed') return
      if (!scan.isComplete || scan.before.type !== 'object')
        return this.#unknown({ scan, parts: [rest], tail: undefined, bytes: rest.length }, take)
      this.#one(scan.before.envelope, [rest.subarray(0, scan.at)], take)
      rest = rest.subarray(scan.at)
    }
  }

  /**
   * Messages that something was printed in front of, without a newline between. They must be the end of the line: else
   * what somebody had put into an answer could be taken for one.
   */
  #rescue(line: Buffer, from: number, take: TakeFrame): boolean {
    let at = line.indexOf(BRACE, from)
    for (let tries = 0; at !== -1 && tries < RESCUE_TRIES; tries++) {
      const messages = this.#chain(line.subarray(at))
      if (messages !== undefined) {
        for (const message of messages) this.#message(message, take)
        return true
      }
      at = line.indexOf(BRACE, at + 1)
    }
    return false
  }

  /** One message or several, and nothing else. */
  #chain(line: Buffer): Message[] | undefined {
    const messages: Message[] = []
    for (let rest = line; !isBlank([rest]);) {
      const scan = this.#scan(rest)
      const whole = scan.type === 'malformed' && scan.isComplete ? scan.before : scan
      if (whole.type !== 'object') return undefined
      const end = scan.type === 'malformed' ? scan.at : rest.length
      const message = this.#messageOf(whole.envelope, [rest.subarray(0, end)])
      if (!(message instanceof Message)) return undefined
      messages.push(message)
      rest = rest.subarray(end)
    }
    return messages
  }

  #scan(text: Buffer): Scan {
    this.#scanner.push(text)
    return this.#scanner.finish()
  }

  /** A stray byte must not reach clients that decode strictly: it becomes U+FFFD, as every lenient decoder makes it. */
  #messageOf(envelope: Envelope, parts: readonly Buffer[]): Message | { problem: string } {
    if (areUtf8(parts)) return Message.of(envelope, parts)
    const text = Buffer.from(Buffer.concat(parts).toString('utf8'))
    const scan = this.#scan(text)
    return scan.type === 'object' ? Message.of(scan.envelope, [text]) : { problem: 'not UTF-8' }
  }

  #message(message: Message, take: TakeFrame): void {
    this.#torn = ''
    take({ type: 'message', message })
  }

  #unreadable(answer: Suspect, problem: string, bytes: number, take: TakeFrame): void {
    // The rest of it may come on the next line.
    this.#torn = CUT
    take({ type: 'unreadable', answer, problem, bytes })
  }

  /** True if it may be a piece of an answer. */
  #noise(parts: readonly Buffer[], take: TakeFrame): boolean {
    const preview = parts[0]?.toString('utf8', 0, PREVIEW_BYTES).trimEnd() ?? ''
    const isPrivate = this.#torn !== '' || LIKE_JSON.test(preview)
    take({ type: 'noise', preview, isPrivate, bytes: lengthOf(parts) })
    return isPrivate
  }

  /** A message over several lines cannot be read, but to which call it belongs shows at last. */
  #gather(parts: readonly Buffer[], bytes: number, take: TakeFrame): void {
    const text = bytes > MAX_TORN_BYTES ? CUT : textsOf(parts, undefined) + CUT
    this.#torn = this.#torn.length + text.length > MAX_TORN_BYTES ? text : this.#torn + text
    const answer = suspectText(this.#torn)
    if (answer?.id !== undefined) this.#unreadable(answer, 'a message over several lines', bytes, take)
  }
}

/** The id of a request. */
function requestIn(scan: Scan): string | undefined {
  if (scan.type !== 'object' || scan.envelope.method === undefined) return undefined
  const raw = scan.envelope.id?.raw ?? ''
  return /^["\d-]/.test(raw) ? raw : undefined
}

function isBlank(parts: readonly Buffer[]): boolean {
  return parts.every((part) => part.every((c) => c === 0x20 || c === 0x09 || c === CR))
}

function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}

/** The first `length` bytes. */
function cut(parts: readonly Buffer[], length: number): Buffer[] {
  const kept: Buffer[] = []
  let left = length
  for (const part of parts) {
    if (left <= 0) break
    kept.push(part.subarray(0, left))
    left -= part.length
  }
  return kept
}
