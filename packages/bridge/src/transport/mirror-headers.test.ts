import { expect, test } from 'vitest'
import { Message } from '../rpc/message.ts'
import { ModernRequest } from '../rpc/modern-request.ts'
import { paramHeadersOf } from '../rpc/param-headers.ts'
import { checkHeaders } from './mirror-headers.ts'

const PREFIX = 'io.modelcontextprotocol/'
const place = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } }
const inputSchema = {
  type: 'object',
  properties: { count: { type: 'integer', 'x-mcp-header': 'Count' }, place },
}
const DECLARED = paramHeadersOf([{ name: 'a', inputSchema }]).get('a') ?? []

function check(args: object, headers: Record<string, string>): void {
  const _meta = { [`${PREFIX}protocolVersion`]: '2026-07-28', [`${PREFIX}clientCapabilities`]: {} }
  const params = { name: 'a', arguments: args, _meta }
  const request = new ModernRequest(Message.from({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }))
  const common = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'a' }
  checkHeaders({ ...common, ...headers }, 'tools/call', request, DECLARED, true)
}

test.each([
  [{}, {}],
  [{ count: 42 }, { 'mcp-param-count': '42' }],
  [{ count: 42 }, { 'mcp-param-count': '42.0' }],
  [{ count: 42 }, { 'mcp-param-count': '4.2e1' }],
  [{ count: -7, COLOUR: 1, colour: 2 }, { 'mcp-param-count': '-7' }],
  [{ place: { region: 'é' } }, { 'mcp-param-region': '=?base64?w6k=?=' }],
  [{ place: { region: null } }, {}],
])('%o goes with %o', (args, headers) => {
  expect(() => check(args, headers)).not.toThrow()
})

test.each([
  [{ count: 42 }, {}],
  [{ count: 42 }, { 'mcp-param-count': '43' }],
  [{ count: 42 }, { 'mcp-param-count': '0x2a' }],
  [{ count: 0 }, { 'mcp-param-count': '' }],
  // Some tools read the one, and some the other.
  [{ count: 42, Count: 1 }, { 'mcp-param-count': '42' }],
  [{ Count: 1 }, {}],
  [{ place: { region: 'here' }, PLACE: {} }, { 'mcp-param-region': 'here' }],
  [{ place: { region: 'here', 'Region\0': 'there' } }, { 'mcp-param-region': 'here' }],
])('%o does not go with %o', (args, headers) => {
  expect(() => check(args, headers)).toThrow(expect.objectContaining({ code: 'header_mismatch' }))
})

test('what is no type declares nothing', () => {
  const x = { type: { toString: 1 }, 'x-mcp-header': 'X' }
  expect(paramHeadersOf([{ name: 'a', inputSchema: { properties: { x } } }]).size).toBe(0)
})
