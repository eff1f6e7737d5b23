// connect/answers: the messages in an answer of the server, as they come: of a JSON body, or of a stream of events.
import type { IncomingMessage } from 'node:http'
import { createParser } from 'eventsource-parser'
import { Framer, type Frame } from '../child/framer.ts'
import type { Message } from '../rpc/message.ts'

/** Larger than what any tool sends in one piece. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024
const LF = Buffer.from('\n')

export interface Taker {
  onMessage(message: Message): void
  /** An event that is no message: the address of HTTP+SSE, or a text that cannot be read. */
  onOther?(event: string, data: string): void
}

/** Where a stream can be gone on with. */
export interface Place {
  lastEventId: string | undefined
  /** Milliseconds that the server asks to wait before. */
  retryMs: number | undefined
}

export function isEventStream({ headers }: IncomingMessage): boolean {
  return /^text\/event-stream\b/i.test(headers['content-type'] ?? '')
}

/** Reads it to its end, cut off or not; what has come is taken. `place` is kept up to date. */
export async function readAnswer(res: IncomingMessage, taker: Taker, place: Place): Promise<void> {
  try {
    if (isEventStream(res)) await readEvents(res, taker, place)
    else await readJson(res, taker)
  } catch {
    // The connection broke: what is missing is asked for again, or told.
  }
}

/** What stands in an answer that is none, for a person: the beginning of its text. */
export async function readText(res: IncomingMessage): Promise<string> {
  let text = ''
  const timer = setTimeout(() => res.destroy(), TEXT_MS)
  try {
    for await (const chunk of res.setEncoding('utf8')) {
      text += String(chunk)
      if (text.length > MAX_TEXT) break
    }
  } catch {
    // What has come is better than nothing.
  } finally {
    clearTimeout(timer)
  }
  return text.slice(0, MAX_TEXT)
}

const MAX_TEXT = 64 * 1024
const TEXT_MS = 5000

async function readEvents(res: IncomingMessage, taker: Taker, place: Place): Promise<void> {
  const framer = new Framer(MAX_MESSAGE_BYTES)
  const parser = createParser({
    onRetry: (ms) => (place.retryMs = ms),
    onEvent: ({ id, event = 'message', data }) => {
      if (id !== undefined) place.lastEventId = id
      if (data === '') return
      if (event !== 'message') return taker.onOther?.(event, data)
      // Between tokens only: a string of JSON holds no line break.
      framer.read(Buffer.from(`${data.replaceAll('\n', ' ')}\n`), (frame) => take(frame, taker))
    },
  })
  for await (const text of res.setEncoding('utf8')) parser.feed(String(text))
}

async function readJson(res: IncomingMessage, taker: Taker): Promise<void> {
  const framer = new Framer(MAX_MESSAGE_BYTES)
  for await (const chunk of res) framer.read(onOneLine(chunk as Buffer), (frame) => take(frame, taker))
  framer.read(LF, (frame) => take(frame, taker))
}

/** Some servers indent. */
function onOneLine(chunk: Buffer): Buffer {
  for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, at + 1)) chunk[at] = 0x20
  return chunk
}

function take(frame: Frame, { onMessage, onOther }: Taker): void {
  if (frame.type === 'message') onMessage(frame.message)
  else onOther?.('message', 'preview' in frame ? frame.preview : frame.type)
}
