import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Message } from './message.ts'
import { completed, passed } from './modern.ts'
import { inputRequiredIn, legacyResponse } from './to-legacy.ts'

const METHODS = ['tools/call', 'tools/list', 'resources/read', 'server/discover', 'subscriptions/listen']
const odd = fc.jsonValue({ maxDepth: 4 })

test('whatever a tool answers is a message of the same id, in either direction, and nothing is thrown', () => {
  const response = fc.oneof(
    odd.map((result) => ({ jsonrpc: '2.0', id: 7, result })),
    fc
      .record({ resultType: odd, inputRequests: odd, _meta: odd, tools: odd })
      .map((result) => ({ jsonrpc: '2.0', id: 7, result })),
    fc.record({ code: odd, message: odd, data: odd }).map((error) => ({ jsonrpc: '2.0', id: 7, error })),
  )
  fc.assert(
    fc.property(response, fc.constantFrom(...METHODS), (value, method) => {
      const message = Message.from(value)
      expect(() => inputRequiredIn(message)).not.toThrow()
      const written = [
        legacyResponse(message, method),
        passed(message, method),
        completed(message, method, {}, {}),
        completed(message, method, {}, { elicitation: { url: {} } }),
      ]
      for (const each of written) expect(each.json()).toMatchObject({ jsonrpc: '2.0', id: 7 })
    }),
  )
})

test('a large result is not read, and begins with what is new', () => {
  const text = 'x'.repeat(200_000)
  const message = Message.from({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text }] } })
  const { result } = completed(message, 'tools/call', {}, {}).json() as { result: object }
  expect(Object.keys(result)).toEqual(['resultType', 'content'])
  expect(legacyResponse(message, 'tools/call')).toBe(message)
})
