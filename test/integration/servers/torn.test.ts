// torn: a reload or the end of the bridge in the midst of something: nothing is left, and nobody keeps more than he may.
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import {
  eventually,
  fixture,
  isAlive,
  ModernClient,
  send,
  StreamableClient,
  tempDir,
} from '@mcp-bridge/testkit'
import { createBridge, type ConfigInput } from 'mcp-bridge'
import { expect, onTestFinished, test } from 'vitest'
import { embedded, nothingLeft } from '../bridges.ts'
import { openStreamable, refusal, textOf } from '../clients.ts'

nothingLeft()

const command = fixture('echo')
const at = (name: string) => ({ path: `/${name}/mcp` })
const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'torn', version: '1' } },
})
const REQUEST = {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
  body: INITIALIZE,
}

test.each<[what: string, path: string, config: ConfigInput]>([
  ['one tool', '/mcp', { command }],
  ['several, of which none runs yet', '/a/mcp', { servers: { a: { command } } }],
])(
  'torn.closed: %s: who comes to a bridge that has ended is told, and starts nothing',
  async (_, path, config) => {
    const bridge = createBridge({ ...config, logLevel: 'error' })
    const server: Server = createServer(bridge.handler).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const closed = bridge.close({ drainMs: 0 })
    const ask = () => send({ port, path, ...REQUEST })
    expect(refusal(await ask(), 503, 'shutting_down').message).toContain('shutting down')
    await closed
    expect(refusal(await ask(), 503, 'shutting_down').message).toContain('shutting down')
    if (config.servers !== undefined) expect(() => bridge.reload(config)).toThrow('shutting down')
  },
)

test('torn.again: removed, back and removed again while calls go on: each of them finishes', async () => {
  const bridge = await embedded({ servers: { a: { command } } })
  const begin = async (ms: number) => {
    const client = await openStreamable(bridge, at('a'))
    const call = client.call('sleep', { ms })
    return { pid: Number(textOf(await client.call('pid'))), client, call }
  }
  const first = await begin(1000)
  bridge.reload({ servers: {} })
  bridge.reload({ servers: { a: { command } } })
  const second = await begin(4000)
  bridge.reload({ servers: {} })
  expect(textOf(await first.call)).toBe('slept')
  await eventually(() => !isAlive(first.pid), { what: 'the end of the first' })
  expect(textOf(await second.client.call('pid'))).toBe(String(second.pid))
  expect(textOf(await second.call)).toBe('slept')
})

test('torn.broken: calls of a changed server may still be spoken to, though the new one cannot be set up', async () => {
  const bridge = await embedded({ servers: { a: { command } } })
  const client = await openStreamable(bridge, at('a'))
  const call = client.call('sleep', { ms: 1500 })
  const pid = textOf(await client.call('pid'))
  bridge.reload({ servers: { a: { command, envFile: join(tempDir(), 'absent.env') } } })
  expect(textOf(await client.call('pid'))).toBe(pid)
  expect(textOf(await call)).toBe('slept')
  const late = new StreamableClient({ port: bridge.port, ...at('a') })
  expect((await late.initialize()).error?.data.code).toBe('child_spawn_failed')
  late.close()
})

/** A request whose body comes in two parts. */
async function slowly(port: number, token: string): Promise<{ rest(): Promise<string> }> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
  socket.write(
    [
      'POST /a/mcp HTTP/1.1',
      'host: 127.0.0.1',
      `authorization: Bearer ${token}`,
      'content-type: application/json',
      'accept: application/json, text/event-stream',
      `content-length: ${INITIALIZE.length}`,
      '',
      INITIALIZE.slice(0, 20),
    ].join('\r\n'),
  )
  return {
    rest: async () => {
      socket.write(INITIALIZE.slice(20))
      await eventually(() => text.includes('\r\n\r\n'), { what: 'an answer' })
      return text
    },
  }
}

test('torn.rules: who is let in by former rules and has yet to send the rest opens nothing under them', async () => {
  const servers = { a: { command }, b: { command } }
  const ann = { token: 'of-ann' }
  const bridge = await embedded({ servers, clients: { ann } })
  const request = await slowly(bridge.port, 'of-ann')
  const stricter = await slowly(bridge.port, 'of-ann')
  // Both have been let in.
  await send({ port: bridge.port, method: 'GET', path: '/healthz', headers: {} })
  bridge.reload({ servers, clients: { ann: { ...ann, toolsAllow: 'echo' } } })
  const session = /mcp-session-id: (\S+)/i.exec(await stricter.rest())?.[1] ?? ''
  const reply = await send({
    port: bridge.port,
    ...REQUEST,
    path: '/a/mcp',
    headers: { ...REQUEST.headers, authorization: 'Bearer of-ann', 'mcp-session-id': session },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 2,
      method: 'tools/call',
      params: { name: 'pid', arguments: {} },
    }),
  })
  expect(reply.body).not.toContain('content')
  bridge.reload({ servers, clients: { ann: { ...ann, servers: ['b'] } } })
  expect(await request.rest()).toMatch(/^HTTP\/1.1 404 /)
})

test.each(['shared', 'pool'] as const)(
  'torn.starting: %s: who waits for the start of what changes is served',
  async (children) => {
    const slow = fixture('slow-start')
    const bridge = await embedded({ children, servers: { a: { command: slow } } })
    const call = new ModernClient({ port: bridge.port, ...at('a') }).call('echo', { text: 'served' })
    await bridge.until(({ msg }) => msg === 'child started')
    bridge.reload({ children, servers: { a: { command: slow, env: { WHO: 'new' } } } })
    expect(textOf(await call)).toBe('served')
  },
)
