// vanish: one that is only quiet stays, and loses nothing. Those that vanish are in patience.test.ts.
import { eventually, fixture } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'

nothingLeft()

test('bounds.vanish: a quiet client that answers pings keeps its session, and loses nothing', async () => {
  const bridge = await bridged(['--idle', '400ms', '--', ...fixture('echo')])
  const [sse, streamable, gone] = await Promise.all([
    openSse(bridge),
    openStreamable(bridge),
    openStreamable(bridge),
  ])
  await streamable.listen()
  const quiet = [sse, streamable]
  const pids = await Promise.all(quiet.map(async (client) => textOf(await client.call('pid'))))
  await eventually(
    () =>
      quiet.every(
        ({ received }) => received.filter((it) => 'method' in it && it.method === 'ping').length > 3,
      ),
    { what: 'four pings answered by each' },
  )
  expect(await Promise.all(quiet.map(async (client) => textOf(await client.call('pid'))))).toEqual(pids)
  expect(quiet.flatMap(({ failures }) => failures)).toEqual([])
  // Without a stream nobody could be asked.
  expect((await gone.post({ jsonrpc: '2.0', id: 9, method: 'ping' })).status).toBe(404)
})
