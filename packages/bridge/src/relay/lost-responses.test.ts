import { afterEach, expect, test, vi } from 'vitest'
import { BridgeError } from '../errors.ts'
import { LostResponses } from './lost-responses.ts'
import { PendingRequests, type Pending } from './pending.ts'

afterEach(() => void vi.useRealTimers())

/** Calls by the name they have in a test; those that failed, in order. */
function inFlight(...names: string[]) {
  const calls = new PendingRequests()
  const failed: string[] = []
  const numbers = new Map<string, number>()
  const lost: LostResponses = new LostResponses(calls, 1000, ({ call }) => {
    calls.delete(call.number)
    failed.push(call.method)
  })
  const begin = (name: string) => {
    const pending = { call: { method: name, number: 0 } } as Pending
    calls.add(pending)
    numbers.set(name, pending.call.number)
  }
  const answer = (name: string) => {
    calls.delete(numbers.get(name) ?? 0)
    lost.look()
  }
  for (const name of names) begin(name)
  return {
    lost,
    failed,
    begin,
    answer,
    lose: (isSure = true) => lost.add(new BridgeError('answer_unreadable', '?'), isSure),
  }
}

test('of the only call the answer must be', () => {
  const { failed, lose } = inFlight('a')
  lose()
  expect(failed).toEqual(['a'])
})

test('of several it is that of the one that is left', () => {
  const { failed, lose, begin, answer, lost } = inFlight('a', 'b', 'c')
  lose()
  begin('later')
  answer('c')
  expect(failed).toEqual([])
  answer('a')
  expect(failed).toEqual(['b'])
  expect(lost.isLooking).toBe(false)
})

test('two lost answers are those of the two that are left', () => {
  const { failed, lose, answer } = inFlight('a', 'b', 'c')
  lose()
  lose()
  answer('b')
  expect(failed).toEqual(['a', 'c'])
})

test('where a long call keeps it open, all end at last, but none that came later', () => {
  vi.useFakeTimers()
  const { failed, lose, begin } = inFlight('a', 'b')
  lose()
  begin('later')
  vi.advanceTimersByTime(1000)
  expect(failed).toEqual(['a', 'b'])
})

test('what no call is in flight for is nobody’s', () => {
  const { failed, lose, begin, lost } = inFlight()
  lose()
  begin('a')
  expect(failed).toEqual([])
  expect(lost.isLooking).toBe(false)
})

test('what may not have been an answer ends no call that is answered in a while', () => {
  vi.useFakeTimers()
  const { failed, lose, answer, lost } = inFlight('a', 'b')
  lose(false)
  vi.advanceTimersByTime(999)
  answer('a')
  expect(failed).toEqual([])
  vi.advanceTimersByTime(1)
  expect(failed).toEqual(['b'])
  expect(lost.isLooking).toBe(false)
})
