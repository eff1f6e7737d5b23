import { afterEach, expect, test, vi } from 'vitest'
import { silentLogger } from '../telemetry/logger.ts'
import { Heartbeat, KEEP_ALIVE_MS } from './heartbeat.ts'

afterEach(() => void vi.useRealTimers())

function counted(beats: string[], name: string, fails = false) {
  return {
    beat: () => {
      beats.push(name)
      if (fails) throw new Error('write after end')
    },
  }
}

test('every stream is kept alive every 15 s, from when it comes until it goes', () => {
  vi.useFakeTimers()
  const heartbeat = new Heartbeat(silentLogger())
  const beats: string[] = []
  const [a, b] = [counted(beats, 'a'), counted(beats, 'b')]
  heartbeat.add(a)
  vi.advanceTimersByTime(KEEP_ALIVE_MS - 1)
  expect([beats, KEEP_ALIVE_MS]).toEqual([[], 15_000])
  vi.advanceTimersByTime(1)
  heartbeat.add(b)
  vi.advanceTimersByTime(KEEP_ALIVE_MS)
  heartbeat.delete(a)
  vi.advanceTimersByTime(KEEP_ALIVE_MS)
  expect(beats).toEqual(['a', 'a', 'b', 'b'])
  heartbeat.close()
  vi.advanceTimersByTime(KEEP_ALIVE_MS)
  expect(beats).toHaveLength(4)
})

test('one that fails is left out from then on, and takes no other along', () => {
  vi.useFakeTimers()
  const heartbeat = new Heartbeat(silentLogger(), 100)
  const beats: string[] = []
  heartbeat.add(counted(beats, 'bad', true))
  heartbeat.add(counted(beats, 'good'))
  vi.advanceTimersByTime(300)
  expect(beats).toEqual(['bad', 'good', 'good', 'good'])
  heartbeat.close()
})
