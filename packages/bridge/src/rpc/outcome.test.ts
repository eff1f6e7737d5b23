import { expect, test } from 'vitest'
import { Message } from './message.ts'
import { errorCodeOf, isToolError } from './outcome.ts'

const answer = (body: object) => Message.from({ jsonrpc: '2.0', id: 1, ...body })

test('an error has its code, one without a number none, a result none', () => {
  expect(errorCodeOf(answer({ error: { code: -32602, message: 'no' } }))).toBe(-32602)
  expect(errorCodeOf(answer({ error: { code: 'E1', message: 'no' } }))).toBeUndefined()
  expect(errorCodeOf(answer({ result: { code: 7 } }))).toBeUndefined()
})

test.each([
  [{ isError: true }, true],
  [{ content: [{ type: 'text', text: 'x'.repeat(100_000) }], isError: true }, true],
  [{ isError: false }, false],
  [{ content: [{ type: 'text', text: '"isError":true' }] }, false],
  [{ structuredContent: { isError: true } }, false],
  [{ structuredContent: { isError: true }, isError: false }, false],
  [{}, false],
])('a result says that the tool has failed by its own member alone: %j', (result, expected) => {
  expect(isToolError(answer({ result }))).toBe(expected)
})

test('an error is no failed tool', () => {
  expect(isToolError(answer({ error: { code: 1, message: 'no', data: { isError: true } } }))).toBe(false)
})
