import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contentOf, listOf, paramsOf, recordOf, resultOf, textOf } from './content.ts'
import { Message } from './message.ts'

test('readers take every shape and throw at none', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const answer = Message.from({ jsonrpc: '2.0', id: 1, result: value })
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
      expect(Object.keys(resultOf(answer))).toEqual(isObject ? Object.keys(value) : [])
      expect(Object.keys(paramsOf(answer))).toEqual([])
      expect(listOf(value)).toEqual(Array.isArray(value) ? value : [])
      expect(textOf(value, 'none')).toBe(typeof value === 'string' ? value : 'none')
      expect(recordOf(value)).toEqual(isObject ? value : {})
    }),
  )
})

test('what is too large is not looked into', () => {
  const message = Message.from({ jsonrpc: '2.0', id: 1, result: { text: 'x'.repeat(1000) } })
  expect(contentOf(message, 1000)).toEqual({})
  expect(contentOf(message, 2000)).toHaveProperty('result')
})
