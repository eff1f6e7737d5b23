// library: createBridge in somebody's program: listen, close, mounted in an express app, several side by side.
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo } from 'node:net'
import {
  descendantsOf,
  eventually,
  fixture,
  listeningPorts,
  send,
  SseClient,
  StreamableClient,
} from '@mcp-bridge/testkit'
import { BridgeError, createBridge, inspect, type ConfigInput } from 'mcp-bridge'
import { afterEach, expect, test } from 'vitest'
import { nothingLeftAfterEach } from '../bridges.ts'
import { treeOf } from '../children/tree.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()

const closers: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

function create(config: Partial<ConfigInput> = {}) {
  const bridge = createBridge({ command: fixture('echo'), port: 0, ...config })
  closers.push(() => bridge.close({ drainMs: 0 }))
  return bridge
}

/** The address of an app of somebody's own. */
async function serve(app: RequestListener): Promise<number> {
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as AddressInfo).port
}

test('cli.library: nothing happens before listen; close leaves neither process nor port', async () => {
  const ports = listeningPorts(process.pid)
  const processes = descendantsOf(process.pid)
  const bridge = create()
  expect([listeningPorts(process.pid), descendantsOf(process.pid)]).toEqual([ports, processes])

  const listening = await bridge.listen()
  expect(listening).toEqual({
    host: '127.0.0.1',
    port: expect.any(Number),
    mcpUrl: `http://127.0.0.1:${listening.port}/mcp`,
    sseUrl: `http://127.0.0.1:${listening.port}/sse`,
  })
  expect(listeningPorts(process.pid)).toContain(listening.port)
  const report = await bridge.start()
  expect(report).toMatchObject({ name: 'echo', version: '1.0.0' })
  expect(report.tools.map(({ name }) => name)).toContain('echo')

  const [client, sse] = await Promise.all([openStreamable(listening), openSse(listening)])
  expect(textOf(await client.call('echo', { text: 'a' }))).toBe('a')
  expect(textOf(await sse.call('echo', { text: 'b' }))).toBe('b')
  await bridge.close()
  expect(await sse.stream?.ended).toBe('ended')
  expect([listeningPorts(process.pid), descendantsOf(process.pid)]).toEqual([ports, processes])
  // A second time is no mistake.
  await bridge.close()
})

test('cli.library: close drains: the call in flight is answered', async () => {
  const bridge = create()
  const client = await openStreamable(await bridge.listen())
  const call = client.call('progress', { steps: 2, delayMs: 800 }, { progressToken: 1 })
  await client.until('notifications/progress')
  await bridge.close()
  expect(textOf(await call)).toBe('done')
})

test('cli.library: mounted in an express app under a path, beside what is there already', async () => {
  const express = createRequire(import.meta.resolve('mcp-bridge'))('express')
  const bridge = create()
  const app = express()
  app.get('/', (_req: unknown, res: { send(text: string): void }) => res.send('my own app'))
  app.use('/tools/echo', bridge.handler)
  const port = await serve(app)

  const client = new StreamableClient({ port, path: '/tools/echo/mcp' })
  expect((await client.initialize()).error).toBeUndefined()
  expect(textOf(await client.call('echo', { text: 'mounted' }))).toBe('mounted')
  const sse = new SseClient({ port, path: '/tools/echo/sse' })
  await sse.connect()
  expect((await sse.initialize()).error).toBeUndefined()
  expect(textOf(await sse.call('echo', { text: 'too' }))).toBe('too')

  expect((await send({ port, path: '/' })).body).toBe('my own app')
  expect((await send({ port, path: '/tools/echo/readyz' })).status).toBe(200)
  expect((await send({ port, path: '/mcp' })).status).toBe(404)
  const [own] = await treeOf(client)
  await bridge.close()
  expect(descendantsOf(process.pid)).not.toContain(own)
  expect((await send({ port, path: '/' })).body).toBe('my own app')
})

