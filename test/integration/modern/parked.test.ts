// Calls whose client is asked, and does not come back: their tool goes, or nobody ever comes.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { eventually, fixture, isAlive, ModernClient, type RpcResponse } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeftAfterEach } from '../bridges.ts'
import { textOf } from '../clients.ts'

nothingLeftAfterEach()
setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void
const capabilities = { elicitation: {} }
const command = fixture('asks-client')

async function again(client: ModernClient, { result }: RpcResponse): Promise<string | undefined> {
  const { inputRequests, requestState } = result
  const answer = { action: 'accept', content: { name: 'Ada' } }
  const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, answer]))
  const params = { name: 'elicit', arguments: {}, inputResponses, requestState }
  return (await client.request('tools/call', params)).response.error?.data.code
}

test('features.parked-crash: a process that is killed while its client is asked: each retry is told to begin anew', async () => {
  const client = new ModernClient({ ...(await embedded({ command }, {})), capabilities })
  const pid = Number(textOf(await client.call('pid')))
  const first: RpcResponse[] = []
  for (let i = 0; i < 10; i++) first.push(await client.call('elicit'))
  process.kill(pid, 'SIGKILL')
  await eventually(() => !isAlive(pid), { what: 'the end of the child' })
  await eventually(async () => (await again(client, first[0]!)) === 'request_state_invalid', {
    what: 'the refusal of the state',
  })
  const codes = await Promise.all(first.map((each) => again(client, each)))
  expect(codes).toEqual(first.map(() => 'request_state_invalid'))
  expect((await client.call('elicit')).result.resultType).toBe('input_required')
})

test(
  'features.parked: of 1,000 calls to which nobody comes back neither memory nor a process is left',
  { timeout: 240_000 },
  async () => {
    const timings = { parkMs: 3000 }
    const config = { command, maxCalls: 200, maxSessions: 20, maxChildren: 20, warm: 0, idleMs: 1000 }
    const bridge = await embedded(config, timings)
    const park = async (round: number) => {
      const all = Array.from({ length: 10 }, async (_, n) => {
        const client = new ModernClient({ ...bridge, name: `${round}-${n}`, capabilities })
        const told: unknown[] = []
        for (let i = 0; i < 100; i++) told.push((await client.call('elicit')).result?.resultType)
        return told
      })
      const told = (await Promise.all(all)).flat()
      expect(told).toEqual(Array.from({ length: 1000 }, () => 'input_required'))
      await eventually(() => !bridge.childPids.some(isAlive), {
        what: 'the end of all processes',
        withinMs: 60_000,
      })
      gc()
      return process.memoryUsage().heapUsed
    }
    // The first time leaves what is compiled and kept for all.
    const before = await park(1)
    const after = await park(2)
    expect((after - before) / 1024 / 1024).toBeLessThan(3)
    expect(textOf(await new ModernClient({ ...bridge, capabilities }).call('echo', { text: 'on' }))).toBe(
      'on',
    )
  },
)
