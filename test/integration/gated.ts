// gated: a child whose calls end when a test opens a gate, cancelled or not; what it says by then is up to the test.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

interface Request {
  id?: number
  method?: string | undefined
  params?: any
  result?: unknown
  error?: unknown
}

const [record = '', protocolVersion = '2025-11-25', vice] = process.argv.slice(2)
const asked = new Map<number, (answer: Request) => void>()
let lastQuestion = 0

const say = (message: object): void =>
  void process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)

/** Each line it received, those of a gate too: the test sees what has come, and when. */
createInterface({ input: process.stdin }).on('line', (line) => {
  appendFileSync(record, `${line}\n`)
  const message = JSON.parse(line) as Request
  const { id } = message
  if (message.method === undefined) return asked.get(Number(id))?.(message)
  if (id === undefined || (vice === 'deaf-to-ping' && message.method === 'ping')) return
  void resultOf(message).then((result) => say(result === undefined ? failure(id) : { id, result }))
})

async function resultOf({ method = '', params }: Request): Promise<object | undefined> {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion,
        capabilities: { tools: {}, logging: {}, resources: { subscribe: true } },
        serverInfo: { name: 'gated', version: '1' },
      }
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      await opened(params.uri)
      return params.uri.endsWith('nosuch') ? undefined : {}
    case 'tools/call':
      return { content: [{ type: 'text', text: await run(params.name, params.arguments ?? {}) }] }
    case 'tools/list':
      return {
        tools: ['held', 'asks', 'notify', 'heard'].map((name) => ({ name, inputSchema: { type: 'object' } })),
      }
    default:
      return {}
  }
}

async function run(tool: string, { gate, method, params, bytes, prints }: any): Promise<string> {
  if (tool === 'heard') return readFileSync(record, 'utf8')
  if (tool === 'notify') say({ method, params })
  if (prints !== undefined) process.stdout.write(`${prints}\n`)
  if (gate !== undefined) await opened(gate)
  if (bytes !== undefined) return 'x'.repeat(bytes)
  if (tool !== 'asks') return `${process.pid}`
  const id = ++lastQuestion
  const answer = new Promise<Request>((resolve) => asked.set(id, resolve))
  say({ id, method, ...(params && { params }) })
  const { result, error } = await answer
  return JSON.stringify(result ?? { error })
}

/** A gate is a file that opens it by being there; anything else is open. */
async function opened(gate: string): Promise<void> {
  if (!gate.startsWith('/')) return
  while (!existsSync(gate)) await delay(5)
}

function failure(id: number): object {
  return { id, error: { code: -32002, message: 'no such resource' } }
}
