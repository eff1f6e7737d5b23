// session/events: bounded replay log for Last-Event-ID.
import { monotonicMs } from '../clock.ts'
import type { Message } from '../message/message.ts'

export interface LoggedEvent {
  streamId: number
  counter: number
  message: Message
}

interface Entry extends LoggedEvent {
  bytes: number
  at: number
}

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
 * @param maxBytes sum of the messages kept; a message larger than that is never kept
 * @param maxAgeMs how long an event is kept
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery
 */
export class EventLog {
  readonly #maxBytes: number
  readonly #maxAgeMs: number
  #entries: Entry[] = []
  #first = 0
  #bytes = 0

  constructor(maxBytes: number, maxAgeMs: number) {
    this.#maxBytes = maxBytes
    this.#maxAgeMs = maxAgeMs
  }

  /** False if the message is too large to be kept at all. */
  add(streamId: number, counter: number, message: Message): boolean {
    const bytes = message.byteLength
    if (bytes > this.#maxBytes) return false
    const at = monotonicMs()
    this.#entries.push({ streamId, counter, message, bytes, at })
    this.#bytes += bytes
    while (this.#bytes > this.#maxBytes) this.#dropOldest()
    this.expire(at)
    return true
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

  #dropOldest(): void {
    this.#bytes -= this.#entries[this.#first]!.bytes
    this.#first++
    // Compacted now and then: a shift per event would be quadratic.
    if (this.#first >= 256 || this.#first === this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first)
      this.#first = 0
    }
  }
}
