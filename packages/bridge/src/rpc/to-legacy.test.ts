import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Message, readBody } from './message.ts'
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

test.each(['-32601.0', '1e400', '{"toString":1}', 'null'])(
  'a code that is no integer, %s, goes on',
  (code) => {
    const text = `{"jsonrpc":"2.0","id":7,"error":{"code":${code},"message":"no"}}`
    const message = readBody([Buffer.from(text)]) as Message
    for (const each of [
      legacyResponse(message, 'tools/call'),
      passed(message, 'tools/call'),
      completed(message, 'tools/call', {}, {}),
    ])
      expect(each.encode('', '')).toBe(text)
  },
)

const SERVER = 'io.modelcontextprotocol/serverInfo'
const sized = (bytes: number, result: object): Message =>
  Message.from({
    jsonrpc: '2.0',
    id: 1,
    result: { content: [{ type: 'text', text: 'x'.repeat(bytes) }], ...result },
  })
const resultOf = (message: Message): any => (message.json() as { result: unknown }).result

test.each([10, 200_000, 1024 * 1024])(
  'a result of %i bytes is translated, and its cargo is what it was',
  (bytes) => {
    const older = sized(bytes, { _meta: { own: 1 } })
    const made = resultOf(completed(older, 'tools/call', { name: 'é' }, {}))
    expect(Object.keys(made)).toEqual(['resultType', 'content', '_meta'])
    expect(made._meta).toEqual({ [SERVER]: { name: 'é' }, own: 1 })
    const newer = sized(bytes, {
      resultType: 'complete',
      structuredContent: [1.5, { a: 1 }],
      _meta: { [SERVER]: { name: 'é' } },
    })
    const told = resultOf(legacyResponse(newer, 'tools/call'))
    expect(Object.keys(told)).toEqual(['content', 'structuredContent'])
    expect(told.structuredContent).toEqual({ result: [1.5, { a: 1 }] })
    expect(told.content).toEqual(resultOf(newer).content)
    const asks = sized(bytes, { resultType: 'input_required', inputRequests: { a: {} }, requestState: 's' })
    expect(inputRequiredIn(asks)).toEqual({ inputRequests: { a: {} }, requestState: 's' })
    expect(
      inputRequiredIn(sized(bytes, { structuredContent: { resultType: 'input_required' } })),
    ).toBeUndefined()
  },
)

test('there and back a result is what it was', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), odd), fc.jsonValue(), (members, structuredContent) => {
      const { resultType: _1, ttlMs: _2, cacheScope: _3, _meta: _4, ...result } = members
      const isObject = structuredContent?.constructor === Object
      const own = { ...result, structuredContent: isObject ? structuredContent : {} }
      const given = Message.from({ jsonrpc: '2.0', id: 1, result: own })
      const made = Message.from(completed(given, 'resources/read', { name: 'n' }, {}).json() as object)
      const back = legacyResponse(made, 'resources/read')
      expect(resultOf(back)).toEqual(resultOf(given))
    }),
  )
})
