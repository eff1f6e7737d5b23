// budget: what one client makes the bridge keep has a limit, and nobody takes the last places from others.
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import {
  eventually,
  fixture,
  openStream,
  send,
  SseClient,
  StreamableClient,
  tempDir,
} from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, embedded, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, refusal, textOf } from '../clients.ts'

nothingLeft()

const ALICE = { authorization: 'Bearer token-of-alice' }
const BOB = { authorization: 'Bearer token-of-bob' }
const INITIALIZE = { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }
/** In MiB, for the whole bridge. */
const heap = (mebibytes: number) => ({ env: { NODE_OPTIONS: `--max-old-space-size=${mebibytes}` } })

/** A file of tokens for two. */
function twoTokens(): string[] {
  const file = join(tempDir(), 'tokens')
  writeFileSync(file, 'alice:token-of-alice\nbob:token-of-bob\n')
  return ['--token-file', file]
}

test('budget.sessions: of two one gets three quarters, and all of them again once it has let them go', async () => {
  const bridge = await bridged([
    '--children',
    'shared',
    '--max-sessions',
    '8',
    ...twoTokens(),
    '--',
    ...fixture('echo'),
  ])
  for (let round = 0; round < 2; round++) {
    const clients: StreamableClient[] = []
    for (let n = 0; n < 6; n++) clients.push(await openStreamable(bridge, { headers: ALICE }))
    const refused = await new StreamableClient({ ...bridge, headers: ALICE }).post(INITIALIZE)
    expect(refusal(refused, 503, 'session_limit_reached').message).toContain('6 of 8 sessions')
    expect(refused.headers['retry-after']).toBe('5')
    const bob = await openStreamable(bridge, { headers: BOB })
    expect(textOf(await bob.call('echo', { text: 'here' }))).toBe('here')
    for (const client of [...clients, bob]) await client.del()
  }
})

test('budget.children: the last process is not for who has most of them', async () => {
  const args = ['--max-children', '3', '--warm', '0', ...twoTokens()]
  const bridge = await bridged([...args, '--', ...fixture('echo')])
  for (let n = 0; n < 2; n++) await openStreamable(bridge, { headers: ALICE })
  const refused = await new StreamableClient({ ...bridge, headers: ALICE }).post(INITIALIZE)
  expect(refusal(refused, 503, 'child_limit_reached').message).toContain('2 of 3 children')
  const bob = await openStreamable(bridge, { headers: BOB })
  expect(textOf(await bob.call('echo', { text: 'here' }))).toBe('here')
})

test('budget.queue: in a pool one client that asks without end leaves a process and a place for another', async () => {
  const args = ['--children', 'pool', '--max-children', '2', ...twoTokens()]
  const bridge = await bridged([...args, '--', ...fixture('echo')])
  const bob = await openStreamable(bridge, { headers: BOB })
  const alice = await openStreamable(bridge, { headers: ALICE })
  const abort = new AbortController()
  const refusals: string[] = []
  const calls = Array.from({ length: 40 }, () =>
    alice.call('sleep', { ms: 600_000 }, { signal: abort.signal }).then(
      ({ error }) => refusals.push(error?.data.code),
      () => {},
    ),
  )
  await eventually(() => refusals.length >= 40 - 1 - 24, { what: 'the refusals' })
  expect(new Set(refusals)).toEqual(new Set(['child_queue_full']))
  expect(textOf(await bob.call('echo', { text: 'in between' }))).toBe('in between')
  abort.abort()
  await alice.del()
  await Promise.all(calls)
})

test('budget.calls: over --max-calls in flight 429, until one is answered', async () => {
  const bridge = await bridged(['--max-calls', '2', '--', ...fixture('echo')])
  const client = await openStreamable(bridge)
  const slow = ['a', 'b'].map((id) => client.call('sleep', { ms: 600_000 }, { id }))
  await eventually(
    () =>
      client.call('echo').then(
        ({ error }) => error !== undefined,
        () => true,
      ),
    { what: 'the limit' },
  )
  const reply = await client.post({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params: { name: 'echo' } })
  expect(refusal(reply, 429, 'quota_exceeded').message).toContain('2 calls')
  expect([reply.headers['retry-after'], reply.json().id]).toEqual(['1', 'c'])
  await client.cancel('a')
  expect(textOf(await client.call('echo', { text: 'free' }))).toBe('free')
  const stream = await openSse(bridge)
  const all = Array.from({ length: 4 }, (_, id) => stream.call('sleep', { ms: 600_000 }, { id: `s${id}` }))
  expect((await Promise.race(all)).error).toMatchObject({ code: -32000, data: { code: 'quota_exceeded' } })
  stream.close()
  await client.del()
  await Promise.allSettled([...slow, ...all])
})

