// What the operator sets, and what goes wrong, holds for a client of 2026-07-28 as for a session: the table of docs/CLIENTS.md.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { eventually, fixture, MODERN_REVISION, ModernClient, send } from '@mcp-bridge/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { titlesOfTests } from '../../titles.ts'
import { bridged, embedded, nothingLeftAfterEach } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()
const MIB = 1024 * 1024
const callOf = (id: number, name: string, args: object) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
})
const namesOf = (tools: { name: string }[]): string[] => tools.map(({ name }) => name)

describe.each([
  ['an older tool', fixture('echo')],
  ['a tool of 2026-07-28', fixture('speaks-modern', 'only')],
])('%s', (_, command) => {
  test('features.filters: what is filtered is not listed and not called', async () => {
    const client = new ModernClient(await embedded({ command, toolsDeny: ['echo'] }, {}))
    const { response } = await client.request('tools/list')
    expect(response.result.resultType).toBe('complete')
    expect(namesOf(response.result.tools)).toContain('pid')
    expect(namesOf(response.result.tools)).not.toContain('echo')
    expect((await client.call('echo')).error).toMatchObject({ code: -32602, data: { code: 'tool_unknown' } })
  })

  test('features.clients: each client has its own token, filter and environment', async () => {
    const clients = {
      alice: { token: 'token-of-alice', env: { OWN: 'a' } },
      bob: { token: 'token-of-bob', env: { OWN: 'b' }, toolsDeny: ['echo'] },
    }
    const bridge = await embedded({ command, clients, era: 'auto' }, {})
    const of = (name: string) =>
      new ModernClient({ ...bridge, headers: { authorization: `Bearer token-of-${name}` } })
    const pidOf = async (name: string) => textOf(await of(name).call('pid'))
    expect(textOf(await of('alice').call('echo', { text: 'hi' }))).toBe('hi')
    expect((await of('bob').call('echo')).error?.data.code).toBe('tool_unknown')
    expect(await pidOf('alice')).toBe(await pidOf('alice'))
    expect(await pidOf('bob')).not.toBe(await pidOf('alice'))
    const stranger = await of('eve').request('tools/list')
    expect([stranger.status, stranger.response.error?.data.code]).toEqual([401, 'unauthorized'])
  })

  test('features.limits: calls at once, the time of a call and the size of a request', async () => {
    const bridge = await embedded({ command, maxCalls: 1, callTimeoutMs: 2000, maxBodyBytes: MIB }, {})
    const client = new ModernClient(bridge)
    expect(textOf(await client.call('echo', { text: 'hi' }))).toBe('hi')
    const long = client.call('sleep', { ms: 60_000 })
    await eventually(async () => (await client.call('pid')).error?.data.code === 'quota_exceeded', {
      what: 'the refusal',
    })
    expect((await long).error?.data.code).toBe('child_timeout')
    const large = await client.request('tools/call', { name: 'echo', arguments: { text: 'x'.repeat(MIB) } })
    expect([large.status, large.response.error?.data.code]).toEqual([413, 'body_too_large'])
    expect(textOf(await client.call('echo', { text: 'again' }))).toBe('again')
  })

  test('features.bounds: a line over --max-line fails its call, and the process goes on', async () => {
    const client = new ModernClient(await embedded({ command, maxLineBytes: 64 * 1024 }, {}))
    const pid = textOf(await client.call('pid'))
    expect((await client.call('big', { bytes: 100_000 })).error?.data.code).toBe('frame_too_large')
    expect(textOf(await client.call('pid'))).toBe(pid)
  })

  test('features.crash: a crash answers all that is in flight, and the next request has a new process', async () => {
    const client = new ModernClient(await embedded({ command }, {}))
    const first = textOf(await client.call('pid'))
    const long = Array.from({ length: 5 }, (_each, id) =>
      client.request('tools/call', { name: 'sleep', arguments: { ms: 60_000 } }, { id: `long-${id}` }),
    )
    // The child reads in order: it has them all when it answers this.
    await client.call('pid')
    await client.call('crash')
    const told = (await Promise.all(long)).map(({ status, response }) => [
      status,
      response.id,
      response.error?.data.code,
    ])
    expect(told).toEqual(Array.from({ length: 5 }, (_each, id) => [200, `long-${id}`, 'child_exited']))
    expect(textOf(await client.call('pid'))).not.toBe(first)
  })

  test('features.events: each call is told when it is over', async () => {
    const calls: unknown[] = []
    const listen = (event: unknown) => void calls.push(event)
    subscribe('mcp-bridge:call', listen)
    onTestFinished(() => void unsubscribe('mcp-bridge:call', listen))
    await new ModernClient(await embedded({ command }, {})).call('echo', { text: 'hi' })
    expect(calls).toMatchObject([
      { method: 'tools/call', target: 'echo', outcome: 'ok', wire: 'stateless', revision: MODERN_REVISION },
    ])
  })

  test('features.drain: what is under way is answered, what comes then is refused', async () => {
    const bridge = await bridged(['--drain', '30s', '--', ...command])
    const client = new ModernClient(bridge)
    await client.call('pid')
    const long = client.call('sleep', { ms: 3000 })
    await client.call('pid')
    const stopped = bridge.stop()
    await eventually(async () => (await client.call('pid')).error?.data.code === 'shutting_down', {
      what: 'the refusal',
    })
    expect(textOf(await long)).toBe('slept')
    expect(await stopped).toEqual({ code: 0, signal: null })
  })

  test('features.health: ready when it can be served, and again after a crash', async () => {
    const { port } = await embedded({ command, warm: 0 }, {})
    const client = new ModernClient({ port })
    const ready = async () => (await send({ port, path: '/readyz' })).status
    await client.call('pid')
    expect(await ready()).toBe(200)
    expect((await client.call('crash')).error?.data.code).toBe('child_exited')
    await eventually(async () => (await ready()) === 200, { what: 'readiness' })
    expect((await send({ port, path: '/healthz' })).status).toBe(200)
    expect(textOf(await client.call('echo', { text: 'hi' }))).toBe('hi')
  })
})

