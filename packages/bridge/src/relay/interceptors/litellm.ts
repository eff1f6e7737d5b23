// relay/interceptors/litellm: failures of a tool call as results, for clients that do not survive an error.
import { contentOf, listOf, recordOf } from '../../rpc/content.ts'
import { Message } from '../../rpc/message.ts'
import type { Call, Entry, ReplyStream } from '../dispatch.ts'

const RESULTS = new Map<string, (response: Message) => object>([
  ['tools/call', failedCall],
  ['tools/list', () => ({ tools: [] })],
])

/**
 * Turns a JSON-RPC error to `tools/call` into a result with `isError` and the text of the error, one to `tools/list` into
 * an empty list. LiteLLM 1.77 answers such an error with HTTP 500, and its MCP endpoint then hangs for every client until
 * it is restarted.
 */
export function failuresAsResults(next: Entry): Entry {
  return {
    request: (call, message, stream) => {
      const resultOf = RESULTS.get(call.method)
      next.request(call, message, resultOf === undefined ? stream : new LenientStream(stream, resultOf))
    },
  }
}

class LenientStream implements ReplyStream {
  readonly isStandalone: boolean
  readonly #stream: ReplyStream
  readonly #resultOf: (response: Message) => object

  constructor(stream: ReplyStream, resultOf: (response: Message) => object) {
    this.#stream = stream
    this.#resultOf = resultOf
    this.isStandalone = stream.isStandalone
  }

  get canReceive(): boolean {
    return this.#stream.canReceive
  }

  onMessage(message: Message): void {
    this.#stream.onMessage(message)
  }

  onDropped(call: Call): void {
    this.#stream.onDropped?.(call)
  }

  onResponse(message: Message, call: Call): void {
    if (message.envelope.hasResult) return this.#stream.onResponse(message, call)
    const response = Message.from({ jsonrpc: '2.0', id: 0, result: this.#resultOf(message) })
    this.#stream.onResponse(response.rewrite([[response.envelope.id, message.writtenId]]), call)
  }
}

function failedCall(response: Message): object {
  const { message, data } = recordOf(contentOf(response)['error'])
  const { hint, stderr } = recordOf(data)
  const lines = [message, hint, ...listOf(stderr)].filter((each) => typeof each === 'string')
  return {
    content: [{ type: 'text', text: lines.join('\n') || 'the tool answered with an error' }],
    isError: true,
  }
}
