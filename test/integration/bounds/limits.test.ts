// limits: what is over one of them is refused by name, and nothing else is.
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import {
  eventually,
  fixture,
  send,
  SseClient,
  StreamableClient,
  tempDir,
  type RpcResponse,
} from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { watchMemory } from './measured.ts'
import { bridged, nothingLeft, useBridge } from '../bridges.ts'
import { openStreamable, refusal, textOf, WIRES } from '../clients.ts'

nothingLeft()

describe.each(WIRES)('bounds.line: over %s', (wire, open) => {
  test.each([true, false])('an answer over --max-line fails alone; its id comes last: %s', async (idLast) => {
    const bridge = await bridged(['--max-line', '1MiB', '--', ...fixture('long-line')])
    const client = await open(bridge)
    const slow = client.call('sleep', { ms: 300 }, { id: 'beside' })
    const long = client.call('long', { bytes: 3 * 1024 * 1024, idLast }, { id: 'long' })
    const after = client.call('echo', { text: 'after' }, { id: 3 })
    const { id, error } = await long
    expect(id).toBe('long')
    expect(error).toMatchObject({ code: -32603, data: { code: 'frame_too_large' } })
    expect(error?.message).toContain('--max-line')
    expect(error?.message).toContain(String(3 * 1024 * 1024))
    expect([textOf(await slow), textOf(await after)]).toEqual(['slept', 'after'])
    const atLimit = await client.call('long', { bytes: 1024 * 1024, idLast })
    expect(textOf(atLimit)?.length).toBeGreaterThan(1024 * 1024 - 200)
    expect((await client.call('long', { bytes: 1024 * 1024 + 1, idLast })).error?.data.code).toBe(
      'frame_too_large',
    )
    expect(wire === 'HTTP+SSE' ? 200 : (client as StreamableClient).lastStatus).toBe(200)
  })
})

describe('bounds.body', () => {
  const bridge = useBridge(['--max-body', '64KiB', '--', ...fixture('echo')])
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

  test.each(['/mcp', '/messages?sessionId=x'])('over --max-body %s says 413 in JSON', async (path) => {
    const body = Buffer.alloc(20 * 1024 * 1024, 'x')
    for (const more of [{}, { 'transfer-encoding': 'chunked' }]) {
      const reply = await send({
        port: bridge.port,
        method: 'POST',
        path,
        headers: { ...headers, ...more },
        body,
      })
      expect(refusal(reply, 413, 'body_too_large').message).toContain('--max-body')
    }
  })

  test('a client that writes all before it reads is not reset', async () => {
    const socket = connect(bridge.port, '127.0.0.1').setEncoding('utf8')
    const length = 20 * 1024 * 1024
    const lines = [
      'POST /mcp HTTP/1.1',
      `Host: 127.0.0.1`,
      'Content-Type: application/json',
      'Connection: close',
    ]
    socket.write(`${[...lines, `Content-Length: ${length}`].join('\r\n')}\r\n\r\n`)
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.write(Buffer.alloc(length, 'x'), () => resolve())
    })
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    expect(text).toMatch(/^HTTP\/1.1 413 /)
    expect(text).toContain('"code":"body_too_large"')
  })

  test('a body of just that size is taken', async () => {
    const client = await openStreamable(bridge)
    const around = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { _: '' } }).length
    const ping = (bytes: number) => ({
      jsonrpc: '2.0',
      id: 1,
      method: 'ping',
      params: { _: 'x'.repeat(bytes - around) },
    })
    expect((await client.post(ping(64 * 1024))).status).toBe(200)
    expect((await client.post(ping(64 * 1024 + 1))).status).toBe(413)
  })
})

test('bounds.sessions: over --max-sessions 503 and Retry-After, until a place is free again', async () => {
  const bridge = await bridged(['--max-sessions', '2', '--', ...fixture('echo')])
  const [one, two] = await Promise.all([openStreamable(bridge), openStreamable(bridge)])
  const third = new StreamableClient(bridge)
  const refused = await third.post({ jsonrpc: '2.0', id: 'x', method: 'initialize', params: {} })
  expect(refusal(refused, 503, 'session_limit_reached').message).toContain('2 sessions')
  expect([refused.json().id, refused.headers['retry-after']]).toEqual(['x', '5'])
  const sse = await send({ port: bridge.port, path: '/sse' })
  refusal(sse, 503, 'session_limit_reached')
  expect(sse.headers['retry-after']).toBe('5')
  expect(textOf(await two.call('echo', { text: 'unharmed' }))).toBe('unharmed')
  await one.del()
  const next = new SseClient(bridge)
  await next.connect()
  expect((await next.initialize()).error).toBeUndefined()
})

