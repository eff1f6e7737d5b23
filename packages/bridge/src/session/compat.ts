// session/compat: failures of a tool call as results, for clients that do not survive an error.
import { Message } from '../message/message.ts'
import { onAnswer, type Sink } from '../relay/sink.ts'

/**
 * Turns every JSON-RPC error into a result with `isError` and the text of the error. LiteLLM 1.77 answers an error to
 * `tools/call` with HTTP 500, and its MCP endpoint then hangs for every client until it is restarted.
 */
export function asToolResult(sink: Sink): Sink {
  return onAnswer(sink, (message) => sink.answer(message.envelope.hasError ? toolResult(message) : message))
}

function toolResult(answer: Message): Message {
  const { error } = answer.json() as {
    error: { message?: unknown; data?: { hint?: unknown; stderr?: unknown } }
  }
  const { hint, stderr } = error.data ?? {}
  const lines = [String(error.message)]
  if (typeof hint === 'string') lines.push(hint)
  if (Array.isArray(stderr)) lines.push(...stderr.map(String))
  const result = { content: [{ type: 'text', text: lines.join('\n') }], isError: true }
  const message = Message.from({ jsonrpc: '2.0', id: 0, result })
  return message.rewrite([[message.envelope.id, answer.writtenId]])
}
