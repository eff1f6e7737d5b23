// A replica that is told to end: what it has open goes on for a while, and whatever is new is answered by another.
import { eventually, fixture, ModernClient, send, SseClient, StreamableClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openStreamable, refusal, textOf } from '../clients.ts'
import { at, replicas } from './replicas.ts'

nothingLeft({ anyExit: true })

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
const pidOf = async (client: Pick<ModernClient, 'call'>) => textOf(await client.call('pid'))

test.concurrent('replicas.leaving: sessions go on, also over a hop; what is new goes to another; then they end, and it ends', async () => {
  const { all, ports } = await replicas({ args: ['--children', 'shared', '--drain', '6s'] })
  const [here = 0, there = 0] = ports
  const [idle, busy] = await Promise.all([openStreamable({ port: here }), openStreamable({ port: here })])
  const others = await pidOf(new ModernClient({ port: there }))
  expect(await pidOf(new ModernClient({ port: here }))).not.toBe(others)

  const slow = busy.call('sleep', { ms: 4500 })
  const exited = all[0]?.stop()
  await eventually(async () => (await send({ port: here, path: '/readyz' })).status === 503, {
    what: 'the end of readiness',
  })
  expect((await send({ port: here, path: '/readyz' })).json()).toMatchObject({ status: 'draining' })
  expect(textOf(await idle.call('echo', { text: 'on' }))).toBe('on')
  expect(textOf(await at(there, idle).call('echo', { text: 'over' }))).toBe('over')
  expect(await pidOf(new ModernClient({ port: here }))).toBe(others)
  expect((await openStreamable({ port: here })).sessionId).toMatch(/^r2\./)
  const older = new SseClient({ port: here })
  await older.connect()
  expect(older.sessionId).toMatch(/^r2\./)
  older.close()

  // Its client begins anew, at the same address and with the old id.
  await eventually(async () => (await idle.post(ping)).status === 404, { what: 'the end of the session' })
  expect((await idle.initialize()).error).toBeUndefined()
  expect(idle.sessionId).toMatch(/^r2\./)
  expect(textOf(await slow)).toBe('slept')
  expect(await exited).toEqual({ code: 0, signal: null })
  expect(textOf(await at(there, idle).call('echo', { text: 'back' }))).toBe('back')
})

test.concurrent.each([
  ['', []],
  [', also for LiteLLM, which hears 404 for 503', ['--compat', 'litellm']],
])(
  'replicas.last: where no other takes what is new, the one that is about to end does%s',
  async (_, compat) => {
    const { all, ports } = await replicas({ args: ['--children', 'shared', '--drain', '4s', ...compat] })
    const [here = 0, there = 0] = ports
    const exits = all.map((each) => each.stop())
    for (const port of [here, there])
      await eventually(async () => (await send({ port, path: '/readyz' })).status === 503, {
        what: 'the end of readiness',
      })
    const client = await openStreamable({ port: here })
    expect(client.sessionId).toMatch(/^r1\./)
    expect(textOf(await new ModernClient({ port: there }).call('echo', { text: 'still' }))).toBe('still')
    for (const exit of await Promise.all(exits)) expect(exit).toEqual({ code: 0, signal: null })
  },
)

test.concurrent('replicas.alone: a name alone begins the ids, and ends in the same way', async () => {
  const bridge = await bridged(['--replica', 'r1', '--children', 'shared', '--', ...fixture('echo')])
  const client = new StreamableClient(bridge)
  await client.initialize()
  expect(client.sessionId).toMatch(/^r1\./)
  client.sessionId = 'r2.AAAAAAAAAAAAAAAAAAAAAA'
  expect(refusal(await client.post(ping), 404, 'session_unknown').code).toBe(-32001)
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
})
