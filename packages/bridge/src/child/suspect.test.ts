import { expect, test } from 'vitest'
import { suspectText } from './suspect.ts'

test.each([
  [
    'an answer in the words of Python',
    "{'jsonrpc': '2.0', 'id': 7, 'result': {}}",
    { id: '7', isSure: true },
  ],
  [
    'one that was escaped',
    String.raw`"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{}}"`,
    { id: '7', isSure: true },
  ],
  ['one behind a log line', 'INFO {"jsonrpc":"2.0","id":7,"result":{}}', { id: '7', isSure: true }],
  ['one that was cut before its end', '{"jsonrpc":"2.0","result":{"te', { id: undefined, isSure: true }],
  ['one that was cut at its beginning', '{"jsonrpc":"2.0",', { id: undefined, isSure: false }],
  ['of two ids the last', '{"jsonrpc":"2.0","result":{"id":1},"id":7}}', { id: '7', isSure: true }],
  ['a log line with an outcome', '{"level":"info","id":7,"result":"saved",}', { id: '7', isSure: false }],
])('%s may have been an answer', (_, text, expected) => {
  expect(suspectText(text)).toEqual(expected)
})

test.each([
  ['a request', '{"jsonrpc":"2.0","id":7,"method":"roots/list",}'],
  ['a log line', '{"level":"info","id":7,"msg":"saved",}'],
  ['a log line that names the protocol', 'speaks "jsonrpc": 2.0'],
  ['text', 'result: 7'],
  ['an id that no request has', '{"id":1234567890123456,"msg":"x",}'],
])('%s was none', (_, text) => {
  expect(suspectText(text)).toBeUndefined()
})
