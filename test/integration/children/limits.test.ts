// limits: how many children live, and how many start, at once.
import { eventually, fixture, SseClient, StreamableClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeftAfterEach } from '../bridges.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()

test('children.limits: beyond --max-children 503 and Retry-After, until a place is free again', async () => {
  const bridge = await bridged(['--max-children', '2', '--warm', '0', '--', ...fixture('echo')])
  const [one, other] = await Promise.all([openStreamable(bridge), openSse(bridge)])

  const third = new StreamableClient(bridge)
  const { error } = await third.initialize()
  expect(error?.data.code).toBe('child_limit_reached')
  expect(error?.message).toContain('2 children')
  expect(third.lastStatus).toBe(503)
  expect(Number(third.streams[0]?.headers['retry-after'])).toBeGreaterThan(0)

  const overSse = new SseClient(bridge)
  await overSse.connect()
  expect((await overSse.initialize()).error?.data.code).toBe('child_limit_reached')
  expect(await overSse.stream?.ended).toBe('ended')

  expect(textOf(await one.call('echo', { text: 'a' }))).toBe('a')
  expect(textOf(await other.call('echo', { text: 'b' }))).toBe('b')
  await one.del()
  const next = await eventually(
    async () => {
      const client = new StreamableClient(bridge)
      const { error: refused } = await client.initialize()
      return refused === undefined && client
    },
    { what: 'the freed place to be given away' },
  )
  expect(textOf(await next.call('echo', { text: 'c' }))).toBe('c')
  expect(bridge.childPids).toHaveLength(4)
})

/** A start is over with the first output, and after a second at the latest; a timer may be a little early. */
const START_MS = 900

test('children.limits: at most eight start at once, the rest wait and are all served', async () => {
  const bridge = await bridged(['--warm', '0', '--', ...fixture('slow-start', '1500')])
  await bridge.until(({ msg }) => msg === 'tool answers')
  const before = bridge.logs.length
  const opened = Array.from({ length: 20 }, async (_, i) => {
    const client = await openStreamable(bridge)
    return textOf(await client.call('echo', { text: String(i) }))
  })
  expect(await Promise.all(opened)).toEqual(opened.map((_, i) => String(i)))
  const started = bridge.logs
    .slice(before)
    .flatMap(({ msg, time }) => (msg === 'child started' ? Date.parse(time) : []))
  expect(started).toHaveLength(20)
  const together = started.map((at) => started.filter((each) => each >= at && each < at + START_MS).length)
  expect(Math.max(...together)).toBe(8)
}, 120_000)
