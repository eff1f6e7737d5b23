// litellm/exits-after-answer: a server with one tool, `once`, which is gone as soon as it has answered
import { createInterface } from 'node:readline'

const RESULTS: Record<string, object> = {
  initialize: {
    protocolVersion: '2025-06-18',
    capabilities: { tools: {} },
    serverInfo: { name: 'once', version: '1' },
  },
  'tools/list': { tools: [{ name: 'once', inputSchema: { type: 'object' } }] },
  'tools/call': { content: [{ type: 'text', text: 'the last word' }] },
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line) as { id?: unknown; method: string }
  if (id === undefined) return
  const answer = JSON.stringify({ jsonrpc: '2.0', id, result: RESULTS[method] ?? {} })
  process.stdout.write(`${answer}\n`, () => method === 'tools/call' && process.exit())
})
