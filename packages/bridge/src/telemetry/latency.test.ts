import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Latency } from './latency.ts'

const MINUTE = 60_000

test('nothing is told of an hour without calls', () => {
  expect(new Latency().minutes(5 * MINUTE)).toEqual([])
})

test('a quantile is within a fifth of what was measured', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.3, max: 400_000, noNaN: true }), { minLength: 1 }), (all) => {
      const latency = new Latency()
      for (const ms of all) latency.add(1000, ms, false)
      const [minute] = latency.minutes(1000)
      const sorted = all.toSorted((a, b) => a - b)
      const exact = (share: number) => sorted[Math.ceil(all.length * share) - 1] ?? 0
      expect(minute?.calls).toBe(all.length)
      for (const [told, is] of [
        [minute?.p50Ms ?? 0, exact(0.5)],
        [minute?.p95Ms ?? 0, exact(0.95)],
      ] as const)
        expect(Math.abs(Math.log2(told / is))).toBeLessThan(Math.log2(1.2))
    }),
  )
})

test('minutes stand by themselves, and an hour later they are gone', () => {
  const latency = new Latency()
  latency.add(0.5 * MINUTE, 10, false)
  latency.add(1.5 * MINUTE, 100, true)
  latency.add(1.6 * MINUTE, 100, false)
  expect(latency.minutes(2 * MINUTE).map(({ calls, errors }) => [calls, errors])).toEqual([
    [1, 0],
    [2, 1],
  ])
  expect(latency.minutes(60.5 * MINUTE)).toHaveLength(1)
  latency.add(61.5 * MINUTE, 7, false)
  expect(latency.minutes(61.5 * MINUTE)).toMatchObject([{ calls: 1, errors: 0 }])
})

test('what takes longer than can be told, or no time at all, is counted too', () => {
  const latency = new Latency()
  for (const ms of [0, -1, 1e12]) latency.add(1, ms, false)
  expect(latency.minutes(1)).toMatchObject([{ calls: 3 }])
})
