// authentication: the application beside an authenticator that knows the caller at once, or that has to ask first.
import { once } from 'node:events'
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Authenticate } from '../access/authenticate.ts'
import type { Caller } from '../access/caller.ts'
import { Budget } from '../budget/budget.ts'
import { BridgeError } from '../errors.ts'
import { Message } from '../rpc/message.ts'
import { Events } from '../telemetry/events.ts'
import { logEvents } from '../telemetry/log-events.ts'
import { App, type Wires } from './app.ts'

const servers: Server[] = []
const agents: Agent[] = []
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy()
  await Promise.all(
    servers.splice(0).map((server) => {
      server.close().closeAllConnections()
      return once(server, 'close')
    }),
  )
})

const account = new Budget({ sessions: 1, children: 1, waiting: 1, bytes: 1e9 }, false).account('alice')
const ALICE: Caller = { principal: 'alice', tokenHash: 'x', account, env: {}, filters: [] }
const UNKNOWN = new BridgeError('unauthorized', 'this token is not known')

/** The application on a port. Its wires answer who came with what; `events` is what happened in the server, in order. */
async function serving(authenticate: Authenticate) {
  const events: string[] = []
  const logs: { msg: string; code?: string }[] = []
  const requests: { req: IncomingMessage; res: ServerResponse }[] = []
  const answer = (res: ServerResponse, { principal }: Caller, what: string) => {
    events.push(`${principal} ${what}`)
    res.end(`${principal} ${what}`)
  }
  const log = pino({ base: null }, { write: (line: string) => void logs.push(JSON.parse(line)) })
  const told = new Events('test')
  logEvents(told.source, log)
  const app = new App(
    {
      admission: {
        host: '0.0.0.0',
        allowHost: [],
        allowOrigin: ['https://app.example'],
        insecure: false,
        hasTokens: true,
      },
      cors: true,
      authenticate,
      readiness: (details) => ({ status: 'failing', ...(details !== 'none' && { reason: 'no licence' }) }),
      events: told,
      explain: () => undefined,
      status: { handle: async (_req, _res, next) => next() },
      onRequest: () => events.push('request'),
    },
    log,
  )
  const wires: Wires = {
    streamable: {
      post: (_req, res, body, caller) =>
        answer(res, caller, body instanceof Message ? `${body.method} ${body.byteLength}` : 'batch'),
      get: (_req, res, caller) => answer(res, caller, 'GET'),
      delete: (_req, res, caller) => answer(res, caller, 'DELETE'),
    },
    stateless: { post: (_req, res, message, caller) => Promise.resolve(answer(res, caller, message.method)) },
    sse: {
      get: (_req, res, caller) => answer(res, caller, 'SSE'),
      post: (_req, res, _body, caller) => answer(res, caller, 'message'),
    },
    card: { get: () => Promise.resolve() },
  }
  app.mount([
    {
      paths: { mcpPath: '/mcp', ssePath: '/sse', messagePath: '/messages' },
      maxBodyBytes: 10_000_000,
      isForLiteLlm: false,
      headerEnv: [],
      authenticate,
      isFor: () => true,
      begin: () => {},
      wires: () => wires,
    },
  ])
  const server = createServer((req, res) => {
    requests.push({ req, res })
    app.handler(req, res)
    events.push('returned')
  })
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, events, logs, requests }
}

/** An authenticator that waits until it is told what to say; `told` waits until it is asked. */
function lookUp() {
  const asked: { resolve(caller: Caller): void; reject(error: Error): void }[] = []
  const authenticate: Authenticate = () => {
    const { promise, ...settle } = Promise.withResolvers<Caller>()
    asked.push(settle)
    return promise
  }
  const told = async (said: Caller | Error) => {
    const { resolve, reject } = await vi.waitFor(() => {
      const next = asked.shift()
      if (next === undefined) throw new Error('nobody has asked')
      return next
    })
    if (said instanceof Error) reject(said)
    else resolve(said)
  }
  return { authenticate, told, asked }
}

interface Sent {
  headers?: Record<string, string>
  body?: string
  agent?: Agent
}

