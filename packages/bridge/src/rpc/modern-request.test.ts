import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Message, readBody } from './message.ts'
import { ModernRequest, type Sender } from './modern-request.ts'

const PREFIX = 'io.modelcontextprotocol/'

function request(params: object, meta: object = {}): ModernRequest {
  const said = {
    [`${PREFIX}protocolVersion`]: '2026-07-28',
    [`${PREFIX}clientInfo`]: { name: 'one', version: '1' },
    [`${PREFIX}clientCapabilities`]: {},
    ...meta,
  }
  return new ModernRequest(
    Message.from({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, _meta: said } }),
  )
}

/** One that takes this number. */
function taking(number: string): Sender {
  const body = `{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"${PREFIX}protocolVersion":"2026-07-28","${PREFIX}clientCapabilities":{"x":${number}}}}}`
  return new ModernRequest(readBody([Buffer.from(body)]) as Message).sender
}

test('who asks and what is asked is read as it is written, whatever came before', () => {
  const text = fc.string({ unit: 'binary' })
  const client = fc.record({ name: text, version: text })
  const token = fc.option(fc.oneof(text, fc.integer()), { nil: undefined })
  fc.assert(
    fc.property(
      client,
      fc.jsonValue({ maxDepth: 2 }),
      token,
      text,
      (clientInfo, roots, progressToken, name) => {
        const meta = {
          [`${PREFIX}clientInfo`]: clientInfo,
          [`${PREFIX}clientCapabilities`]: { roots },
          progressToken,
        }
        const read = request({ name }, meta)
        const { clientName, clientVersion, capabilities } = read.sender
        const written = JSON.parse(JSON.stringify({ clientInfo, roots })) as unknown
        expect({
          clientInfo: { name: clientName, version: clientVersion },
          roots: capabilities['roots'],
        }).toEqual(written)
        expect(read.name).toBe(name)
        expect(read.params['name']).toBe(name)
      },
    ),
  )
})

test('a progress token makes nobody another; all else does', () => {
  const { sender } = request({}, { progressToken: 1 })
  expect(request({}, { progressToken: 22 }).sender).toBe(sender)
  expect(request({ name: 'x' }, { progressToken: '1' }).sender).toBe(sender)
  const traced = (digit: string) =>
    request({}, { traceparent: `00-${digit.repeat(32)}-${digit.repeat(16)}-01` }).sender
  expect(traced('2')).toBe(traced('1'))
  const named = (name: string) => request({}, { [`${PREFIX}clientInfo`]: { name, version: '1' } }).sender
  const alike = (digit: string) => named(`{"traceparent":"00-${digit.repeat(32)}-${digit.repeat(16)}-01"`)
  expect(alike('2').clientName).not.toBe(alike('1').clientName)
  const others = [
    request({}, { progressToken: 1, [`${PREFIX}clientInfo`]: { name: 'one', version: '2' } }),
    request({}, { progressToken: 1, [`${PREFIX}clientInfo`]: { name: 'two', version: '1' } }),
    request({}, { progressToken: 1, [`${PREFIX}clientCapabilities`]: { roots: {} } }),
  ].map((each) => each.sender.identity)
  expect(new Set([sender.identity, ...others]).size).toBe(4)
  const level = { progressToken: 1, [`${PREFIX}logLevel`]: 'debug' }
  expect(request({}, level).sender).toMatchObject({ logLevel: 'debug', identity: sender.identity })
})

test('a number that JavaScript cannot hold is kept among what a client takes, and makes it another', () => {
  expect(taking('9007199254740993').identity).toContain('9007199254740993')
  expect(taking('9007199254740993').identity).not.toBe(taking('9007199254740992').identity)
})

describe('what is missing is named', () => {
  test.each([
    ['protocolVersion', { [`${PREFIX}protocolVersion`]: 1 }],
    ['protocolVersion', { [`${PREFIX}protocolVersion`]: undefined }],
    ['clientCapabilities', { [`${PREFIX}clientCapabilities`]: [] }],
    ['clientCapabilities', { [`${PREFIX}clientCapabilities`]: undefined }],
  ])('%s', (name, meta) => {
    for (const _ of [1, 2])
      expect(() => request({}, meta)).toThrow(
        expect.objectContaining({ message: expect.stringContaining(name) }),
      )
  })
})
