import { expect, test } from 'vitest'
import { BridgeError } from '../errors.ts'
import { cancellationOf, emptyResultFor, errorFor } from './factory.ts'
import type { Message } from './message.ts'

// What a client wrote is written back as it was: no number of JavaScript holds the first, nor a string of its own the last.
const IDS = ['9007199254740993', '-0', '1.50', '"é"', String.raw`"\u00e9\/"`, 'null']

test.each(IDS)('the answers to %s bear that very id', (id) => {
  const latin1 = Buffer.from(id).toString('latin1')
  const error = new BridgeError('session_unknown', 'no such session — gone', { hint: 'open another' })
  expect(textOf(errorFor(latin1, error))).toBe(
    `{"jsonrpc":"2.0","id":${id},"error":{"code":${error.row.rpc},"message":"no such session — gone","data":{"code":"session_unknown","hint":"open another"}}}`,
  )
  expect(textOf(emptyResultFor(latin1))).toBe(`{"jsonrpc":"2.0","id":${id},"result":{}}`)
})

test('a cancellation is a notification', () => {
  const message = cancellationOf(7, 'the client has “gone”')
  expect(message.envelope.id).toBeUndefined()
  expect(message.json()).toEqual({
    jsonrpc: '2.0',
    method: 'notifications/cancelled',
    params: { requestId: 7, reason: 'the client has “gone”' },
  })
})

function textOf(message: Message): string {
  const encoded = message.encode('', '')
  const bytes = typeof encoded === 'string' ? Buffer.from(encoded, 'latin1') : Buffer.concat(encoded)
  return bytes.toString('utf8')
}
