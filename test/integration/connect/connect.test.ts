// connect: an HTTP server as a stdio command: what a client at its pipes sees, on each wire.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually, fixture, StdioClient, tempDir } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { embedded, nothingLeft } from '../bridges.ts'
import { textOf } from '../clients.ts'
import { commandTo, connected, cuttable, opened, passOn, served } from './connected.ts'

nothingLeft()

const WIRES = [
  ['Streamable HTTP', '/mcp', 'streamable'],
  ['HTTP+SSE', '/sse', 'sse'],
] as const

describe.each(WIRES)('connect over %s', (_name, path, wire) => {
  test('calls, progress, questions and cancellations pass both ways, and the end of stdin ends the session', async () => {
    const bridge = await embedded({ command: fixture('asks-client') })
    const client = new StdioClient(commandTo(`http://127.0.0.1:${bridge.port}${path}`))
    await client.connect()
    client.onRequest = ({ method }) =>
      method === 'elicitation/create' ? { action: 'accept', content: { name: 'ann' } } : undefined
    await client.initialize({ capabilities: { elicitation: {} } })
    expect(textOf(await client.call('echo', { text: 'ä€ "x"' }))).toBe('ä€ "x"')
    expect(textOf(await client.call('elicit', { message: 'who?' }))).toContain('"name":"ann"')
    const seen: unknown[] = []
    const steps = { steps: 3, delayMs: 1 }
    await client.call('progress', steps, { progressToken: 'p', onMessage: (message) => seen.push(message) })
    expect(seen).toHaveLength(3)
    const stopped = new AbortController()
    const slow = client.call('sleep', { ms: 60_000 }, { id: 'slow', signal: stopped.signal })
    // What is given up before it is sent is not sent.
    await client.call('echo', { text: 'behind it' })
    await client.cancel('slow')
    const heard = async () => textOf(await client.call('heard'))?.includes('notifications/cancelled') === true
    for (let i = 0; i < 200 && !(await heard()); i++) await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await heard()).toBe(true)
    stopped.abort()
    expect(await slow.catch(() => 'given up')).toBe('given up')
    expect(client.failures).toEqual([])
    expect(await client.close(20_000)).toEqual({ code: 0, signal: null })
    await bridge.until(({ msg, binding }) => msg === 'session closed' && binding === wire)
  })

  test('a server that comes back is opened anew: what is safe is asked again, of the rest the client is told', async () => {
    const first = await embedded({ command: fixture('echo') })
    const relay = await cuttable(first.port)
    const client = await opened(`http://127.0.0.1:${relay.port}${path}`)
    const lost = client.call('progress', { steps: 10_000, delayMs: 50 }, { progressToken: 1 })
    await client.until('notifications/progress')
    // As when it is killed: nobody hears a word.
    relay.isUp = false
    relay.cut()
    await first.close()
    await embedded({ command: fixture('echo'), port: first.port })
    relay.isUp = true
    expect((await lost).error).toMatchObject({ code: -32_000, data: { code: 'answer_lost' } })
    expect(textOf(await client.call('echo', { text: 'again' }))).toBe('again')
    expect((await client.request('tools/list')).error).toBeUndefined()
    expect(client.stderr).toMatch(/new (one|session)/)
    expect(client.received).toContainEqual({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
  })
})

test('connect.bytes: what passes keeps its bytes, and so do numbers that JavaScript cannot hold', async () => {
  const { port } = await embedded({ command: fixture('long-numbers') })
  const direct = new StdioClient(fixture('long-numbers'))
  await direct.connect()
  const through = await opened(`http://127.0.0.1:${port}/mcp`)
  await direct.initialize()
  for (const each of [direct, through]) await each.request('tools/list')
  expect(through.lines.at(-1)).toBe(direct.lines.at(-1))
  await direct.close()
})

test('connect.modern: a client of 2026-07-28 has its headers written, and falls back where a server knows none', async () => {
  const { port } = await embedded({ command: fixture('speaks-modern', 'only') })
  const client = await connected(`http://127.0.0.1:${port}/mcp`)
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const { result } = await client.request('server/discover', { _meta })
  expect(result.supportedVersions).toContain('2026-07-28')
  const call = (text: string) =>
    client.request('tools/call', { _meta, name: 'echo', arguments: { text } }).then(textOf)
  expect(await call('ä')).toBe('ä')
  const slow = client.request(
    'tools/call',
    { _meta, name: 'sleep', arguments: { ms: 60_000 } },
    { id: 'slow', signal: AbortSignal.timeout(500) },
  )
  await client.cancel('slow')
  expect(await slow.catch(() => 'silence')).toBe('silence')
  expect(await call('on')).toBe('on')

  const old = await served((req, res) => {
    res.writeHead(req.method === 'POST' ? 400 : 405).end('Bad Request: Server not initialized')
  })
  const other = await connected(`http://127.0.0.1:${old}/mcp`)
  const { error } = await other.request('server/discover', { _meta })
  expect(error).toMatchObject({ code: -32_000, data: { code: 'server_refused' } })
})

test('connect.resume: a call whose stream is cut again and again is answered, once', async () => {
  const { port } = await embedded({ command: fixture('echo') })
  const relay = await cuttable(port)
  const client = await opened(`http://127.0.0.1:${relay.port}/mcp`)
  const seen: unknown[] = []
  const answer = client.call(
    'progress',
    { steps: 40, delayMs: 50 },
    {
      progressToken: 1,
      onMessage: (message) => {
        seen.push(message)
        if (seen.length % 10 === 5) relay.cut()
      },
    },
  )
  expect(textOf(await answer)).toBe('done')
  const steps = seen.map((message) => (message as { params: { progress: number } }).params.progress)
  expect(steps).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
})

test('connect.session: a session that the server has ended is opened anew for the call that finds out', async () => {
  const bridge = await embedded({ command: fixture('echo') })
  let id = ''
  const port = await served((req, res) => {
    id = String(req.headers['mcp-session-id'] ?? id)
    passOn(req, res, bridge.port)
  })
  const client = await opened(`http://127.0.0.1:${port}/mcp`)
  expect(textOf(await client.call('echo', { text: '1' }))).toBe('1')
  const ended = await fetch(`http://127.0.0.1:${bridge.port}/mcp`, {
    method: 'DELETE',
    headers: { 'mcp-session-id': id },
  })
  expect(ended.status).toBeLessThan(300)
  const answers = await Promise.all([1, 2, 3, 4].map((n) => client.call('echo', { text: `${n}` })))
  expect(answers.map((answer) => textOf(answer))).toEqual(['1', '2', '3', '4'])
  expect(client.strays).toEqual([])
})

test('connect.token: it is read for each request, sent to nobody else, and its lack is told', async () => {
  const file = join(tempDir(), 'token')
  writeFileSync(file, 'wrong\n')
  const { port } = await embedded({ command: fixture('echo'), token: 'the-token-of-the-test' })
  const client = await connected(`http://127.0.0.1:${port}/mcp`, ['--token-file', file])
  const refusal = (await client.initialize()).error
  expect(refusal?.data).toMatchObject({ code: 'unauthorized' })
  writeFileSync(file, 'the-token-of-the-test\n')
  expect((await client.initialize()).error).toBeUndefined()

  const told: unknown[] = []
  const elsewhere = await served((req, res) => {
    told.push(req.headers.authorization)
    res.end()
  })
  const moved = await served((req, res) => {
    const host = req.url === '/mcp' ? `127.0.0.1:${port}` : `127.0.0.1:${elsewhere}`
    res.writeHead(307, { location: req.url === '/a' ? '/b' : `http://${host}/mcp` }).end()
  })
  const other = await connected(`http://127.0.0.1:${moved}/a`, ['--token-file', file])
  expect((await other.initialize()).error?.data).toMatchObject({ code: 'server_refused' })
  expect(told).toEqual([])
})

test('connect.redirect: a server that sends /mcp on to /mcp/ is followed', async () => {
  const bridge = await embedded({ command: fixture('echo'), mcpPath: '/there' })
  const port = await served((req, res) => {
    if (req.url === '/mcp') return void res.writeHead(307, { location: '/there' }).end()
    passOn(req, res, bridge.port)
  })
  const client = await opened(`http://127.0.0.1:${port}/mcp`)
  expect(textOf(await client.call('echo', { text: 'on' }))).toBe('on')
})

test('connect.proxy: what the proxy variables say is done', async () => {
  const bridge = await embedded({ command: fixture('echo'), allowHost: ['tools.lan.example'] })
  const asked: string[] = []
  const proxy = await served((req, res) => {
    asked.push(`${req.method} ${req.url}`)
    passOn(req, res, bridge.port, new URL(req.url ?? '').pathname)
  })
  const env = { HTTP_PROXY: `http://127.0.0.1:${proxy}` }
  const client = await opened('http://tools.lan.example/mcp', [], { env })
  expect(textOf(await client.call('echo', { text: 'on' }))).toBe('on')
  expect(asked).toContain('POST http://tools.lan.example/mcp')
})

test('connect.ca: a certificate of one’s own is trusted where it is named, and else refused', async () => {
  const [cert, key] = ['cert', 'key'].map((name) => new URL(`ca/${name}.pem`, import.meta.url))
  const bridge = await embedded({ command: fixture('echo') })
  const port = await served((req, res) => passOn(req, res, bridge.port), {
    cert: readFileSync(cert as URL),
    key: readFileSync(key as URL),
  })
  const url = `https://127.0.0.1:${port}/mcp`
  const client = await opened(url, ['--ca', fileURLToPath(cert as URL)])
  expect(textOf(await client.call('echo', { text: 'on' }))).toBe('on')
  const stranger = await connected(url)
  expect((await stranger.initialize()).error).toMatchObject({
    data: { code: 'server_unreachable' },
    message: expect.stringContaining('SELF_SIGNED'),
  })
})

test('connect.away: a server that is not there yet is waited for, one that refuses is told of at once', async () => {
  const { port } = await embedded({ command: fixture('echo') })
  const relay = await cuttable(port)
  relay.isUp = false
  const client = await connected(`http://127.0.0.1:${relay.port}/mcp`)
  const answer = client.initialize()
  await eventually(() => relay.turnedAway > 1, { what: 'that it has tried again' })
  relay.isUp = true
  expect((await answer).error).toBeUndefined()

  const html = await served((_req, res) => res.writeHead(500).end('<h1>Sorry</h1>'))
  const other = await connected(`http://127.0.0.1:${html}/mcp`)
  const { error } = await other.initialize()
  expect(error).toMatchObject({ code: -32_000, data: { code: 'server_refused' } })
  expect(error?.message).toContain('status 500: <h1>Sorry</h1>')
})

test('connect.lines: what is no message is refused, and nothing is said on stdout but messages', async () => {
  const { port } = await embedded({ command: fixture('echo') })
  const client = await opened(`http://127.0.0.1:${port}/mcp`)
  expect(textOf(await client.call('big', { bytes: 5_000_000 }))).toHaveLength(5_000_000)
  await client.notify('notifications/roots/list_changed')
  // To who reads with node:readline these end a line.
  expect(textOf(await client.call('echo', { text: 'a\u2028b' }))).toBe('a\u2028b')
  expect(client.lines.at(-1)).toContain(String.raw`a\u2028b`)
  expect((await client.request('no/such/method')).result).toBeDefined()
  expect(client.failures).toEqual([])
  expect(client.stderr).toBe('')
})
