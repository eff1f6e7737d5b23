// relay/interceptors/progress: clients that give up on a silent call are told that it is still at work.
import { monotonicMs } from '../../clock.ts'
import { Message } from '../../rpc/message.ts'
import type { Call, Entry, ReplyStream } from '../dispatch.ts'

/**
 * Tells a client that gave a progress token, every `everyMs`, that its call goes on, until the tool reports progress
 * itself or the call is over. Claude Code gives a call up after five minutes without a response or progress; comments of
 * the stream do not count there.
 *
 * @param everyMs 0: never
 */
export function keepWaiting(next: Entry, everyMs: number): Entry {
  if (everyMs === 0) return next
  return {
    request: (call, message, stream) => {
      const { progressToken } = call
      if (progressToken === undefined || !MAY_LAST.has(call.method))
        return next.request(call, message, stream)
      const told = new ToldStream(stream, progressToken, everyMs)
      try {
        next.request(call, message, told)
      } catch (error) {
        told.stop()
        throw error
      }
    },
  }
}

/** What is at work for long; a list is not, and `subscriptions/listen` is at work on nothing. */
const MAY_LAST = new Set(['tools/call', 'prompts/get', 'resources/read'])

class ToldStream implements ReplyStream {
  readonly isStandalone: boolean
  readonly #stream: ReplyStream
  /** JSON text (latin1). */
  readonly #token: string
  readonly #from = monotonicMs()
  readonly #timer: NodeJS.Timeout
  #told = 0

  constructor(stream: ReplyStream, token: string, everyMs: number) {
    this.isStandalone = stream.isStandalone
    this.#stream = stream
    this.#token = token
    this.#timer = setInterval(() => this.#tell(), everyMs).unref()
  }

  get canReceive(): boolean {
    return this.#stream.canReceive
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  onMessage(message: Message): void {
    if (message.method === 'notifications/progress') this.stop()
    this.#stream.onMessage(message)
  }

  onResponse(message: Message, call: Call): void {
    this.stop()
    this.#stream.onResponse(message, call)
  }

  onDropped(call: Call): void {
    this.stop()
    this.#stream.onDropped?.(call)
  }

  #tell(): void {
    // Nothing is kept for a client that comes back: what is new by then will do.
    if (!this.#stream.canReceive) return
    try {
      this.#stream.onMessage(this.#stillAtWork())
    } catch {
      // Its connection is in no state to take more; the response will find that out, and say so.
      this.stop()
    }
  }

  /**
   * "The `progress` value MUST increase with each notification" (basic/utilities/progress): these rise towards zero and
   * never reach it, so that whatever the tool counts from, its own first value is larger.
   */
  #stillAtWork(): Message {
    const seconds = Math.round((monotonicMs() - this.#from) / 1000)
    const message = Message.from({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken: 0, progress: -1 / ++this.#told, message: `still at work after ${seconds} s` },
    })
    return message.rewrite([[message.envelope.token, this.#token]])
  }
}
