// one-line: no reader finds the end of a line within a message, and the message means the same.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { onOneLine } from './one-line.ts'

const SPLITS = /[\u0085\u2028\u2029]/
const latin1 = (text: string) => Buffer.from(text).toString('latin1')

function written(encoded: ReturnType<typeof onOneLine>): string {
  return (typeof encoded === 'string' ? Buffer.from(encoded, 'latin1') : Buffer.concat(encoded)).toString()
}

/** Texts with all three, and with what begins or ends as they do: “ ”, â, Å, è. */
const text = fc.string({
  unit: fc.constantFrom(
    'a',
    '\u2028',
    '\u2029',
    '\u0085',
    '“',
    '”',
    'â',
    'Å',
    '\u00a8',
    'ä',
    '홍',
    '😀',
    '\u0080',
  ),
})

test('a message means the same, whole or in chunks cut anywhere', () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(300)), (value, cuts) => {
      const json = JSON.stringify({ value })
      const asText = written(onOneLine(latin1(json)))
      expect(asText).not.toMatch(SPLITS)
      expect(JSON.parse(asText)).toEqual({ value })
      const bytes = Buffer.from(json)
      const ends = [...cuts.filter((at) => at < bytes.length), bytes.length].toSorted((a, b) => a - b)
      const parts = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
      expect(written(onOneLine(parts))).toBe(asText)
    }),
  )
})

test('what holds none is passed on untouched, not copied', () => {
  const plain = latin1('{"a":"“quotes” — 홍길동 âÅ"}')
  expect(onOneLine(plain)).toBe(plain)
  const parts = [Buffer.from('{"a":"x'), Buffer.from('y"}')]
  const [first, second] = onOneLine(parts) as Buffer[]
  expect([first, second]).toEqual(parts)
  expect(first?.buffer).toBe(parts[0]?.buffer)
})
