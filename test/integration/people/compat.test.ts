// compat: with --compat litellm no failure of a call is an error of the protocol, of HTTP or of a stream.
import { fixture, SseClient, StreamableClient, type RpcResponse } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { gated } from '../shared/gate.ts'
import { bridged, nothingLeft, openSse, openStreamable, textOf, WIRES, type Client } from '../wires/wire.ts'

nothingLeft()

const COMPAT = ['--compat', 'litellm']

/** The text of a failure that came as a result; HTTP saw nothing of it. */
function failureOf({ result, error }: RpcResponse, client: Client): string {
  expect(error).toBeUndefined()
  expect(result).toEqual({ content: [{ type: 'text', text: expect.any(String) }], isError: true })
  if (client instanceof StreamableClient) expect(client.lastStatus).toBe(200)
  return result.content[0].text
}

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
