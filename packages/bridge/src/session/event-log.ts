// session/event-log: bounded replay log for Last-Event-ID.
import type { Part } from '../budget/budget.ts'
import { monotonicMs } from '../clock.ts'
import type { Encoded, Message } from '../rpc/message.ts'

export interface LoggedEvent {
  streamId: number
  counter: number
  message: Pick<Message, 'encode'>
}

interface Entry extends LoggedEvent {
  bytes: number
  at: number
}

/** What an event costs besides its text: some objects, and the pieces that its text is joined of. */
const OVERHEAD_BYTES = 256

/** A place in a stream: `stream:counter`. Ids are unique over all streams of a session. */
export function formatEventId(streamId: number, counter: number): string {
  return `${streamId}:${counter}`
}

export function parseEventId(text: string): { streamId: number; counter: number } | undefined {
  const match = /^(\d{1,9}):(\d{1,9})$/.exec(text)
  return match === null ? undefined : { streamId: Number(match[1]), counter: Number(match[2]) }
}

/**
 * The last events of one session, oldest first.
 *
 * What a connection has carried is kept too: it may have broken before the client read it, and nobody is told.
 *
 * @param maxBytes sum of what is kept; a message larger than that is never kept
 * @param maxAgeMs how long an event is kept
 * @param charged where there is no room for more, older events make it
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery
 */
export class EventLog {
  readonly #maxBytes: number
  readonly #maxAgeMs: number
  readonly #charged: Part
  #entries: Entry[] = []
  #first = 0
  #bytes = 0

  constructor(maxBytes: number, maxAgeMs: number, charged: Part) {
    this.#charged = charged
    this.#maxBytes = maxBytes
    this.#maxAgeMs = maxAgeMs
  }

  /** What is kept, to be sent just as well; undefined if it is too large to be kept at all. */
  add(streamId: number, counter: number, message: Message): LoggedEvent['message'] | undefined {
    const bytes = message.byteLength + OVERHEAD_BYTES
    if (bytes > this.#maxBytes) return undefined
    while (this.#bytes + bytes > this.#maxBytes) this.#dropOldest()
    while (!this.#charged.take(bytes)) {
      if (this.#bytes === 0) return undefined
      this.#dropOldest()
    }
    const at = monotonicMs()
    const own = kept(message)
    this.#entries.push({ streamId, counter, message: own, bytes, at })
    this.#bytes += bytes
    this.expire(at)
    return own
  }

  /** What came on this stream after that counter. */
  after(streamId: number, counter: number): LoggedEvent[] {
    this.expire(monotonicMs())
    const found: LoggedEvent[] = []
    for (let i = this.#first; i < this.#entries.length; i++) {
      const entry = this.#entries[i]!
      if (entry.streamId === streamId && entry.counter > counter) found.push(entry)
    }
    return found
  }

  /** Whether this very event is still kept: then what came after it is, too. */
  holds(streamId: number, counter: number): boolean {
    for (let i = this.#first; i < this.#entries.length; i++) {
      const entry = this.#entries[i]!
      if (entry.streamId === streamId && entry.counter === counter) return true
    }
    return false
  }

  /** Lets go of what is too old. */
  expire(now: number): void {
    while (this.#first < this.#entries.length && this.#entries[this.#first]!.at < now - this.#maxAgeMs)
      this.#dropOldest()
  }

  /** Sum of what is kept. */
  get bytes(): number {
    return this.#bytes
  }

  /** Lets go of all. */
  clear(): void {
    this.#charged.give(this.#bytes)
    this.#entries = []
    this.#first = 0
    this.#bytes = 0
  }

  #dropOldest(): void {
    const { bytes } = this.#entries[this.#first]!
    this.#bytes -= bytes
    this.#charged.give(bytes)
    this.#first++
    // Compacted now and then: a shift per event would be quadratic.
    if (this.#first >= 256 || this.#first === this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first)
      this.#first = 0
    }
  }
}

/** A small message is a part of the 64 KiB that were read at once: its own copy lets go of the rest. */
const SMALL_BYTES = 32 * 1024
/** As text up to this length. Longer ones that come by the thousand would fill the old generation with garbage. */
const TEXT_BYTES = 4 * 1024

function kept(message: Message): LoggedEvent['message'] {
  const { byteLength } = message
  if (byteLength > SMALL_BYTES) return message
  const text = message.encode('', '') as string
  return new Kept(byteLength > TEXT_BYTES ? Buffer.from(text, 'latin1') : text)
}

class Kept {
  readonly #text: string | Buffer

  constructor(text: string | Buffer) {
    this.#text = text
  }

  encode(prefix: string, suffix: string): Encoded {
    return prefix + this.#text.toString('latin1') + suffix
  }
}