/** Answers `initialize` and all that comes until a tool is called, and reads nothing from then on. */
const STOPS_READING = `while read -r line; do case $line in
  *tools/call*) exec sleep 600;;
  *'"id":'*) id=\${line#*'"id":'}; id=\${id%%[,\\}]*}
    echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"deaf","version":"1"}}}'
esac; done`

test.each(WIRES)('bounds.backlog: over %s a tool that stops reading is said to', async (_wire, open) => {
  const bridge = await bridged(['--max-buffer', '1MiB', '--', 'sh', '-c', STOPS_READING])
  const client = await open(bridge)
  const answers: RpcResponse[] = []
  const calls = Array.from({ length: 12 }, () =>
    client.call('any', { cargo: 'x'.repeat(300_000) }).then(
      (answer) => answers.push(answer),
      () => 'its stream has ended',
    ),
  )
  // Those that still fit wait for the tool; the first that finds more than 1 MiB before it does not.
  const refused = await eventually(() => answers.find(({ error }) => error !== undefined)?.error, {
    what: 'a refusal',
  })
  expect(refused).toMatchObject({ code: -32000, data: { code: 'child_backlogged' } })
  if (client instanceof StreamableClient) {
    const reply = await client.post({
      jsonrpc: '2.0',
      id: 'again',
      method: 'tools/call',
      params: { name: 'any' },
    })
    expect([reply.status, reply.headers['retry-after'], reply.json().id]).toEqual([503, '5', 'again'])
    await client.del()
  } else client.close()
  await Promise.all(calls)
})

test.each(WIRES)(
  'bounds.backlog: over %s what a tool that stops reading is told is held back as well',
  async (_wire, open) => {
    const bridge = await bridged(['--max-buffer', '1MiB', '--', 'sh', '-c', STOPS_READING])
    const client = await open(bridge)
    const call = client.call('any', {}, { id: 'stops' }).catch(() => {})
    const grownBy = watchMemory(bridge)
    const params = { cargo: 'x'.repeat(4_000_000) }
    let refused = 0
    for (let n = 0; n < 50; n++) {
      if (client instanceof SseClient) await client.notify('notifications/any', params)
      else {
        const reply = await client.post({ jsonrpc: '2.0', method: 'notifications/any', params })
        if (reply.status === 202) continue
        refused++
        refusal(reply, 503, 'child_backlogged')
        expect(reply.headers['retry-after']).toBe('5')
      }
    }
    if (client instanceof SseClient) await bridge.until(({ msg }) => msg === 'message of a client dropped')
    else expect(refused).toBeGreaterThan(40)
    // Of 200 MB one may wait, and garbage.
    expect(grownBy()).toBeLessThan(100)
    // It passes, where nothing else does.
    await client.cancel('stops')
    client.close()
    await call
  },
)

test.each(WIRES)(
  'bounds.call: over %s a call beyond --call-timeout is answered and cancelled',
  async (_wire, open) => {
    const file = join(tempDir(), 'received')
    const bridge = await bridged(['--call-timeout', '400ms', '--', ...fixture('records-calls', file)])
    const client = await open(bridge)
    const late = client.call('sleep', { ms: 600_000 }, { id: 'late' })
    const quick = client.call('echo', { text: 'quick' })
    const { id, error } = await late
    expect(id).toBe('late')
    expect(error).toMatchObject({ code: -32603, data: { code: 'child_timeout' } })
    expect(error?.message).toContain('400 ms')
    expect(textOf(await quick)).toBe('quick')
    const received = await eventually(
      () => {
        const lines = readFileSync(file, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line))
        return lines.some(({ method }) => method === 'notifications/cancelled') && lines
      },
      { what: 'the cancellation' },
    )
    const call = received.find(({ params }) => params?.name === 'sleep')
    const cancelled = received.filter(({ method }) => method === 'notifications/cancelled')
    expect(cancelled.map(({ params }) => params.requestId)).toEqual([call.id])
    expect(textOf(await client.call('echo', { text: 'and on' }))).toBe('and on')
  },
)
