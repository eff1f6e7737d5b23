// connect to servers that answer as none should: nothing is done twice, nothing waits for ever, and nobody is flooded.
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { start, type StdioClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { nothingLeft } from '../bridges.ts'
import { commandTo, connected, opened, served } from './connected.ts'

nothingLeft()

interface Asked {
  req: IncomingMessage
  res: ServerResponse
  /** Of the message; of a GET nothing. */
  method: string | undefined
  id: unknown
}

const EVENTS = { 'content-type': 'text/event-stream' }

/** Answers as it should what `oddly` leaves to it: true, that is. Its sessions are `s1`, `s2`, … */
async function odd(oddly: (asked: Asked) => unknown): Promise<{ url: string; count(what: string): number }> {
  const seen: string[] = []
  const count = (what: string) => seen.filter((each) => each === what).length
  const take = async (req: IncomingMessage, res: ServerResponse) => {
    const body = await text(req)
    const { method, id } = body === '' ? {} : JSON.parse(body)
    seen.push(method ?? req.method)
    if (method === 'initialize') res.setHeader('mcp-session-id', `s${count('initialize')}`)
    if (oddly({ req, res, method, id }) !== true) return
    if (req.method === 'GET') res.writeHead(405).end()
    else if (id === undefined) res.writeHead(202).end()
    else res.setHeader('content-type', 'application/json').end(answer(id, method))
  }
  const port = await served((req, res) => void take(req, res))
  return { url: `http://127.0.0.1:${port}/mcp`, count }
}

function answer(id: unknown, method?: string): string {
  const opening = {
    protocolVersion: '2025-11-25',
    capabilities: { tools: { listChanged: true } },
    serverInfo: { name: 'odd', version: '1' },
  }
  return JSON.stringify({ jsonrpc: '2.0', id, result: method === 'initialize' ? opening : {} })
}

async function codeOf(client: StdioClient): Promise<unknown> {
  return ((await client.call('x')).error?.data as { code: string } | undefined)?.code
}

test('a server that answers 404 for other reasons is not opened again and again', async () => {
  const { url, count } = await odd(({ req, res, method, id }) => {
    if (req.method === 'POST' && method !== 'tools/call' && (id !== undefined || count('ping') === 0))
      return true
    res.writeHead(404).end()
  })
  const client = await opened(url)
  expect(await codeOf(client)).toBe('server_refused')
  expect(count('tools/call')).toBe(2)
  await client.request('ping')
  await client.notify('notifications/roots/list_changed')
  await client.request('ping')
  expect(count('notifications/roots/list_changed')).toBe(2)
  expect(count('initialize')).toBe(3)
})

test('a session that cannot be opened anew at once is opened for a later request', async () => {
  const { url, count } = await odd(({ req, res, method }) => {
    const session = req.headers['mcp-session-id']
    if (method === 'tools/call' && session === 's1') return void res.writeHead(404).end()
    if (method === 'notifications/initialized' && session === 's2') return void req.socket.destroy()
    return true
  })
  const client = await opened(url)
  const all = await Promise.all([1, 2, 3].map(() => codeOf(client)))
  expect(all).toContain('answer_lost')
  expect(await codeOf(client)).toBeUndefined()
  expect(count('initialize')).toBe(3)
})

test('what a server does not end, or does not answer, holds up nothing behind it', async () => {
  const { url } = await odd(({ res, method, id }) => {
    if (method === 'initialize') res.writeHead(200, EVENTS).write(`data: ${answer(id, method)}\n\n`)
    else return id !== undefined
  })
  const client = await opened(url)
  expect(await codeOf(client)).toBeUndefined()
})

test('answers without an answer are told at once', async () => {
  const answers: ((res: ServerResponse) => unknown)[] = [
    (res) => res.writeHead(202).end(),
    (res) => res.writeHead(204).end(),
    (res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<html>\nSorry\n</html>'),
    (res) => res.writeHead(200, EVENTS).end(': nothing\n\n'),
  ]
  const { url, count } = await odd(({ res, method }) => method !== 'tools/call' || void answers.pop()?.(res))
  const client = await opened(url)
  for (let n = answers.length; n > 0; n--) expect(await codeOf(client)).toBe('answer_lost')
  expect(count('tools/call')).toBe(4)

  const page = await odd(({ res }) => void res.end('<html></html>'))
  const other = await connected(page.url)
  expect((await other.initialize()).error?.message).toMatch(/answers initialize with status 200, but with no/)
  expect(page.count('initialize')).toBe(1)
})

test('an error that knows no id, and an id that is written otherwise, answer what was asked', async () => {
  const refusal = { jsonrpc: '2.0', id: null, error: { code: -32_600, message: 'no' } }
  const { url } = await odd(({ res, method, id }) => {
    if (method !== 'tools/call') return true
    res.setHeader('content-type', 'application/json')
    if (id === 'a/ä') return void res.end(answer(id).replace('/ä', String.raw`\/\u00e4`))
    res.writeHead(id === 'well' ? 200 : 400).end(JSON.stringify(refusal))
  })
  const client = await opened(url)
  expect((await client.call('x', {}, { id: 'a/ä' })).error).toBeUndefined()
  expect((await client.call('x', {}, { id: 'well' })).error).toEqual(refusal.error)
  expect((await client.call('x')).error).toEqual(refusal.error)
})

test('a call that is given up while the server is away is not done when it is back', async () => {
  let isAway = true
  const { url, count } = await odd(({ res, method }) => {
    if (method !== 'tools/call' || !isAway) return true
    res.writeHead(503, { 'retry-after': '0' }).end()
  })
  const client = await opened(url)
  const slow = client.call('x', {}, { id: 'slow', signal: AbortSignal.timeout(1500) })
  await new Promise((resolve) => setTimeout(resolve, 1000))
  await client.cancel('slow')
  const asked = count('tools/call')
  // Each time after twice as long.
  expect(asked).toBeLessThan(8)
  isAway = false
  await expect(slow).rejects.toThrow(/abort|timeout/i)
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(count('tools/call')).toBe(asked)
})

test('a stream goes on behind an event whatever it is called, and many requests leave nothing on a connection', async () => {
  let from = ''
  const { url } = await odd(({ req, res, method }) => {
    const last = req.headers['last-event-id']
    if (method === 'tools/call') return void res.writeHead(200, EVENTS).end('id: ü€\nretry: 0\ndata:\n\n')
    if (last === undefined) return true
    from = Buffer.from(String(last), 'latin1').toString()
    res.writeHead(200, EVENTS).end(`data: ${answer('it')}\n\n`)
  })
  const client = await opened(url)
  expect((await client.call('x', {}, { id: 'it' })).error).toBeUndefined()
  expect(from).toBe('ü€')
  for (let n = 0; n < 30; n++) await client.request('ping')
  expect(client.stderr).toBe('')
})

test('over HTTP+SSE a call that was told to be lost is not sent to the next session', async () => {
  let streams = 0
  let calls = 0
  let open: ServerResponse | undefined
  const take = async (req: IncomingMessage, res: ServerResponse) => {
    if (req.method === 'GET' && req.url === '/sse') {
      streams++
      res.writeHead(200, EVENTS).write(`event: endpoint\ndata: /to${streams}\n\n`)
      open = res
      return
    }
    const { method, id } = JSON.parse(await text(req))
    if (req.url === '/sse') return void res.writeHead(405).end()
    if (method === 'tools/call' && ++calls === 1) {
      // The session has ended before it took the call.
      const ended = once(res, 'close')
      open?.end()
      setTimeout(() => res.writeHead(404).end(), 500)
      return void (await ended)
    }
    res.writeHead(202).end()
    if (id !== undefined) open?.write(`data: ${answer(id, method)}\n\n`)
  }
  const port = await served((req, res) => void take(req, res))
  const client = await opened(`http://127.0.0.1:${port}/sse`)
  expect(await codeOf(client)).toBe('answer_lost')
  await client.request('ping')
  expect(streams).toBe(2)
  expect(calls).toBe(1)
})

test('who hears nothing any more is done nothing for', async () => {
  const { url, count } = await odd(() => true)
  const { process: child, exited } = await start(commandTo(url), { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdout?.destroy()
  child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })}\n`)
  expect(await exited).toEqual({ code: 0, signal: null })
  expect(count('ping')).toBe(1)
})
