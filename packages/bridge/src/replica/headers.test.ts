import { expect, test } from 'vitest'
import { endToEnd } from './headers.ts'

test('what is for the next machine alone does not go on', () => {
  expect(
    endToEnd({
      connection: 'keep-alive, X-Mine',
      'x-mine': '1',
      'transfer-encoding': 'chunked',
      te: 'trailers',
      upgrade: 'h2c',
      'proxy-authorization': 'Basic x',
      authorization: 'Bearer t',
      'mcp-protocol-version': '2025-06-18, 2025-06-18',
    }),
  ).toEqual({ authorization: 'Bearer t', 'mcp-protocol-version': '2025-06-18, 2025-06-18' })
})
