import fc from 'fast-check'
import { expect, test } from 'vitest'
import { membersAt, textAt, without } from './members.ts'
import { Message, readBody } from './message.ts'

/** Keys and texts with quotes and backslashes at every place, short and long. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('"', '\\', 'a', 'é', '{', '}', ',', ':', '\n') }),
  fc.tuple(fc.nat(300), fc.constantFrom('\\', '"', '')).map(([n, end]) => 'x'.repeat(n) + end),
)
const value = fc.oneof(
  text,
  fc.jsonValue({ maxDepth: 3 }),
  fc.array(text),
  fc.dictionary(text, fc.oneof(text, fc.array(text))),
)
const members = fc.uniqueArray(fc.tuple(text, value), { selector: ([key]) => key, maxLength: 6 })
const blank = fc.constantFrom('', ' ', '\t ')

test('each member is found where it stands, however the bytes are cut', () => {
  fc.assert(
    fc.property(members, blank, fc.array(fc.nat(400)), (all, space, cuts) => {
      const inside = all.map(
        ([key, each]) => `${space}${JSON.stringify(key)}${space}:${space}${JSON.stringify(each)}${space}`,
      )
      const before = '{"id":1,"result":'
      const parts = cut(Buffer.from(`${before}{${inside.join(',')}${all.length === 0 ? space : ''}}}`), cuts)
      const found = membersAt(parts, before.length)
      expect(found.map(({ key }) => key)).toEqual(all.map(([key]) => key))
      const values = found.map(({ valueAt, end }) => utf8(textAt(parts, valueAt, end)).trim())
      expect(values).toEqual(all.map(([, each]) => JSON.stringify(each)))
    }),
    { numRuns: 1000 },
  )
})

test('what is taken out leaves JSON, with all else as it was', () => {
  fc.assert(
    fc.property(members, fc.func(fc.boolean()), fc.array(fc.nat(400)), (all, isGone, cuts) => {
      const result = Object.fromEntries(all)
      const message = readBody(cut(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result })), cuts))
      if (!(message instanceof Message)) throw new Error('no message')
      const left = message.edited(without(message.resultMembers, ({ key }) => isGone(key)))
      const kept = Object.entries(result).filter(([key]) => !isGone(key))
      const expected = { jsonrpc: '2.0', id: 1, result: Object.fromEntries(kept) }
      // As JSON says it, which knows no -0.
      expect(left.json()).toEqual(JSON.parse(JSON.stringify(expected)))
    }),
    { numRuns: 500 },
  )
})

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8')
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...cuts, bytes.length])].filter((each) => each <= bytes.length)
  const sorted = at.toSorted((a, b) => a - b)
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end))
}
