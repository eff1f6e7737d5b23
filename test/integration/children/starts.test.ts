// starts: what a client that hangs up leaves behind of its start: no process, no place, no session; and what is not started.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import {
  eventually,
  fixture,
  isAlive,
  SseClient,
  StreamableClient,
  tempDir,
  type RunningBridge,
} from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeftAfterEach } from '../bridges.ts'
import { allGone } from './tree.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()

/** Waits for whatever starts with an answer that comes when the test opens the gate. */
async function gated(...args: string[]) {
  const gate = join(tempDir(), 'gate')
  const bridge = await bridged([...args, '--', ...fixture('keeps-clients-waiting', gate)])
  await bridge.until(({ msg }) => msg === 'tool answers')
  const pids = (what: string): number[] => {
    if (!existsSync(`${gate}.${what}`)) return []
    return readFileSync(`${gate}.${what}`, 'utf8').split('\n').filter(Boolean).map(Number)
  }
  return {
    bridge,
    open: () => writeFileSync(gate, ''),
    /** Pids of the processes that a client has sent `initialize` to. */
    asked: () => pids('asked'),
    answered: () => pids('answered'),
  }
}

/** A client that hangs up when it is told to. */
function impatient({ port }: RunningBridge, body: object = {}) {
  const patience = new AbortController()
  const client = new StreamableClient({ port })
  const answer = client.initialize({ signal: patience.signal, ...body })
  answer.catch(() => {})
  return { answer, hangUp: () => patience.abort(new Error('impatient')) }
}

test('starts.hung-up: the process of a client that hangs up during initialize ends, and its place is free', async () => {
  const it = await gated('--max-children', '3', '--warm', '0')
  const clients = [1, 2, 3].map(() => impatient(it.bridge))
  await eventually(() => it.asked().length === 3, { what: 'three processes to be asked' })
  const refused = await new StreamableClient(it.bridge).initialize()
  expect(refused.error?.data.code).toBe('child_limit_reached')
  for (const { hangUp } of clients) hangUp()
  await allGone(it.asked())
  it.open()
  expect(textOf(await (await openStreamable(it.bridge)).call('echo', { text: 'served' }))).toBe('served')
})

test('starts.hung-up: over HTTP+SSE the end of the stream ends the start', async () => {
  const it = await gated('--warm', '0')
  const client = new SseClient(it.bridge)
  await client.connect()
  client.initialize().catch(() => {})
  await eventually(() => it.asked().length === 1, { what: 'its process to be asked' })
  client.close()
  await allGone(it.asked())
  expect(it.answered()).toEqual([])
})

test('starts.hung-up: a client that has gone before its process could be started gets none', async () => {
  const bridge = await bridged(['--warm', '0', '--', ...fixture('slow-start', '1500')])
  const early = impatient(bridge)
  const stays = openStreamable(bridge)
  await eventually(() => bridge.childPids.length === 1, { what: 'the trial' })
  early.hangUp()
  expect(textOf(await (await stays).call('echo', { text: 'served' }))).toBe('served')
  expect(bridge.childPids).toHaveLength(2)
})

test('starts.hung-up: an answer that comes when its client has gone leaves no session and no process', async () => {
  const it = await gated('--warm', '0')
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'gone', version: '1' } },
  })
  const socket: Socket = connect(it.bridge.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(
    `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${it.bridge.port}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  await eventually(() => it.asked().length === 1, { what: 'its process to be asked' })
  // The bridge finds the answer and the end of the connection at the same moment.
  process.kill(it.bridge.pid, 'SIGSTOP')
  it.open()
  await eventually(() => it.answered().length === 1, { what: 'the answer to be in the pipe' })
  socket.resetAndDestroy()
  process.kill(it.bridge.pid, 'SIGCONT')
  await allGone(it.asked())
  expect(it.bridge.childPids).toHaveLength(2)
})

test('starts.places: nine clients that are never answered keep no other waiting, whether they hang up or not', async () => {
  const it = await gated('--warm', '0')
  const waiting = Array.from({ length: 9 }, () => impatient(it.bridge))
  await eventually(() => it.asked().length === 9, { what: 'nine processes to be asked', withinMs: 30_000 })
  const gone = waiting.slice(0, 4)
  for (const { hangUp } of gone) hangUp()
  // The ninth and this one were started although none of the eight has been answered.
  const tenth = impatient(it.bridge)
  await eventually(() => it.asked().length === 10, { what: 'the tenth process to be asked' })
  it.open()
  expect((await tenth.answer).error).toBeUndefined()
  for (const { answer } of waiting.slice(4)) expect((await answer).error).toBeUndefined()
  await eventually(() => it.asked().filter(isAlive).length === 6, { what: 'four processes to be gone' })
})

test('starts.shape: an initialize that no server would answer is refused, and starts nothing', async () => {
  const it = await gated('--warm', '0')
  it.open()
  const whole = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } }
  const sse = new SseClient(it.bridge)
  await sse.connect()
  const shapes: [what: string, members: object][] = [
    ['a member beside those of JSON-RPC', { x: 1, params: whole }],
    ['params that are a list', { params: [whole] }],
    ['params that are null', { params: null }],
    ['no params', {}],
    ['a protocolVersion that is no string', { params: { ...whole, protocolVersion: 20250618 } }],
    ['capabilities that are a list', { params: { ...whole, capabilities: ['roots'] } }],
    ['a clientInfo that is a string', { params: { ...whole, clientInfo: 'x' } }],
    ['a client whose name is a number', { params: { ...whole, clientInfo: { name: 7 } } }],
    ['a _meta that is a list', { params: { ...whole, _meta: [] } }],
  ]
  for (const [what, members] of shapes) {
    const message = { jsonrpc: '2.0', id: what, method: 'initialize', ...members }
    const refusal = { id: what, error: { data: { code: 'request_invalid' } } }
    const reply = await new StreamableClient(it.bridge).post(message)
    expect([what, reply.status]).toEqual([what, 400])
    expect(reply.json()).toMatchObject(refusal)
    // What is no message at all is refused to the POST itself.
    const posted = await sse.post(message)
    const told = () => (posted.status === 202 ? sse.strays.find(({ id }) => id === what) : posted.json())
    expect(await eventually(told, { what: `the refusal of ${what}` })).toMatchObject(refusal)
  }
  expect(it.bridge.childPids).toHaveLength(1)
  // The session over HTTP+SSE is still there for a better one; what real clients leave out is left to the tool.
  expect((await sse.initialize()).error).toBeUndefined()
  sse.close()
  const sloppy = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { capabilities: {} } }
  expect((await new StreamableClient(it.bridge).post(sloppy)).status).toBe(200)
})
