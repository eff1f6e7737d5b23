// compat: with --compat litellm a failing call is a result, and the list is one plain page.
import { eventually, fixture } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft, openSse, openStreamable, WIRES, type Client } from '../wires/wire.ts'

nothingLeft()

const compat = (...args: string[]) => bridged(['--compat', 'litellm', ...args, '--', ...fixture('odd-tools')])

/** The text of a failure that came as a result. */
async function failure(client: Client, tool: string, args: object = {}): Promise<string> {
  const { result, error } = await client.call(tool, args)
  expect(error).toBeUndefined()
  expect(result.isError).toBe(true)
  return result.content[0].text
}

test.each(WIRES)(
  'compat.calls: %s: an error, a crash, a timeout and an unknown tool are results',
  async (_, open) => {
    const bridge = await compat('--children', 'shared', '--call-timeout', '2s', '--tools-deny', 'change')
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
  const bridge = await compat()
  const { result } = await (await open(bridge)).request('tools/list')
  expect(result.nextCursor).toBeUndefined()
  const names = result.tools.map(({ name }: { name: string }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(names).toEqual(expect.arrayContaining(['echo', 'typed', 'toggleExtra']))
  expect(result.tools.filter((tool: object) => 'outputSchema' in tool)).toEqual([])
})

test('compat.status: HTTP says 200 also when the queue of a pool is full', async () => {
  const bridge = await compat('--children', 'pool', '--max-children', '1')
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
  const bridge = await compat('--children', 'shared')
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
