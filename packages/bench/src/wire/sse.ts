// wire/sse: 2024-11: a GET stream brings all answers, each message is a POST of its own.
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { ends, nextId, type Answer, type Session, type Target } from './wire.ts'

interface Waiting {
  resolve(answer: Answer): void
  reject(error: Error): void
}

export async function openSse(target: Target): Promise<Session> {
  const waiting = new Map<number, Waiting>()
  let progress = 0
  const endpoint = Promise.withResolvers<string>()
  const fail = (error: Error): void => {
    endpoint.reject(error)
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const take = (chunks: readonly Buffer[], bytes: number): void => {
    const text = ends(chunks, bytes)
    if (/^event: ?endpoint\b/m.test(text)) {
      const path = /^data: ?(\S+)/m.exec(text)?.[1] ?? ''
      return endpoint.resolve(new URL(path, `http://127.0.0.1:${target.port}`).toString())
    }
    if (text.includes('"notifications/progress"')) progress++
    const id = Number(/"id":\s*(\d+)/.exec(text)?.[1])
    const asked = waiting.get(id)
    if (asked === undefined) return
    waiting.delete(id)
    if (!text.includes('"result"')) return asked.reject(new Error(`no result: ${text.slice(0, 300)}`))
    asked.resolve({ bytes, progress })
    progress = 0
  }
  const stream = openStream(target, take, fail)
  const messages = await endpoint.promise.catch((error: unknown) => {
    stream.destroy()
    throw error
  })
  const post = (message: object): Promise<void> => send(target, messages, { jsonrpc: '2.0', ...message })
  return {
    request(method, params) {
      const id = nextId()
      const { promise, resolve, reject } = Promise.withResolvers<Answer>()
      waiting.set(id, { resolve, reject })
      post({ id, method, params }).catch(reject)
      return promise
    },
    notify: (method) => post({ method }),
    async close() {
      fail(new Error('the session was closed'))
      stream.destroy()
    },
  }
}

function openStream(
  { port, path }: Target,
  take: (chunks: readonly Buffer[], bytes: number) => void,
  fail: (error: Error) => void,
): ClientRequest {
  // No agent: this socket is never free again.
  const headers = { accept: 'text/event-stream' }
  const req = request({ host: '127.0.0.1', port, path, agent: false, headers })
  req.on('error', fail)
  req.on('response', (res) => {
    if (res.statusCode !== 200) fail(new Error(`HTTP ${res.statusCode}`))
    readEvents(res, take)
    res.on('error', fail)
    res.on('close', () => fail(new Error('the stream ended')))
  })
  req.end()
  return req
}

const LF = 10
const CR = 13

/** An event ends with an empty line; its parts are handed on as they came, for nobody to join 20 MB in vain. */
function readEvents(res: IncomingMessage, take: (chunks: readonly Buffer[], bytes: number) => void): void {
  let chunks: Buffer[] = []
  let bytes = 0
  let isLineEmpty = true
  res.on('data', (chunk: Buffer) => {
    let start = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, end + 1)) {
      const line = end - start
      const isOnlyCr = line === 1 && chunk[start] === CR
      if (isLineEmpty && (line === 0 || isOnlyCr)) {
        if (bytes > 0) take(chunks, bytes)
        chunks = []
        bytes = 0
      } else {
        const part = chunk.subarray(start, end + 1)
        chunks.push(part)
        bytes += part.length
      }
      isLineEmpty = true
      start = end + 1
    }
    if (start === chunk.length) return
    chunks.push(chunk.subarray(start))
    bytes += chunk.length - start
    isLineEmpty = chunk.length - start === 1 && chunk[start] === CR && isLineEmpty
  })
}

function send({ agent }: Target, url: string, message: object): Promise<void> {
  const body = JSON.stringify(message)
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve, reject) => {
    const req = request(url, { method: 'POST', agent, headers })
    req.on('error', reject)
    req.on('response', (res) => {
      const { statusCode = 0 } = res
      res.on('error', reject)
      res.on('end', () => (statusCode < 300 ? resolve() : reject(new Error(`HTTP ${statusCode}`))))
      res.resume()
    })
    req.end(body)
  })
}
