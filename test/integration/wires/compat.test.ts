// compat: with --compat litellm no failure of a call is an error of the protocol, of HTTP or of a stream.
import { eventually, fixture, SseClient, StreamableClient, type RpcResponse } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { gated } from '../gate.ts'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf, WIRES, type Client } from '../clients.ts'

nothingLeft()

const COMPAT = ['--compat', 'litellm']
const odd = (...args: string[]) => bridged([...COMPAT, ...args, '--', ...fixture('odd-tools')])

/** The text of a failure that came as a result; HTTP saw nothing of it. */
function failureOf({ result, error }: RpcResponse, client: Client): string {
  expect(error).toBeUndefined()
  expect(result).toEqual({ content: [{ type: 'text', text: expect.any(String) }], isError: true })
  if (client instanceof StreamableClient) expect(client.lastStatus).toBe(200)
  return result.content[0].text
}

const failure = async (client: Client, tool: string, args: object = {}) =>
  failureOf(await client.call(tool, args), client)

test.each(WIRES)(
  'compat.crash: %s: all calls in flight are answered with results under their ids, and no stream ends',
  async (_, open) => {
    const it = await gated([...COMPAT, '--children', 'shared'])
    const client = await open(it.bridge)
    const ids = [1001, '1001', 'é']
    const held = ids.map((id, n) => client.call('held', { gate: it.gate(`gate-${n}`) }, { id }))
    const list = client.request('resources/subscribe', { uri: it.gate('list') })
    for (const gate of ['gate-0', 'gate-1', 'gate-2', 'list']) await it.until(gate)
    process.kill(it.bridge.childPids.at(-1) ?? 0, 'SIGKILL')
    const answers = await Promise.all(held)
    expect(answers.map(({ id }) => id)).toEqual(ids)
    for (const answer of answers) expect(failureOf(answer, client)).toContain('SIGKILL')
    // What is no call of a tool keeps its error.
    expect((await list).error?.data.code).toBe('child_exited')
    expect(textOf(await client.call('held'))).toBe(`${it.bridge.childPids.at(-1)}`)
    if (client instanceof SseClient) expect(client.stream?.events.hasEnded).toBe(false)
  },
)

test.each(WIRES)(
  'compat.session: %s: after its own process has ended, a session answers with results',
  async (_, open) => {
    const bridge = await bridged([...COMPAT, '--children', 'session', '--', ...fixture('odd-tools')])
    const client = await open(bridge)
    expect(failureOf(await client.call('crash', { code: 7 }), client)).toContain('exited with code 7')
    expect(failureOf(await client.call('echo'), client)).toContain('session has ended')
    expect((await client.request('tools/list')).result).toEqual({ tools: [] })
    expect((await client.request('resources/list')).error?.data.code).toBe('session_unknown')
    if (client instanceof SseClient) {
      expect(client.stream?.events.hasEnded).toBe(false)
      const late = { jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: 'echo' } }
      expect((await client.post(late)).status).toBe(202)
    }
    // A new session is served.
    expect(textOf(await (await open(bridge)).call('echo', { text: 'new' }))).toBe('new')
  },
)

test.each(WIRES)(
  'compat.deadline: %s: a call over its time is a result, and the child is told',
  async (_, open) => {
    const it = await gated([...COMPAT, '--children', 'shared', '--call-timeout', '1s'])
    const client = await open(it.bridge)
    const gate = it.gate('never')
    expect(failureOf(await client.call('held', { gate }), client)).toContain('within 1000 ms')
    await it.until('notifications/cancelled')
    const call = it.heard().find(({ params }) => params?.arguments?.gate === gate)
    const cancelled = it.heard().find(({ method }) => method === 'notifications/cancelled')
    expect(cancelled.params.requestId).toBe(call.id)
    it.open(gate)
    expect(textOf(await client.call('held'))).toMatch(/^\d+$/)
    expect(client.strays).toEqual([])
  },
)

test.each(WIRES)(
  'compat.pool: %s: a full queue, and a crash of the only process, are results',
  async (_, open) => {
    const it = await gated([...COMPAT, '--children', 'pool', '--max-children', '1', '--warm', '0'])
    const [holder, client] = [await openSse(it.bridge), await open(it.bridge)]
    const gate = it.gate('held')
    const held = holder.call('held', { gate })
    await it.until(gate)
    const calls = Array.from({ length: 17 }, () => client.call('held', { gate }))
    // Of 17 that wait 16 may.
    expect(failureOf(await Promise.race(calls), client)).toContain('wait for a free process')
    it.open(gate)
    const answers = await Promise.all([held, ...calls])
    expect(answers.filter(({ result }) => result.isError === true)).toHaveLength(1)
    expect(
      new Set(answers.flatMap(({ result }) => (result.isError === true ? [] : result.content[0].text))).size,
    ).toBe(1)
    const last = client.call('held', { gate: it.gate('last') })
    await it.until('last')
    process.kill(it.bridge.childPids.at(-1) ?? 0, 'SIGKILL')
    expect(failureOf(await last, client)).toContain('SIGKILL')
  },
)

