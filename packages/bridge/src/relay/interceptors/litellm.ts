// relay/interceptors/litellm: failures of a tool call as results, for clients that do not survive an error.
import { contentOf, listOf, recordOf } from '../../rpc/content.ts'
import { Message } from '../../rpc/message.ts'
import { onAnswer, type Sink } from '../sink.ts'

const RESULTS = new Map<string, (answer: Message) => object>([
  ['tools/call', failedCall],
  ['tools/list', () => ({ tools: [] })],
])

/**
 * Turns a JSON-RPC error to `tools/call` into a result with `isError` and the text of the error, one to `tools/list` into
 * an empty list. LiteLLM 1.77 answers such an error with HTTP 500, and its MCP endpoint then hangs for every client until
 * it is restarted.
 */
export function lenientSink(method: string, sink: Sink): Sink {
  const resultOf = RESULTS.get(method)
  if (resultOf === undefined) return sink
  return onAnswer(sink, (message) => {
    if (message.envelope.hasResult) return sink.answer(message)
    const answer = Message.from({ jsonrpc: '2.0', id: 0, result: resultOf(message) })
    sink.answer(answer.rewrite([[answer.envelope.id, message.writtenId]]))
  })
}

function failedCall(answer: Message): object {
  const { message, data } = recordOf(contentOf(answer)['error'])
  const { hint, stderr } = recordOf(data)
  const lines = [message, hint, ...listOf(stderr)].filter((each) => typeof each === 'string')
  return {
    content: [{ type: 'text', text: lines.join('\n') || 'the tool answered with an error' }],
    isError: true,
  }
}
