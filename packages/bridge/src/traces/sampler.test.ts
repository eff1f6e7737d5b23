import { expect, test } from 'vitest'
import { Span } from '../telemetry/tracer.ts'
import { samplerOf } from './sampler.ts'

const parent = (isSampled: boolean) => ({
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  isSampled,
  state: undefined,
})

test.each([
  ['always_on', true, true, true],
  ['always_off', false, false, false],
  ['parentbased_always_on', true, true, false],
  ['parentbased_always_off', false, true, false],
])(
  '%s records a root: %s, below one that is recorded: %s, below one that is not: %s',
  (sampler, ...expected) => {
    const sample = samplerOf({ sampler, ratio: 1 })
    const all = [undefined, parent(true), parent(false)].map((each) => sample('c'.repeat(32), each))
    expect(all).toEqual(expected)
  },
)

test('a part of all is as large as it is to be, and the same for whoever sees the trace', () => {
  const sample = samplerOf({ sampler: 'traceidratio', ratio: 0.25 })
  const spans = Array.from({ length: 20_000 }, () => new Span(sample, undefined, undefined))
  const part = spans.filter(({ isSampled }) => isSampled)
  expect(part.length / spans.length).toBeCloseTo(0.25, 1)
  expect(part.every((span) => new Span(sample, span, undefined).isSampled)).toBe(true)
  expect(new Set(spans.flatMap(({ traceId, spanId }) => [traceId, spanId])).size).toBe(40_000)
  const [none, all] = [0, 1].map((ratio) => samplerOf({ sampler: 'traceidratio', ratio }))
  expect(spans.some(({ traceId }) => none?.(traceId, undefined))).toBe(false)
  expect(spans.every(({ traceId }) => all?.(traceId, undefined))).toBe(true)
})