test.each([
  ['an older tool', 'odd-tools', ['echo', 'look', 'pid', 'state']],
  ['a tool of 2026-07-28', 'odd-modern', ['look', 'odd']],
] as const)(
  'features.read-only: %s: only what says that it changes nothing, on whatever page',
  async (_, tool, harmless) => {
    const bridge = await embedded({ command: fixture(tool), readOnly: true }, {})
    const modern = new ModernClient(bridge)
    const session = await openStreamable(bridge)
    const ask = async (method: string, params: object) => (await modern.request(method, params)).response
    for (const request of [ask, session.request.bind(session)]) {
      // `change` before the list: what is harmless is asked for when it is needed.
      const refused = await request('tools/call', { name: 'change', arguments: {} })
      expect(refused.error).toMatchObject({ data: { code: 'tool_unknown' } })
      expect(textOf(await request('tools/call', { name: 'look', arguments: {} }))).toMatch(/^look/)
      const pages: string[][] = []
      let cursor: string | undefined
      do {
        const { result } = await request('tools/list', cursor === undefined ? {} : { cursor })
        pages.push(namesOf(result.tools))
        cursor = result.nextCursor
      } while (cursor !== undefined)
      expect(pages.length).toBeGreaterThan(1)
      expect(pages.flat().toSorted()).toEqual(harmless)
    }
    session.close()
  },
)

test('features.batch: an array of messages in front of a tool that knows none and no session', async () => {
  const bridge = await embedded({ command: fixture('speaks-modern', 'only') }, {})
  const session = await openStreamable(bridge, { protocolVersion: '2025-03-26' })
  const reply = await session.post([
    callOf(21, 'echo', { text: 'a' }),
    { jsonrpc: '2.0', method: 'notifications/any' },
    callOf(22, 'number', {}),
    { jsonrpc: '2.0', id: 23, method: 'ping' },
  ])
  const answers = reply.body.startsWith('[')
    ? reply.json()
    : [...reply.body.matchAll(/^data: (.+)$/gm)].map(([, data = '']) => JSON.parse(data))
  expect(answers).toHaveLength(3)
  expect(answers).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        id: 21,
        result: { content: [{ type: 'text', text: 'a' }], _meta: expect.anything() },
      }),
      expect.objectContaining({
        id: 22,
        result: expect.objectContaining({ structuredContent: { result: 7 } }),
      }),
      { jsonrpc: '2.0', id: 23, result: {} },
    ]),
  )
  session.close()
})

test('features.malformed: whatever a tool of 2026-07-28 answers, its call ends, and the next is served', async () => {
  const bridge = await embedded({ command: fixture('odd-modern') }, {})
  const modern = new ModernClient(bridge)
  const session = await openStreamable(bridge, { capabilities: { elicitation: {} } })
  session.onRequest = () => ({ action: 'accept', content: {} })
  const odd = [
    ...[{}, { resultType: 'unknown' }, { resultType: null }, { resultType: 7 }, { _meta: null }].map(
      (result) => ({ result }),
    ),
    { result: { resultType: 'complete', content: null, structuredContent: null, _meta: [] } },
    { result: null },
    { result: 'text' },
    { result: [1] },
    { error: null },
    { error: {} },
    { error: { code: null, message: null, data: null } },
    { error: 'text' },
    ...[undefined, null, [], 'text', {}, { a: null }, { a: {} }, { a: { method: 7, params: 'x' } }].map(
      (inputRequests) => ({ result: { resultType: 'input_required', inputRequests, requestState: null } }),
    ),
  ]
  for (const answer of odd) {
    for (const client of [modern, session]) {
      const told = await client.call('odd', { answer })
      expect(told).toMatchObject({ jsonrpc: '2.0', id: expect.any(Number) })
      expect([answer, told.error?.data?.code]).not.toEqual([answer, 'internal'])
      expect(textOf(await client.call('look'))).toBe('look')
    }
    // What clients of before know as an object is one, or not there.
    const { result } = await session.call('odd', { answer })
    expect(result?._meta ?? {}).toBeInstanceOf(Object)
    expect(result ?? {}).not.toHaveProperty('resultType')
  }
  session.close()
})

test('each row of the table names tests that are run', async () => {
  const text = readFileSync(new URL('../../../docs/CLIENTS.md', import.meta.url), 'utf8')
  const ids = [...text.matchAll(/`((?:features|modern|deep)\.[a-z-]+)`/g)].map(([, id = '']) => id)
  const titles = await titlesOfTests()
  expect(ids.length).toBeGreaterThan(10)
  expect(ids.filter((id) => !titles.some((title) => title.startsWith(`${id}: `)))).toEqual([])
})
