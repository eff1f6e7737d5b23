// keepalive: comment lines on every stream that has nothing to say.
import { eventually, fixture } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { nothingLeft, useBridge } from '../bridges.ts'
import { openSse, openStreamable } from '../clients.ts'

nothingLeft()
const bridge = useBridge(['--', ...fixture('echo')])

test('stream.keepalive: GET, a slow POST and HTTP+SSE all get comments before 30 s of silence', async () => {
  const [client, sse] = await Promise.all([openStreamable(bridge), openSse(bridge)])
  const get = await client.listen()
  client.call('sleep', { ms: 60_000 }).catch(() => {})
  const post = await eventually(() => client.streams[2], { what: 'the stream of the call' })
  const streams = [get, post, sse.stream!]
  expect(streams.map(({ isEventStream }) => isEventStream)).toEqual([true, true, true])
  const beats = () =>
    streams.map(({ comments }) => comments.filter((each) => each.includes('keep-alive')).length)
  await eventually(() => beats().every((count) => count > 0), { what: 'a comment on each', withinMs: 30_000 })
  sse.close()
  client.close()
  await client.del()
})
