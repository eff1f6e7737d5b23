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
      next.request(call, message, RESULTS.has(call.method) ? new LenientStream(stream) : stream)
    },
  }
}

/** The response of one call. */
export function failureAsResult(message: Message, method: string): Message {
  const resultOf = message.envelope.hasResult ? undefined : RESULTS.get(method)
  if (resultOf === undefined) return message
  const response = Message.from({ jsonrpc: '2.0', id: 0, result: resultOf(message) })
  return response.rewrite([[response.envelope.id, message.writtenId]])
}

class LenientStream implements ReplyStream {
  readonly isStandalone: boolean
  readonly #stream: ReplyStream

  constructor(stream: ReplyStream) {
    this.#stream = stream
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
    this.#stream.onResponse(failureAsResult(message, call.method), call)
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