test.each(['session', 'shared', 'pool'])(
  'compat.list: %s: one page of what a client may see, without outputSchema',
  async (mode) => {
    const options = [
      '--children',
      mode,
      '--tools-allow',
      'typed',
      '--tools-allow',
      '*o*',
      '--tools-deny',
      'crash',
    ]
    const bridge = await bridged([...COMPAT, ...options, '--', ...fixture('odd-tools')])
    const client = await openStreamable(bridge)
    const { result } = await client.request('tools/list', {}, { id: 'é' })
    expect(result.nextCursor).toBeUndefined()
    const names: string[] = result.tools.map(({ name }: { name: string }) => name)
    expect(names.filter((name) => name !== 'typed' && !name.includes('o'))).toEqual([])
    expect(names).toEqual(expect.arrayContaining(['echo', 'typed', 'look', 'concurrent', 'toggleExtra']))
    expect(result.tools.filter((tool: object) => 'outputSchema' in tool)).toEqual([])
    expect(textOf(await client.call('typed'))).toBe('no structure')
    expect(failureOf(await client.call('crash'), client)).toBe('Unknown tool: crash')
  },
)

test('compat.off: without it a failure is an error, and the schema stays', async () => {
  const bridge = await bridged([
    '--children',
    'shared',
    '--tools-deny',
    'echo',
    '--',
    ...fixture('odd-tools'),
  ])
  const client = await openStreamable(bridge)
  for (const tool of ['echo', 'nosuch', 'errs', 'crash'])
    expect((await client.call(tool)).result).toBeUndefined()
  const pages = await Promise.all(
    ['0', '10', '20', '30'].map((cursor) => client.request('tools/list', { cursor })),
  )
  const tools = pages.flatMap(({ result }) => result.tools)
  expect(tools.filter((tool: object) => 'outputSchema' in tool)).toHaveLength(1)
})

test.each(WIRES)(
  'compat.calls: %s: an error, a crash, a timeout and an unknown tool are results',
  async (_, open) => {
    const bridge = await odd('--children', 'shared', '--call-timeout', '2s', '--tools-deny', 'change')
    const client = await open(bridge)
    expect(await failure(client, 'errs')).toContain('these arguments are wrong')
    expect(await failure(client, 'nosuch')).toContain('nosuch')
    expect(await failure(client, 'change')).toBe('Unknown tool: change')
    expect(await failure(client, 'crash', { code: 5 })).toContain('exited with code 5')
    expect(await failure(client, 'stuck')).toContain('did not answer')
    const { result } = await client.call('echo', { text: 'fine' })
    expect(result.isError).toBeUndefined()
    // Other requests keep their errors.
    expect((await client.request('nonsense/method')).error?.code).toBe(-32601)
  },
)

test.each(WIRES)('compat.list: %s: all tools on one page, without outputSchema', async (_, open) => {
  const bridge = await odd()
  const { result } = await (await open(bridge)).request('tools/list')
  expect(result.nextCursor).toBeUndefined()
  const names = result.tools.map(({ name }: { name: string }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(names).toEqual(expect.arrayContaining(['echo', 'typed', 'toggleExtra']))
  expect(result.tools.filter((tool: object) => 'outputSchema' in tool)).toEqual([])
})

test('one-page: lists are on one page, and else as the tool writes them', async () => {
  const args = ['--', ...fixture('odd-tools')]
  const [plain, joined] = await Promise.all([bridged(args), bridged(['--one-page', ...args])])
  const [several, one] = await Promise.all([openStreamable(plain), openStreamable(joined)])
  const tools: object[] = []
  for (let cursor: string | undefined, isLast = false; !isLast; isLast = cursor === undefined) {
    const { result } = await several.request('tools/list', cursor === undefined ? {} : { cursor })
    tools.push(...result.tools)
    cursor = result.nextCursor
  }
  expect((await one.request('tools/list')).result).toEqual({ tools })
  expect(tools.filter((tool) => 'outputSchema' in tool)).toHaveLength(1)
  for (const method of ['resources/list', 'prompts/list', 'resources/templates/list']) {
    const { result, error } = await one.request(method)
    expect({ result, error }).toMatchObject(
      await several.request(method).then((it) => ({ result: it.result })),
    )
  }
  // An error stays one, unlike with --compat litellm.
  expect((await one.call('errs')).error).toBeDefined()
})

test('compat.status: HTTP says 200 also when the queue of a pool is full', async () => {
  const bridge = await odd('--children', 'pool', '--max-children', '1')
  const client = await openStreamable(bridge)
  const holding = client.call('sleep', { ms: 4000 })
  const waiting = Array.from({ length: 16 }, () => client.call('echo', { text: 'x' }))
  await eventually(
    async () => {
      expect(await failure(client, 'echo')).toContain('wait for a free process')
      return true
    },
    { what: 'the queue to be full' },
  )
  expect(client.lastStatus).toBe(200)
  await Promise.all([holding, ...waiting])
})

test('compat.sse: a POST on a live session is answered with 202 while the bridge shuts down', async () => {
  const bridge = await odd('--children', 'shared')
  const client = await openSse(bridge)
  const slow = client.call('progress', { steps: 30, delayMs: 50 }, { progressToken: 1 })
  await client.until('notifications/progress')
  const exited = bridge.stop()
  await bridge.until(({ msg }) => msg === 'shutting down')
  const params = { name: 'echo', arguments: { text: 'late' } }
  const reply = await client.post({ jsonrpc: '2.0', id: 900, method: 'tools/call', params })
  expect(reply.status).toBe(202)
  expect((await slow).result.content[0].text).toBe('done')
  expect(await exited).toEqual({ code: 0, signal: null })
})
