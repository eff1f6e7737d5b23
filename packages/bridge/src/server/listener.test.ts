// listener: what is no request, too large or too slow is told so by its name, and logged.
import { connect, type Socket } from 'node:net'
import type { RequestListener, Server } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { pino } from 'pino'
import { addressOf, closeListener, openListener } from './listener.ts'

const servers: Server[] = []
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(servers.splice(0).map((server) => closeListener(server, 0)))
})

/** A server that waits no longer for a request than this. */
async function listening(handler: RequestListener, requestTimeout: number) {
  const logs: Record<string, unknown>[] = []
  const log = pino({ base: null }, { write: (line: string) => void logs.push(JSON.parse(line)) })
  const timeouts = { headersTimeout: requestTimeout, requestTimeout, connectionsCheckingInterval: 20 }
  const server = await openListener(handler, { host: '127.0.0.1', port: 0, maxBodyBytes: 1 }, log, timeouts)
  servers.push(server)
  return { logs, port: addressOf(server).port }
}

/** All that comes back for these bytes, and for others sent once it begins, until the connection ends. */
function answerTo(port: number, bytes: string, afterwards?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    sockets.push(socket)
    let text = ''
    socket.setEncoding('utf8').on('data', (part: string) => {
      if (text === '' && afterwards !== undefined) socket.write(afterwards)
      text += part
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

function bodyOf(text: string): { error: { message: string; data: { code: string; hint?: string } } } {
  return JSON.parse(text.slice(text.indexOf('\r\n\r\n')))
}

const never: RequestListener = () => {}
const POST = 'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n'
const LONG_MS = 60_000
const SHORT_MS = 100

test.each([20_000, 2_000_000])(
  'headers of %i bytes are 431, with what to do, and a line in the log',
  async (n) => {
    const { port, logs } = await listening(never, LONG_MS)
    const text = await answerTo(
      port,
      `GET / HTTP/1.1\r\nAuthorization: Bearer s3cret${'x'.repeat(n)}\r\n\r\n`,
    )
    expect(text).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\nConnection: close\r\n/)
    const { error } = bodyOf(text)
    expect(error.message).toMatch(/headers are too large: over 16384 bytes/)
    expect(error.data.code).toBe('headers_too_large')
    expect(error.data.hint).toContain('--max-http-header-size')
    expect(logs).toMatchObject([
      { msg: 'request refused', code: 'headers_too_large', remoteAddress: '127.0.0.1' },
    ])
    expect(JSON.stringify(logs)).not.toContain('s3cret')
  },
)

test.each([
  ['half of its headers', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half'],
  ['half of its body', `${POST}{"jsonrpc"`],
])('a request of which %s come is 408', async (_what, bytes) => {
  const { port, logs } = await listening(never, SHORT_MS)
  const text = await answerTo(port, bytes)
  expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
  expect(bodyOf(text).error.data.code).toBe('request_timeout')
  expect(logs).toMatchObject([{ msg: 'request refused', code: 'request_timeout' }])
})

test('what is no HTTP is 400 as before', async () => {
  const { port, logs } = await listening(never, LONG_MS)
  const text = await answerTo(port, '\u0016\u0003\u0001 hello\r\n\r\n')
  expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  expect(bodyOf(text).error).toMatchObject({
    message: 'not an HTTP request',
    data: { code: 'request_invalid' },
  })
  expect(logs).toHaveLength(1)
})

test('in the middle of an answer no refusal is written into it', async () => {
  const { port } = await listening((_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write('data: first\n\n')
  }, LONG_MS)
  const text = await answerTo(port, POST.replace('1000', '0'), 'this is no request\r\n\r\n')
  expect(text).toMatch(/^HTTP\/1\.1 200 OK/)
  expect(text).not.toContain('HTTP/1.1 400')
})