test('cli.library: mounted behind body parsers, what they have read is passed on', async () => {
  const express = createRequire(import.meta.resolve('mcp-bridge'))('express')
  const failures: unknown[] = []
  const app = express()
  app.use(express.json(), express.urlencoded(), express.text(), express.raw())
  app.use('/tools/echo', create({ token: 'secret' }).handler)
  app.use((error: unknown, _req: unknown, _res: unknown, next: (error: unknown) => void) => {
    failures.push(error)
    next(error)
  })
  const port = await serve(app)

  const headers = { authorization: 'Bearer secret' }
  const client = new StreamableClient({ port, path: '/tools/echo/mcp', headers })
  expect((await client.initialize()).error).toBeUndefined()
  expect(textOf(await client.call('echo', { text: 'parsed €' }))).toBe('parsed €')
  const sse = new SseClient({ port, path: '/tools/echo/sse', headers })
  await sse.connect()
  expect((await sse.initialize()).error).toBeUndefined()
  expect(textOf(await sse.call('echo', { text: 'parsed €' }))).toBe('parsed €')
  // A refusal is the bridge's own: the application's error handler hears nothing of it.
  const stranger = new StreamableClient({ port, path: '/tools/echo/mcp' })
  expect((await stranger.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(401)
  expect(failures).toEqual([])
})

test('cli.library: the handler alone serves a plain node:http server', async () => {
  const port = await serve(create().handler)
  const client = await openStreamable({ port })
  expect(textOf(await client.call('echo', { text: 'plain' }))).toBe('plain')
})

test('cli.library: two bridges in one process share nothing', async () => {
  const one = create({ env: { WHO: 'one' }, token: 'token-of-one', maxSessions: 1 })
  const other = create({ env: { WHO: 'other' } })
  const [first, second] = await Promise.all([one.listen(), other.listen()])
  const client = await openStreamable(first, { headers: { authorization: 'Bearer token-of-one' } })
  const neighbour = await openStreamable(second)
  expect(textOf(await client.call('env', { name: 'WHO' }))).toBe('one')
  expect(textOf(await neighbour.call('env', { name: 'WHO' }))).toBe('other')

  // Neither token, sessions nor limits of one mean anything to the other.
  const stranger = new StreamableClient({
    port: second.port,
    headers: { 'mcp-session-id': client.sessionId ?? '' },
  })
  expect((await stranger.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(404)
  expect((await new StreamableClient(first).post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(401)
  await openStreamable(second)
  const trees = await treeOf(neighbour)
  await one.close()
  expect(textOf(await neighbour.call('echo', { text: 'unharmed' }))).toBe('unharmed')
  expect(await treeOf(neighbour)).toEqual(trees)
})

test('cli.library: a tool that cannot start is told by start, failed and the client', async () => {
  const bridge = create({ command: fixture('dies-at-start', '6', 'no licence') })
  const listening = await bridge.listen()
  await expect(bridge.start()).rejects.toMatchObject({
    code: 'child_exited',
    data: { exitCode: 6, stderr: ['no licence'] },
  })
  expect(await bridge.failed).toMatchObject({ code: 'child_exited', message: 'the tool exited with code 6' })
  const client = new StreamableClient(listening)
  const { error } = await client.initialize()
  expect([client.lastStatus, error?.data.code, error?.data.exitCode]).toEqual([502, 'child_exited', 6])
  // The process was nobody's own: who started the bridge has its stderr, the client has a number to ask about.
  expect(error?.data).toMatchObject({ hint: expect.stringContaining('see the log for incident') })
  expect(JSON.stringify(error)).not.toContain('no licence')
  const ready = await send({ port: listening.port, path: '/readyz' })
  expect([ready.status, ready.json().status]).toEqual([503, 'failing'])
})

test.each(['session', 'shared'] as const)(
  'cli.library: %s: a tool that has its framing wrong is told what to look for',
  async (children) => {
    const bridge = create({ command: fixture('odd-framing', 'content-length'), children })
    await expect(bridge.start()).rejects.toMatchObject({
      code: 'child_not_mcp',
      hint: 'look for an option of the tool that sets its framing',
    })
  },
)

test('cli.library: config_invalid lists all problems; the port in use is listen_failed', async () => {
  const faulty = {
    command: [],
    port: 99_999,
    idleMs: 'soon',
    idlMs: 5,
    ssePath: '/mcp',
  } as unknown as ConfigInput
  const error = (() => {
    try {
      return createBridge(faulty)
    } catch (thrown) {
      return thrown as BridgeError
    }
  })()
  expect(error).toBeInstanceOf(BridgeError)
  expect(error).toMatchObject({ code: 'config_invalid' })
  const { message } = error as BridgeError
  for (const part of [
    '5 problems',
    'option port',
    'option idleMs',
    'option idlMs',
    'did you mean idleMs?',
    'the command',
    '/mcp is the path of',
  ])
    expect(message).toContain(part)

  const { port } = await create().listen()
  await expect(create({ port }).listen()).rejects.toMatchObject({ code: 'listen_failed' })
})

test('cli.library: inspect asks once and leaves nothing', async () => {
  const { config } = create()
  expect(await inspect(config)).toMatchObject({ name: 'echo', secondProcess: true, warnings: [] })
  await eventually(() => descendantsOf(process.pid).length === 0, { what: 'nothing to be left' })
})