test('budget.new: a stream that nobody initialises ends by itself', async () => {
  const { port } = await embedded({ command: fixture('echo') }, { newMs: 300 })
  const waiting = await openStream({ port, path: '/sse', method: 'GET' })
  const used = new SseClient({ port })
  await used.connect()
  await used.initialize()
  await waiting.ended
  expect(textOf(await used.call('echo', { text: 'goes on' }))).toBe('goes on')
  used.close()
})

test('budget.subscriptions: a session on a shared child has a limited number, of limited length', async () => {
  const bridge = await bridged(['--children', 'shared', '--', ...fixture('echo')])
  const client = await openStreamable(bridge)
  const subscribe = (uri: string) => client.request('resources/subscribe', { uri })
  const long = await client.post({
    jsonrpc: '2.0',
    id: 'long',
    method: 'resources/subscribe',
    params: { uri: `a:${'u'.repeat(10_000)}` },
  })
  refusal(long, 400, 'request_invalid')
  for (let n = 0; n < 1000; n += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, m) => subscribe(`a:${n + m}`)))
  }
  const reply = await client.post({
    jsonrpc: '2.0',
    id: 'more',
    method: 'resources/subscribe',
    params: { uri: 'a:more' },
  })
  expect(refusal(reply, 429, 'quota_exceeded').message).toContain('1000')
  // One it has already costs nothing more, and one it gives back makes room.
  expect((await subscribe('a:7')).error).toBeUndefined()
  expect((await client.request('resources/unsubscribe', { uri: 'a:7' })).error).toBeUndefined()
  expect((await subscribe('a:more')).error).toBeUndefined()
})

test.each(['shared', 'pool'])(
  'budget.capabilities: those of each client are not kept: %s',
  async (children) => {
    const bridge = await bridged(
      ['--children', children, '--max-children', '2', '--', ...fixture('echo')],
      heap(96),
    )
    const capabilities = { sampling: {}, experimental: { x: 'c'.repeat(5_000_000) } }
    for (let n = 0; n < (children === 'pool' ? 12 : 25); n++) {
      const client = new StreamableClient(bridge)
      const reply = await client.post({
        ...INITIALIZE,
        params: { protocolVersion: '2025-11-25', capabilities: { ...capabilities, n }, clientInfo: {} },
      })
      expect(reply.status).toBe(200)
      // Those of a pool are kept for as long as somebody may need a child that was told them.
      client.sessionId = String(reply.headers['mcp-session-id'])
      if (children === 'pool') expect((await client.del()).status).toBe(204)
    }
    expect(textOf(await (await openStreamable(bridge)).call('echo', { text: 'lives' }))).toBe('lives')
  },
)

test('budget.bodies: what has come of a body counts, and the rest is refused when there is no room', async () => {
  const bridge = await bridged(['--max-memory', '1MiB', '--', ...fixture('echo')])
  const sockets: Socket[] = []
  let refused = ''
  const head =
    'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n'
  for (let n = 0; n < 50; n++) {
    const socket = connect(bridge.port, '127.0.0.1')
    socket.on('error', () => {}).on('data', (data) => (refused += String(data)))
    socket.write(head + ' '.repeat(40_000))
    sockets.push(socket)
  }
  await eventually(() => refused.includes('memory_limit_reached'), { what: 'a refusal' })
  expect(refused).toContain('HTTP/1.1 503')
  for (const socket of sockets) socket.destroy()
  await eventually(async () => (await send({ port: bridge.port, path: '/sse', method: 'HEAD' })).status > 0, {
    what: 'an answer',
  })
  const client = await eventually(() => openStreamable(bridge).catch(() => undefined), { what: 'a session' })
  expect(textOf(await client.call('echo', { text: 'and on' }))).toBe('and on')
})