async function send(port: number, method: string, path: string, { headers, body = '', agent }: Sent = {}) {
  const req = request({
    port,
    method,
    path,
    ...(agent === undefined ? {} : { agent }),
    headers: { 'content-length': String(body.length), ...headers },
  })
  req.end(body)
  const [res] = (await once(req, 'response')) as [IncomingMessage]
  return { status: res.statusCode, headers: res.headers, body: await text(res) }
}

const call = (bytes: number) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 7,
    method: 'tools/call',
    params: { name: 'a', pad: 'x'.repeat(bytes) },
  })

test('a caller that is known at once is served at once, without a promise on the way', async () => {
  const { port, events } = await serving(() => ALICE)
  expect((await send(port, 'GET', '/mcp')).body).toBe('alice GET')
  expect(events).toEqual(['request', 'alice GET', 'returned'])
})

describe('a caller that is looked up', () => {
  test.each([
    ['GET', '/mcp', 'alice GET'],
    ['DELETE', '/mcp', 'alice DELETE'],
    ['GET', '/sse', 'alice SSE'],
    ['GET', '/SSE/', 'alice SSE'],
    ['DELETE', '/MCP/?x=1', 'alice DELETE'],
  ])('%s %s is served once it is known, and not before', async (method, path, expected) => {
    const { authenticate, told } = lookUp()
    const { port, events } = await serving(authenticate)
    const sent = send(port, method, path)
    await vi.waitFor(() => expect(events).toEqual(['returned']))
    await told(ALICE)
    expect(await sent).toMatchObject({ status: 200, body: expected })
    expect(events).toEqual(['returned', 'request', expected])
  })

  test.each([100, 5_000_000])('a body of %i bytes that arrives meanwhile is read whole', async (bytes) => {
    const { authenticate, told } = lookUp()
    const { port, requests } = await serving(authenticate)
    for (const path of ['/mcp', '/mcp/']) {
      const body = call(bytes)
      const sent = send(port, 'POST', path, { body })
      // All of it, or as much as Node reads before somebody takes it.
      await vi.waitFor(() => {
        const { req } = requests.at(-1)!
        expect(req.complete || req.readableLength >= req.readableHighWaterMark).toBe(true)
      })
      await told(ALICE)
      expect(await sent).toMatchObject({ status: 200, body: `alice tools/call ${body.length}` })
    }
    expect(account.bytes.used).toBe(0)
  })

  test('what is refused once it is known is refused as ever', async () => {
    const { authenticate, told } = lookUp()
    const { port } = await serving(authenticate)
    for (const [method, path, body, status, code] of [
      ['GET', '/nothing', '', 404, 'not_found'],
      ['PUT', '/mcp', '', 405, 'method_not_allowed'],
      ['POST', '/mcp', 'no json', 400, 'parse_failed'],
    ] as const) {
      const sent = send(port, method, path, { body })
      await told(ALICE)
      const refused = await sent
      expect([refused.status, JSON.parse(refused.body).error.data.code]).toEqual([status, code])
    }
  })

  test.each([
    ['/mcp', 100],
    ['/mcp', 5_000_000],
    ['/MCP', 100],
    ['/messages', 100],
    ['/nothing', 100],
  ])(
    'a refusal that comes later, POST %s with %i bytes: 401, and the connection lives on',
    async (path, bytes) => {
      const { authenticate, told } = lookUp()
      const { port, events, logs } = await serving(authenticate)
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      agents.push(agent)
      for (const _ of [1, 2]) {
        const sent = send(port, 'POST', path, { body: call(bytes), agent })
        await told(UNKNOWN)
        const { status, headers, body } = await sent
        expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer realm="mcp-bridge"'])
        expect(JSON.parse(body)).toMatchObject({ jsonrpc: '2.0', error: { data: { code: 'unauthorized' } } })
      }
      expect(Object.values(agent.freeSockets).concat(Object.values(agent.sockets)).flat()).toHaveLength(1)
      expect(events).toEqual(['returned', 'returned'])
      expect(logs).toMatchObject([
        { msg: 'request refused', code: 'unauthorized' },
        { msg: 'request refused', code: 'unauthorized' },
      ])
    },
  )

  test('a look-up that fails of itself is an internal error, of which the client learns nothing', async () => {
    const { authenticate, told } = lookUp()
    const { port, logs } = await serving(authenticate)
    const sent = send(port, 'GET', '/mcp')
    await told(new Error('the key server is at 10.0.0.7'))
    const { status, body } = await sent
    expect([status, JSON.parse(body).error.data.code]).toEqual([500, 'internal'])
    expect(body).not.toContain('10.0.0.7')
    expect(logs).toMatchObject([{ msg: 'request failed', err: { message: 'the key server is at 10.0.0.7' } }])
  })

  test('a page may read a refusal that comes later', async () => {
    const { authenticate, told } = lookUp()
    const { port } = await serving(authenticate)
    const origin = 'https://app.example'
    const sent = send(port, 'POST', '/mcp', { headers: { origin }, body: call(1) })
    await told(UNKNOWN)
    expect(await sent).toMatchObject({ status: 401, headers: { 'access-control-allow-origin': origin } })
  })

  test.each([
    ['GET', '/mcp', 'known', ALICE],
    ['POST', '/mcp', 'known', ALICE],
    ['POST', '/mcp/', 'known', ALICE],
    ['GET', '/sse', 'known', ALICE],
    ['POST', '/mcp', 'refused', UNKNOWN],
    ['POST', '/mcp/', 'refused', UNKNOWN],
  ])('a client that hangs up meanwhile: %s %s, %s: nothing is done for it', async (method, path, _, said) => {
    const { authenticate, told } = lookUp()
    const { port, events, logs, requests } = await serving(authenticate)
    const socket = connect(port, '127.0.0.1')
    // Half of a body, so that the end of the connection is all that ends the request.
    const length = method === 'POST' ? 'content-length: 100\r\n' : ''
    socket.write(`${method} ${path} HTTP/1.1\r\nhost: x\r\n${length}\r\n${method === 'POST' ? '{"json' : ''}`)
    await vi.waitFor(() => expect(events).toEqual(['returned']))
    socket.destroy()
    await vi.waitFor(() => expect(requests[0]?.res.destroyed).toBe(true))
    await told(said)
    // The next client is served.
    const next = send(port, 'GET', '/mcp')
    await told(ALICE)
    expect((await next).body).toBe('alice GET')
    expect(events).toEqual(['returned', 'returned', 'request', 'alice GET'])
    expect(logs.map(({ code }) => code)).toEqual(said === ALICE ? [] : ['unauthorized'])
    expect(requests[0]?.res.headersSent).toBe(false)
    expect(account.bytes.used).toBe(0)
  })

  test('a reason why the bridge is not ready is for who turns out to be known', async () => {
    const { authenticate, told, asked } = lookUp()
    const { port } = await serving(authenticate)
    const ready = (
      said?: Caller | Error,
      headers: Record<string, string> = { 'x-forwarded-for': '10.1.1.1' },
    ) => {
      const sent = send(port, 'GET', '/readyz', { headers })
      return Promise.all([sent, said === undefined ? undefined : told(said)]).then(([{ body }]) =>
        JSON.parse(body),
      )
    }
    expect(await ready(ALICE)).toEqual({ status: 'failing', reason: 'no licence' })
    expect(await ready(UNKNOWN)).toEqual({ status: 'failing' })
    // As proxies say that they pass something on.
    for (const [name, value] of [
      ['x-real-ip', '10.1.1.1'],
      ['x-forwarded-proto', 'https'],
      ['forwarded', 'for=10.1.1.1'],
      ['via', '1.1 h2o'],
    ] as const)
      expect(await ready(UNKNOWN, { [name]: value })).toEqual({ status: 'failing' })
    // The health check of a container asks nobody.
    expect(await ready(undefined, {})).toEqual({ status: 'failing', reason: 'no licence' })
    expect(asked).toEqual([])
  })
})
