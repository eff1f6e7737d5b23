// measured: what the tests of bounds share: the memory of a bridge, and a stream that is read only when the test says so.
import { request, type IncomingMessage } from 'node:http'
import { peakRssBytes, rssBytes, send, type RunningBridge, type StreamableClient } from '@mcp-bridge/testkit'

const MIB = 1024 * 1024
/** What one large message, or one reader that takes nothing, may cost. */
export const GROWTH_LIMIT_MIB = 60
/** 300 MB that hurry through leave garbage behind; kept they would be 300. */
export const PASSAGE_LIMIT_MIB = 160

/** Begins to measure; the function returned says by how many MiB the resident memory has grown at its peak since then. */
export function watchMemory({ pid }: RunningBridge): () => number {
  const before = rssBytes(pid)
  return () => (peakRssBytes(pid) - before) / MIB
}

/** POSTs a tool call in the client's session and leaves the answer unread, for the test to pause, read or cut. */
export function postUnread(
  { port }: { port: number },
  { sessionId = '', protocolVersion = '' }: StreamableClient,
  call: { id: number; name: string; arguments: object },
): Promise<IncomingMessage> {
  const { id, ...params } = call
  return unread(port, 'POST', '/mcp', JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }), {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-session-id': sessionId,
    'mcp-protocol-version': protocolVersion,
  })
}

/** Opens an HTTP+SSE session, calls a tool in it, and leaves the stream unread from then on. */
export async function callUnread(
  { port }: { port: number },
  call: { id: number; name: string; arguments: object },
): Promise<IncomingMessage> {
  const stream = await getUnread({ port }, '/sse')
  const [, path] = await readUntil(stream, /event: endpoint\ndata: (.*)\n/)
  const post = async (message: object): Promise<void> => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    const headers = { 'content-type': 'application/json' }
    const { status } = await send({ port, path: `/${path}`, method: 'POST', headers, body })
    if (status !== 202) throw new Error(`HTTP ${status}`)
  }
  const clientInfo = { name: 'unread', version: '0' }
  const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo }
  await post({ id: 1, method: 'initialize', params })
  await readUntil(stream, /"serverInfo"/)
  await post({ method: 'notifications/initialized' })
  const { id, ...of } = call
  await post({ id, method: 'tools/call', params: of })
  return stream
}

/** Reads until the pattern (of less than 1000 characters) is there, and no further than the chunk it is in. */
export async function readUntil(stream: IncomingMessage, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve) => {
    let text = ''
    stream.setEncoding('utf8').on('data', function take(chunk: string) {
      const found = pattern.exec((text += chunk))
      // What is long past must not be searched again with every chunk.
      text = text.slice(-1000)
      if (found === null) return
      stream.pause().off('data', take)
      resolve(found)
    })
    stream.resume()
  })
}

/** Opens a stream and leaves it unread. */
export function getUnread(
  { port }: { port: number },
  path: string,
  headers: Record<string, string> = {},
): Promise<IncomingMessage> {
  return unread(port, 'GET', path, undefined, { accept: 'text/event-stream', ...headers })
}

function unread(
  port: number,
  method: string,
  path: string,
  body: string | undefined,
  headers: Record<string, string>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, method, path, headers, agent: false })
    req.on('error', reject)
    req.on('response', (res) => {
      res.on('error', () => {})
      resolve(res)
    })
    req.end(body)
  })
}

/** Reads the rest line by line, holding none but the last; ends when the stream does or when `take` says true. */
export async function readLines(res: IncomingMessage, take: (line: string) => boolean | void): Promise<void> {
  let rest = ''
  res.setEncoding('utf8')
  for await (const text of res) {
    const lines = (rest + String(text)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (take(line) === true) return
  }
}
