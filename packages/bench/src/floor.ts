// floor: the least that a bridge in Node can be. It checks, bounds and keeps nothing: no one should use it.
// `node floor.js <port> shared|session [modern]`: one child for all, or one for each session; `modern` is for the child. With
// one child it takes requests without a session too.
import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'

interface Rpc {
  id?: unknown
  method?: string
}

/** A child and who waits for it: by the id that the child sees. */
interface Pipe {
  process: ChildProcess
  nextId: number
  waiting: Map<number, { id: unknown; res: ServerResponse }>
}

const [port, mode, ...childArgs] = process.argv.slice(2)
const CHILD = fileURLToPath(new URL('../src/child.mjs', import.meta.url))
const sessions = new Map<string, Pipe>()
const shared = mode === 'shared' ? open() : undefined

function open(): Pipe {
  const child = spawn(process.execPath, [CHILD, ...childArgs], { stdio: ['pipe', 'pipe', 'ignore'] })
  const pipe: Pipe = { process: child, nextId: 1, waiting: new Map() }
  let unfinished = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (unfinished + chunk).split('\n')
    unfinished = lines.pop() ?? ''
    for (const line of lines) answer(pipe, line)
  })
  return pipe
}

function answer(pipe: Pipe, line: string): void {
  const message = JSON.parse(line) as Rpc
  const asked = pipe.waiting.get(message.id as number)
  if (asked === undefined) return
  pipe.waiting.delete(message.id as number)
  message.id = asked.id
  const body = JSON.stringify(message)
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  asked.res.writeHead(200, headers).end(body)
}

function take(req: IncomingMessage, res: ServerResponse, body: string): void {
  if (req.method === 'DELETE') return close(req, res)
  if (req.method !== 'POST') return void res.writeHead(405).end()
  const message = JSON.parse(body) as Rpc
  const pipe = shared ?? pipeOf(req, res, message)
  if (pipe === undefined) return void res.writeHead(404).end()
  if (message.id === undefined) res.writeHead(202).end()
  else {
    const id = pipe.nextId++
    pipe.waiting.set(id, { id: message.id, res })
    message.id = id
  }
  pipe.process.stdin?.write(`${JSON.stringify(message)}\n`)
}

function pipeOf(req: IncomingMessage, res: ServerResponse, { method }: Rpc): Pipe | undefined {
  if (method !== 'initialize') return sessions.get(String(req.headers['mcp-session-id']))
  const sessionId = randomUUID()
  const pipe = open()
  sessions.set(sessionId, pipe)
  res.setHeader('mcp-session-id', sessionId)
  return pipe
}

function close(req: IncomingMessage, res: ServerResponse): void {
  const sessionId = String(req.headers['mcp-session-id'])
  sessions.get(sessionId)?.process.stdin?.end()
  sessions.delete(sessionId)
  res.writeHead(200).end()
}

createServer((req, res) => {
  let body = ''
  req.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
  req.on('end', () => take(req, res, body))
}).listen(Number(port), '127.0.0.1')

// A profile is written only by a process that ends by itself.
process.once('SIGTERM', () => process.exit(0))
