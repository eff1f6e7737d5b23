// says-much: a tool that says of itself what a server card has room for, and more.
import { createInterface } from 'node:readline'

const serverInfo = {
  name: 'weather/forecast tool',
  version: '2.1.0',
  title: 'Weather',
  description: 'ä'.repeat(200),
  websiteUrl: 'https://weather.example/about',
  icons: [
    { src: 'https://weather.example/icon.png', mimeType: 'image/png', sizes: ['48x48', 7], theme: 'dusk' },
    { src: 'javascript:alert(1)' },
    { src: `data:image/png;base64,${'A'.repeat(100_000)}` },
  ],
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line) as { id?: number; method: string }
  if (id === undefined) return
  const answer =
    method === 'initialize'
      ? { result: { protocolVersion: '2025-11-25', capabilities: {}, serverInfo } }
      : { error: { code: -32601, message: 'Method not found' } }
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n`)
})
