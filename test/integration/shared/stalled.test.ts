// stalled: a client that reads nothing is cut over its byte budget; the child goes on as if it were not there.
import { eventually, fixture } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'

nothingLeft()

const MEGABYTES = 40
const open = () =>
  bridged(['--children', 'shared', '--max-buffer', '256KiB', '--', ...fixture('floods-stdout')])

test('stalled.sse: its stream and with it its session end, others have no part in it', async () => {
  const bridge = await open()
  const [stalled, other] = [await openSse(bridge), await openStreamable(bridge)]
  stalled.stream?.pause()
  const flood = stalled.call('flood', { megabytes: MEGABYTES })
  flood.catch(() => {})
  const { bytes } = await bridge.until(({ msg }) => msg.startsWith('full stream closed'))
  // One message over the budget at most, each of 64 KiB.
  expect(Number(bytes)).toBeGreaterThanOrEqual(256 * 1024)
  expect(Number(bytes)).toBeLessThan(256 * 1024 + 2 * 64 * 1024)
  const { reason } = await bridge.until(({ msg }) => msg === 'session closed')
  expect(reason).toBe('the client has gone')
  for (let n = 0; n < 50; n++) expect(textOf(await other.call('echo', { text: `${n}` }))).toBe(`${n}`)
  stalled.stream?.resume()
  await expect(flood).rejects.toThrow(/stream/)
  expect(other.received).toEqual([])
})

test('stalled.streamable: the stream of one call ends; its session lives and its other calls go on', async () => {
  const bridge = await open()
  const [stalled, other] = [await openStreamable(bridge), await openSse(bridge)]
  const flood = stalled.call('flood', { megabytes: MEGABYTES })
  flood.catch(() => {})
  await eventually(() => stalled.streams.at(-1)?.isEventStream, { what: 'the stream of the call' })
  const stream = stalled.streams.at(-1)
  stream?.pause()
  await bridge.until(({ msg }) => msg.startsWith('full stream closed'))
  expect(textOf(await stalled.call('echo', { text: 'mine' }))).toBe('mine')
  expect(textOf(await other.call('echo', { text: 'others' }))).toBe('others')
  expect(bridge.logs.filter(({ msg }) => msg === 'session closed')).toEqual([])
  stream?.resume()
  expect(await stream?.ended).toBe('cut')
  await expect(flood).rejects.toThrow(/cut/)
})

test('stalled.paused: the child is not held up: it writes all to the end while a client reads nothing', async () => {
  const bridge = await open()
  const stalled = await openSse(bridge)
  stalled.stream?.pause()
  const reader = await openStreamable(bridge)
  // Both are of the same child: would it be paused for one, the other waited for ever.
  const [own, others] = [
    stalled.call('flood', { megabytes: MEGABYTES }),
    reader.call('flood', { megabytes: 1 }),
  ]
  own.catch(() => {})
  expect(textOf(await others)).toBe('16 lines')
  stalled.close()
})

test('shared.stalled: a client that takes nothing is cut; nobody else waits for it', async () => {
  const bridge = await bridged([
    '--children',
    'shared',
    '--max-buffer',
    '64KiB',
    '--',
    ...fixture('floods-stdout'),
  ])
  const [stalled, other] = [await openSse(bridge), await openStreamable(bridge)]
  stalled.stream?.pause()
  const flood = stalled.call('flood', { megabytes: 40 }, { signal: AbortSignal.timeout(30_000) })
  flood.catch(() => {})
  await bridge.until(({ msg }) => msg.startsWith('full stream closed'))
  expect(textOf(await other.call('echo', { text: 'fast' }))).toBe('fast')
  stalled.close()
})
