// wire/streamable: a POST per message; the answer is a JSON body or an event stream that ends with it.
import { request, type IncomingHttpHeaders } from 'node:http'
import { countProgress, ends, nextId, type Answer, type Session, type Target } from './wire.ts'

interface Reply {
  status: number
  headers: IncomingHttpHeaders
  chunks: Buffer[]
  bytes: number
}

export async function openStreamable(target: Target): Promise<Session> {
  const headers: Record<string, string | number> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(target.oldSession === undefined ? {} : { 'mcp-session-id': target.oldSession }),
  }
  const post = async (message: object): Promise<Reply> => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    return exchange(target, 'POST', { ...headers, 'content-length': Buffer.byteLength(body) }, body)
  }
  return {
    async request(method, params) {
      const reply = await post({ id: nextId(), method, params })
      if (method === 'initialize') {
        const sessionId = reply.headers['mcp-session-id']
        if (typeof sessionId === 'string') headers['mcp-session-id'] = sessionId
        headers['mcp-protocol-version'] = '2025-06-18'
      }
      return answerOf(reply)
    },
    async notify(method) {
      await post({ method })
    },
    async close() {
      if (headers['mcp-session-id'] !== undefined) await exchange(target, 'DELETE', headers)
    },
  }
}

export function answerOf({ chunks, bytes }: Reply): Answer {
  const text = ends(chunks, bytes)
  if (!text.includes('"result"')) throw new Error(`no result: ${text.slice(0, 300)}`)
  return { bytes, progress: countProgress(text) }
}

export function exchange(
  { port, path, agent }: Target,
  method: string,
  headers: Record<string, string | number>,
  body?: string,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, path, method, agent, headers })
    req.on('error', reject)
    req.on('response', (res) => {
      const { statusCode: status = 0 } = res
      const chunks: Buffer[] = []
      let bytes = 0
      res.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
      })
      res.on('error', reject)
      res.on('end', () => {
        if (status < 300 || method === 'DELETE') resolve({ status, headers: res.headers, chunks, bytes })
        else reject(new Error(`HTTP ${status}: ${ends(chunks, bytes).slice(0, 300)}`))
      })
    })
    req.end(body)
  })
}
