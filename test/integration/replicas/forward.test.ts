// A request that reaches another replica than the one whose session it is of: it is answered as if it had not.
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import {
  eventually,
  fixture,
  ModernClient,
  openDescriptors,
  openStream,
  rssBytes,
  send,
  StreamableClient,
  tempDir,
} from '@mcp-bridge/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../e2e/port.ts'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, refusal, textOf } from '../clients.ts'
import { at, keyFile, replicas } from './replicas.ts'

nothingLeft({ anyExit: true })

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '0' } },
}

test('replicas.id: a session id names its replica, and the rest of it is as random as without', async () => {
  const { ports } = await replicas()
  const [one, two] = await Promise.all(ports.map((port) => openStreamable({ port })))
  expect([one?.sessionId, two?.sessionId]).toEqual([
    expect.stringMatching(/^r1\.[\w-]{22}$/),
    expect.stringMatching(/^r2\.[\w-]{22}$/),
  ])
})

describe('one session, at the other replica', () => {
  let [here, there, pid] = [0, 0, 0]
  beforeAll(async () => {
    const { all, ports } = await replicas()
    ;[here = 0, there = 0] = ports
    pid = all[1]?.pid ?? 0
  })

  test('replicas.post: an answer as JSON, one as a stream, a notification, a large body', async () => {
    const own = await openStreamable({ port: there })
    const client = at(here, own)
    expect(textOf(await client.call('echo', { text: 'hello' }))).toBe('hello')
    expect(client.streams[0]?.headers['content-type']).toContain('application/json')
    const steps: unknown[] = []
    const slow = { progressToken: 'p', onMessage: ({ params }: any) => void steps.push(params.progress) }
    expect(textOf(await client.call('progress', { steps: 3, delayMs: 150 }, slow))).toBe('done')
    expect(client.streams[1]?.isEventStream).toBe(true)
    expect(steps).toEqual([1, 2, 3])
    await client.notify('notifications/roots/list_changed')
    const text = 'x'.repeat(10 * 1024 * 1024)
    expect(textOf(await client.call('echo', { text }))).toHaveLength(text.length)
    expect(textOf(await own.call('echo', { text: 'still' }))).toBe('still')
  })

  test('replicas.get: the standalone stream, and a stream that is resumed', async () => {
    const client = at(here, await openStreamable({ port: there }))
    await client.listen()
    await client.call('listChanged')
    await client.until('notifications/tools/list_changed')
    const call = client.call('progress', { steps: 4, delayMs: 200 }, { progressToken: 1, keepWaiting: true })
    const events = await eventually(
      () => client.streams[2]?.events.all.at(1) && client.streams[2].events.all,
      {
        what: 'the first step',
      },
    )
    client.streams[2]?.destroy()
    await client.listen({ lastEventId: events.at(-1)?.id ?? '' })
    expect(textOf(await call)).toBe('done')
    const seen = client.received.flatMap((each: any) => each.params?.progress ?? [])
    expect(seen).toEqual([1, 2, 3, 4])
  })

  test('replicas.delete: ends the session', async () => {
    const own = await openStreamable({ port: there })
    expect((await at(here, own).del()).status).toBe(204)
    refusal(await own.post(initialize.id), 400, 'request_invalid')
    refusal(await own.post({ jsonrpc: '2.0', id: 2, method: 'ping' }), 404, 'session_unknown')
  })

  test('replicas.sse: messages of the older wire', async () => {
    const client = await openSse({ port: there })
    const post = (body: object) =>
      send({
        port: here,
        method: 'POST',
        path: `/messages?sessionId=${client.sessionId}`,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    expect(client.sessionId).toMatch(/^r2\./)
    const params = { name: 'echo', arguments: { text: 'older' } }
    const answer = eventually(() => client.strays.find(({ id }) => id === 'x'), { what: 'the answer' })
    expect((await post({ jsonrpc: '2.0', id: 'x', method: 'tools/call', params })).status).toBe(202)
    expect(textOf(await answer)).toBe('older')
    client.close()
  })

  test('replicas.page: also for a page, and in any spelling of the path', async () => {
    const { sessionId } = await openStreamable({ port: there })
    const reply = await send({
      port: here,
      method: 'POST',
      path: '/MCP/',
      headers: {
        'content-type': 'application/json',
        origin: 'http://localhost:5173',
        'mcp-session-id': String(sessionId),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
    })
    expect([reply.status, reply.json()]).toEqual([200, { jsonrpc: '2.0', id: 1, result: {} }])
  })

  test('replicas.ends: either end of a hop ends the other', async () => {
    const opened = await Promise.all(Array.from({ length: 10 }, () => openStreamable({ port: there })))
    const clients = opened.map((client) => at(here, client))
    const before = openDescriptors(pid)
    const streams = await Promise.all(clients.map((client) => client.listen()))
    await eventually(() => openDescriptors(pid) >= before + 5, { what: 'the hops' })
    for (const stream of streams) stream.destroy()
    await eventually(() => openDescriptors(pid) <= before, { what: 'the end of the hops' })
    const [client] = clients
    const other = await client?.listen()
    await client?.del()
    expect(await other?.ended).toBe('ended')
  })

  test('replicas.unframed: what is no POST has no body at the other replica', async () => {
    const { sessionId } = await openStreamable({ port: there })
    const socket = connect(here, '127.0.0.1')
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    const inner = `DELETE /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nMcp-Session-Id: ${sessionId}\r\n\r\n`
    socket.write(
      `GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nMcp-Session-Id: ${sessionId}\r\nTransfer-Encoding: chunked\r\n\r\n` +
        `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
    )
    await eventually(() => text.includes('text/event-stream'), { what: 'the stream' })
    const client = new StreamableClient({ port: there })
    client.sessionId = sessionId
    expect((await client.request('ping')).result).toEqual({})
    socket.destroy()
  })
})

test('replicas.backpressure: a reader that stalls holds back the other replica, not the memory of this one', async () => {
  const { all, ports } = await replicas({ own: { r2: ['--max-buffer', '200MiB', '--max-line', '200MiB'] } })
  const client = at(ports[0] ?? 0, await openStreamable({ port: ports[1] ?? 0 }))
  await client.call('echo')
  const before = rssBytes(all[0]?.pid ?? 0)
  const stream = await openStream({
    port: ports[0] ?? 0,
    path: '/mcp',
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'mcp-session-id': client.sessionId ?? '',
      accept: 'application/json',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 9,
      method: 'tools/call',
      params: { name: 'big', arguments: { bytes: 50 * 1024 * 1024 } },
    }),
  })
  stream.pause()
  // Both go on with others meanwhile.
  for (let i = 0; i < 200; i++) await client.call('echo')
  expect((rssBytes(all[0]?.pid ?? 0) - before) / 1024 / 1024).toBeLessThan(32)
  stream.resume()
  expect(await stream.ended).toBe('ended')
  expect(stream.text.length).toBeGreaterThan(50 * 1024 * 1024)
})

test('replicas.budget: hops are charged to whom they are for', async () => {
  const { ports } = await replicas({ own: { r1: ['--max-memory', '1MiB'] } })
  const client = at(ports[0] ?? 0, await openStreamable({ port: ports[1] ?? 0 }))
  // Each holds a hop of its own for as long as it runs.
  const calls = Array.from({ length: 30 }, () => client.post(call('sleep', { ms: 1500 })))
  const replies = await Promise.all(calls)
  const refused = replies.filter(({ status }) => status === 503)
  expect(refused.length).toBeGreaterThan(5)
  expect(replies.filter(({ status }) => status === 200).length).toBeGreaterThan(5)
  refusal(refused[0]!, 503, 'memory_limit_reached')
  expect(textOf(await client.call('echo', { text: 'free again' }))).toBe('free again')
})

const call = (name: string, args: object) => ({
  jsonrpc: '2.0',
  id: Math.random(),
  method: 'tools/call',
  params: { name, arguments: args },
})

test('replicas.principal: the other replica asks again whose request it is', async () => {
  const tokens = join(tempDir(), 'tokens')
  writeFileSync(tokens, 'ada:ada-token\nbob:bob-token\n')
  const { ports } = await replicas({
    args: ['--children', 'shared', '--token-file', tokens],
  })
  const [here = 0, there = 0] = ports
  const ada = { authorization: 'Bearer ada-token' }
  const own = await openStreamable({ port: there }, { headers: ada })
  expect(textOf(await at(here, own, ada).call('echo', { text: 'Ada' }))).toBe('Ada')
  const bob = at(here, own, { authorization: 'Bearer bob-token' })
  refusal(await bob.post(ping), 404, 'session_unknown')
  refusal(await at(here, own).post(ping), 401, 'unauthorized')
})

test('replicas.forged: what says that it comes from a replica is refused without the key', async () => {
  const { ports } = await replicas()
  const [here = 0, there = 0] = ports
  const client = await openStreamable({ port: there })
  const now = Math.floor((performance.timeOrigin + performance.now()) / 1000)
  for (const hop of ['r1', `r1 r2 ${now} 10.0.0.1 ${'A'.repeat(43)}`]) {
    for (const port of [here, there]) {
      const reply = await at(port, client).post(ping, { 'mcp-bridge-hop': hop })
      expect(refusal(reply, 403, 'hop_forbidden').message).toContain('not sealed')
    }
  }
})

test('replicas.loop: a request goes over one hop; a name at the address of another is found out', async () => {
  const key = keyFile()
  const start = (name: string, port: number, where: string) =>
    bridged([
      ...['--replica', name, '--port', String(port), '--replicas', where, '--replica-key-file', key],
      ...['--children', 'shared', '--', ...fixture('echo')],
    ])
  const [one, two] = await Promise.all([freePort('127.0.0.1'), freePort('127.0.0.1')])
  const where = `r3=http://127.0.0.1:${two},r2=http://127.0.0.1:${two}`
  await Promise.all([start('r1', one, where), start('r2', two, `r3=http://127.0.0.1:${one}`)])
  const client = new StreamableClient({ port: one })
  client.sessionId = 'r3.AAAAAAAAAAAAAAAAAAAAAA'
  const error = refusal(await client.post(ping), 508, 'hop_loop')
  expect(error.message).toBe('r1 took this replica for r3: it is r2')
})

test('replicas.dead: the client of a replica that is dead is back within two seconds', async () => {
  const { ports, all } = await replicas()
  const [here = 0, there = 0] = ports
  const own = await openStreamable({ port: there })
  const client = at(here, own)
  expect(textOf(await client.call('echo', { text: 'before' }))).toBe('before')
  const late = client.call('sleep', { ms: 60_000 }).catch((error: unknown) => error)
  await eventually(() => client.streams[1]?.isEventStream, { what: 'the stream of the call' })
  await all[1]?.stop('SIGKILL')
  expect(String(await late)).toMatch(/the stream of tools\/call cut without its answer/)
  const from = performance.now()
  refusal(await client.post(ping), 404, 'session_unknown')
  // Some clients send the old id along.
  const reply = await client.post(initialize)
  expect(performance.now() - from).toBeLessThan(2000)
  expect(reply.status).toBe(200)
  expect(reply.headers['mcp-session-id']).toMatch(/^r1\./)
})

test('replicas.unknown: an id of a replica that there is not is that of no session', async () => {
  const { ports } = await replicas()
  const client = new StreamableClient({ port: ports[0] ?? 0 })
  for (const id of ['r9.AAAAAAAAAAAAAAAAAAAAAA', '.', 'r2', '127.0.0.1.x', 'r1.AAAAAAAAAAAAAAAAAAAAAA']) {
    client.sessionId = id
    expect(refusal(await client.post(ping), 404, 'session_unknown').code).toBe(-32001)
  }
})

test('replicas.parked: a client without a session finds its waiting call from any replica', async () => {
  const { ports } = await replicas({ command: fixture('asks-client'), args: [] })
  const [here = 0, there = 0] = ports
  const capabilities = { elicitation: {} }
  const first = await new ModernClient({ port: there, capabilities }).call('elicit')
  expect(first.result).toMatchObject({
    resultType: 'input_required',
    requestState: expect.stringMatching(/^r2\./),
  })
  const answer = { action: 'accept', content: { name: 'Ada' } }
  const inputResponses = Object.fromEntries(
    Object.keys(first.result.inputRequests).map((key) => [key, answer]),
  )
  const { requestState } = first.result
  const again = (state: string) =>
    new ModernClient({ port: here, capabilities }).request('tools/call', {
      name: 'elicit',
      arguments: {},
      inputResponses,
      requestState: state,
    })
  for (const state of [requestState.replace('r2.', 'r1.'), requestState.replace('r2.', '')])
    expect((await again(state)).response.error?.data.code).toBe('request_state_invalid')
  const { response } = await again(requestState)
  expect(JSON.parse(textOf(response) ?? '')).toEqual(answer)
  expect((await again(requestState)).response.error?.data.code).toBe('request_state_invalid')
})
