// child/frame: bytes to frames, bounded and linear; a frame is one line of stdout.
import { areUtf8, Message, readElements } from '../message/message.ts'
import { Scanner, type Field } from '../message/scanner.ts'

/** What one line turned out to be. */
export type Frame =
  | { type: 'message'; message: Message }
  /** A line over the limit. Its cargo is dropped; its id was still read, so that the call can be answered. */
  | { type: 'too_large'; id: Field | undefined; isResponse: boolean; bytes: number }
  /** A banner, a log line, JSON that is no JSON-RPC. */
  | { type: 'noise'; preview: string }

export type TakeFrame = (frame: Frame) => void

const LF = 0x0a
const CR = 0x0d
const PREVIEW_BYTES = 200
/** Up to this length a line that is no JSON is searched for a message behind a prefix. */
const RESCUE_LIMIT_BYTES = 1024 * 1024
/** How many opening braces of such a line are tried. */
const RESCUE_TRIES = 8

/**
 * Cuts a byte stream into lines and reads each as a message; never holds more than `maxLineBytes` of an unfinished one.
 *
 * Messages keep their bytes as the chunks they came in. CRLF, blank lines and a JSON array of messages are accepted.
 *
 * @param maxLineBytes longest line accepted, newline excluded, in bytes
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#stdio
 */
export class Framer {
  readonly #maxLineBytes: number
  readonly #scanner = new Scanner()
  #parts: Buffer[] = []
  #bytes = 0

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
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
    this.#bytes += part.length
    this.#scanner.push(part)
    if (this.#bytes > this.#maxLineBytes) {
      if (this.#parts.length > 1) this.#parts = this.#parts.slice(0, 1)
      return
    }
    // Noise is kept only as far as a message may hide in it.
    if (!this.#scanner.hasFailed || this.#bytes <= RESCUE_LIMIT_BYTES || this.#parts.length === 0)
      this.#parts.push(part)
  }

  #finish(take: TakeFrame): void {
    const scan = this.#scanner.finish()
    if (this.#bytes === 0) return
    const parts = this.#parts
    const bytes = this.#bytes
    this.#parts = []
    this.#bytes = 0
    if (bytes > this.#maxLineBytes) {
      const envelope = scan.type === 'object' ? scan.envelope : undefined
      const isResponse = envelope !== undefined && (envelope.hasResult || envelope.hasError)
      return take({ type: 'too_large', id: envelope?.id, isResponse, bytes })
    }
    if (scan.type === 'object') {
      const message = Message.of(scan.envelope, asUtf8(parts))
      return take(message instanceof Message ? { type: 'message', message } : noise(parts))
    }
    if (scan.type === 'array') {
      const messages = readElements(this.#scanner, Buffer.concat(parts), scan.elements)
      if (!Array.isArray(messages)) return take(noise(parts))
      for (const message of messages) take({ type: 'message', message })
      return
    }
    if (isBlank(parts)) return
    const rescued =
      scan.type === 'malformed' && bytes <= RESCUE_LIMIT_BYTES
        ? this.#rescue(Buffer.concat(parts))
        : undefined
    take(rescued === undefined ? noise(parts) : { type: 'message', message: rescued })
  }

  /** A message that something was printed in front of, without a newline between. */
  #rescue(line: Buffer): Message | undefined {
    let from = line.indexOf('{', 1)
    for (let tries = 0; from !== -1 && tries < RESCUE_TRIES; tries++) {
      const part = line.subarray(from)
      this.#scanner.push(part)
      const scan = this.#scanner.finish()
      const message = scan.type === 'object' ? Message.of(scan.envelope, asUtf8([part])) : undefined
      if (message instanceof Message) return message
      from = line.indexOf('{', from + 1)
    }
    return undefined
  }
}

function isBlank(parts: readonly Buffer[]): boolean {
  return parts.every((part) => part.every((c) => c === 0x20 || c === 0x09 || c === CR))
}

/** A stray byte must not reach clients that decode strictly: it becomes U+FFFD, as every lenient decoder makes it. */
function asUtf8(parts: readonly Buffer[]): readonly Buffer[] {
  return areUtf8(parts) ? parts : [Buffer.from(Buffer.concat(parts).toString('utf8'))]
}

function noise(parts: readonly Buffer[]): Frame {
  const first = parts[0] ?? Buffer.alloc(0)
  return { type: 'noise', preview: first.subarray(0, PREVIEW_BYTES).toString('utf8').trimEnd() }
}
