// death: a child that ends in the middle of a call: everybody is told at once, and the next client is served.
import {
  fixture,
  runBridge,
  SseClient,
  StreamableClient,
  tempDir,
  type RpcResponse,
  type RunningBridge,
} from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeftAfterEach } from '../bridges.ts'
import { allGone, treeOf } from './tree.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()

/** No wait of ours but that for the call itself is longer, and a machine that is busy is not as slow. */
const AT_ONCE_MS = 20_000

describe.each([
  ['streamable', openStreamable],
  ['sse', openSse],
] as const)('children.death: over %s', (_wire, open) => {
  test('every pending request is answered with signal and last stderr lines', async () => {
    const bridge = await bridged(['--', ...fixture('echo')])
    const [client, neighbour] = await Promise.all([open(bridge), open(bridge)])
    const [pid = 0] = await treeOf(client)
    await client.call('stderr', { text: 'about to break' })
    await bridge.until(({ line }) => line === 'about to break')
    const pending = ['a', 'b', 'c'].map((id) => client.call('sleep', { ms: 600_000 }, { id }))
    expect(textOf(await client.call('echo', { text: 'they are with the child' }))).toBeDefined()

    const from = performance.now()
    process.kill(pid, 'SIGKILL')
    const answers = await Promise.all(pending)
    expect(performance.now() - from).toBeLessThan(AT_ONCE_MS)
    expect(answers.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    for (const answer of answers) {
      expect(answer.error?.code).toBe(-32603)
      expect(answer.error?.data).toMatchObject({
        code: 'child_exited',
        exitCode: null,
        signal: 'SIGKILL',
        stderr: ['about to break'],
      })
    }
    expect((await client.post({ jsonrpc: '2.0', id: 9, method: 'ping' })).status).toBe(404)
    if (client instanceof SseClient) expect(await client.stream?.ended).toBe('ended')
    expect(textOf(await neighbour.call('echo', { text: 'unharmed' }))).toBe('unharmed')
    expect(textOf(await (await open(bridge)).call('echo', { text: 'next' }))).toBe('next')
  })

  test('an exit code is told', async () => {
    const bridge = await bridged(['--', ...fixture('echo')])
    const client = await open(bridge)
    const { error } = await client.call('crash', { code: 7 })
    expect(error?.message).toContain('exited with code 7')
    expect(error?.data).toMatchObject({ code: 'child_exited', exitCode: 7, signal: null })
    await expectServes(bridge)
  })

  test('half an answer is none, a whole one without its newline is one', async () => {
    const bridge = await bridged(['--', ...fixture('half-line')])
    const half: RpcResponse = await (await open(bridge)).call('half')
    expect(half.error?.data).toMatchObject({ code: 'child_exited', exitCode: 0 })
    expect(textOf(await (await open(bridge)).call('last'))).toBe('the last words')
    await expectServes(bridge)
  })

  test('a grandchild that holds stdout open delays nothing, and goes too', async () => {
    const bridge = await bridged(['--warm', '0', '--', ...fixture('grandchild', '--holds-stdout')])
    const client = await open(bridge)
    const tree = await treeOf(client)
    const pending = client.call('sleep', { ms: 600_000 })
    await client.call('echo')
    const from = performance.now()
    process.kill(tree[0] ?? 0, 'SIGKILL')
    expect((await pending).error?.data).toMatchObject({ code: 'child_exited', signal: 'SIGKILL' })
    expect(performance.now() - from).toBeLessThan(AT_ONCE_MS)
    await allGone(tree)
  })
})

test('children.death: while initialize waits, it is answered with 502', async () => {
  const bridge = await bridged(['--warm', '0', '--', ...fixture('refuses-second', `${tempDir()}/lock`)])
  const first = await openStreamable(bridge)
  const second = new StreamableClient(bridge)
  const { error } = await second.initialize()
  expect(second.lastStatus).toBe(502)
  expect(error?.data).toMatchObject({ code: 'child_exited', exitCode: 1, stderr: ['locked'] })
  expect(textOf(await first.call('echo', { text: 'still here' }))).toBe('still here')
})

test('children.death: --on-crash exit answers the client, then ends with exit code and stderr', async () => {
  const bridge = await bridged(['--on-crash', 'exit', '--', ...fixture('echo')])
  const client = await openStreamable(bridge)
  await client.call('stderr', { text: 'giving up' })
  await bridge.until(({ line }) => line === 'giving up')
  const { error } = await client.call('crash', { code: 5 })
  expect(error?.data).toMatchObject({ code: 'child_exited', exitCode: 5 })
  expect(await bridge.exited).toEqual({ code: 1, signal: null })
  expect(bridge.stderr).toMatch(/^mcp-bridge: the tool exited with code 5$/m)
  expect(bridge.stderr).toMatch(/^ {2}\| giving up$/m)
})

test('children.death: --on-crash knows restart and exit only', async () => {
  const { code, stderr } = await runBridge(['--on-crash', 'explode', '--', 'true'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('flag --on-crash: write restart or exit')])
})

async function expectServes(bridge: RunningBridge): Promise<void> {
  expect(textOf(await (await openStreamable(bridge)).call('echo', { text: 'served' }))).toBe('served')
}
