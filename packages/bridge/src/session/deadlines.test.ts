import { afterEach, expect, test, vi } from 'vitest'
import { Deadlines } from './deadlines.ts'

/** Of those that keep the process alive. */
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

afterEach(() => void vi.useRealTimers())

test('each is called when its time is over, in order, unless it ended early', () => {
  vi.useFakeTimers()
  const deadlines = new Deadlines(30)
  const called: string[] = []
  deadlines.begin(() => called.push('a'))
  const early = deadlines.begin(() => called.push('early'))
  vi.advanceTimersByTime(15)
  deadlines.begin(() => called.push('b'))
  deadlines.end(early)
  deadlines.end(early)
  deadlines.end(undefined)
  vi.advanceTimersByTime(14)
  expect(called).toEqual([])
  vi.advanceTimersByTime(1)
  expect(called).toEqual(['a'])
  vi.advanceTimersByTime(14)
  expect(called).toEqual(['a'])
  vi.advanceTimersByTime(1)
  expect(called).toEqual(['a', 'b'])
})

test('one that begins within another is called in its turn', () => {
  vi.useFakeTimers()
  const deadlines = new Deadlines(30)
  const called: string[] = []
  deadlines.begin(() => {
    called.push('first')
    deadlines.begin(() => called.push('second'))
  })
  vi.advanceTimersByTime(30)
  expect(called).toEqual(['first'])
  vi.advanceTimersByTime(30)
  expect(called).toEqual(['first', 'second'])
})

test('one that throws keeps no other from its turn', () => {
  vi.useFakeTimers()
  const deadlines = new Deadlines(30)
  const called: string[] = []
  deadlines.begin(() => {
    throw new Error('the first')
  })
  deadlines.begin(() => called.push('second'))
  expect(() => vi.advanceTimersByTime(30)).toThrow('the first')
  vi.advanceTimersByTime(1)
  expect(called).toEqual(['second'])
})

test('a wait keeps no process alive', () => {
  const before = timers()
  new Deadlines(60_000).begin(() => {})
  expect(timers()).toBe(before)
})
