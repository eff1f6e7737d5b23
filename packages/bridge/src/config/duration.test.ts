import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  [' 5m ', 300_000],
  ['2h', 7_200_000],
  ['1.5s', 1500],
  ['1.1s', 1100],
  ['0', 0],
  ['0s', 0],
  [250, 250],
])('the duration %j is %i ms', (raw, ms) => {
  expect(parseDuration(raw)).toBe(ms)
})

test.each([
  ['300', '"300" has no unit: write 300ms or 300s'],
  ['5 parsecs', '"5 parsecs" is not a duration: write 500ms, 30s, 5m or 2h'],
  ['', '"" is not a duration'],
  ['-5s', '"-5s" is not a duration'],
  ['0.0001s', '"0.0001s" is not a duration'],
  [-1, '-1 is not a duration'],
  [Number.POSITIVE_INFINITY, 'is not a duration'],
  // setTimeout would fire at once.
  ['1000h', '"1000h" is too long: the longest is 596h'],
])('%j is no duration', (raw, message) => {
  expect(() => parseDuration(raw)).toThrow(expect.objectContaining({ code: 'config_invalid' }))
  expect(() => parseDuration(raw)).toThrow(message)
})

test('what is printed is read back as the same number', () => {
  const durations = fc.property(fc.nat(2 ** 31 - 1), (ms) => {
    expect(parseDuration(formatDuration(ms))).toBe(ms)
  })
  fc.assert(durations)
})

test('the largest unit that fits is printed', () => {
  expect([0, 500, 90_000, 300_000, 7_200_000].map(formatDuration)).toEqual(['0', '500ms', '90s', '5m', '2h'])
})
