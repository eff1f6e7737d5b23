// exact: what is parsed and written again reads as it came.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseExact } from './exact.ts'

const again = (text: string) => JSON.stringify(parseExact(text))

test.each([
  '{"maximum":9223372036854775807,"minimum":-9223372036854775808}',
  '[1.0,1.10,1e400,-0,-0.0,1E5,1e-7,0.1,12345678901234567890.123456789]',
  '{"a": 9007199254740993}',
  '[[[18446744073709551615]]]',
  '{"__proto__":{"big":9007199254740993},"constructor":1.0}',
])('%s', (text) => {
  expect(again(text)).toBe(text.replaceAll(': ', ':'))
})

test('a number that is written as it came is a number', () => {
  expect(parseExact('{"a":9007199254740993,"b":42,"c":1.5}')).toMatchObject({ b: 42, c: 1.5 })
})

test('whatever the number, and whatever stands around it', () => {
  const number = fc.oneof(
    fc.bigInt().map(String),
    fc.tuple(fc.bigInt(), fc.nat(), fc.integer({ min: -999, max: 999 })).map(([a, b, e]) => `${a}.${b}e${e}`),
    fc.constantFrom('-0', '0.0', '1E+5', '1e999'),
  )
  fc.assert(
    fc.property(number, fc.json(), (raw, other) => {
      const text = `{"n":[ ${raw}],"o":${JSON.stringify(JSON.parse(other))},"m":${raw}}`
      const back = again(text)
      expect(back.startsWith(`{"n":[${raw}],`)).toBe(true)
      expect(back.endsWith(`"m":${raw}}`)).toBe(true)
      expect(JSON.parse(back)).toEqual(JSON.parse(text))
    }),
  )
})
