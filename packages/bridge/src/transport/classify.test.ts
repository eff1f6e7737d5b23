import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/sdk/types.js'
import { expect, test } from 'vitest'
import { Message } from '../rpc/message.ts'
import { LEGACY_REVISIONS } from '../rpc/revisions.ts'
import { accepts, classify, isRevisionAccepted } from './classify.ts'

const initialize = Message.from({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} })
const ping = Message.from({ jsonrpc: '2.0', id: 2, method: 'ping' })
const initialized = Message.from({ jsonrpc: '2.0', method: 'notifications/initialized' })

const isAlive = (id: string) => id === 'alive'

test('every revision the official SDK negotiates with initialize is one of ours', () => {
  const stable = SUPPORTED_PROTOCOL_VERSIONS.filter((revision) => revision >= LEGACY_REVISIONS[0])
  expect([...LEGACY_REVISIONS]).toEqual(expect.arrayContaining(stable))
})

test('the body decides, the header only says which session', () => {
  expect(classify(initialize, undefined, isAlive)).toMatchObject({ action: 'open' })
  expect(classify(initialize, 'dead', isAlive)).toMatchObject({ action: 'open' })
  expect(classify(initialize, 'alive', isAlive)).toMatchObject({ action: 'exchange', awaited: 1 })
  expect(classify(ping, 'alive', isAlive)).toMatchObject({ action: 'exchange', awaited: 1, isBatch: false })
  expect(classify(initialized, 'alive', isAlive)).toMatchObject({ action: 'accept' })
  expect(classify([ping, initialized, ping], 'alive', isAlive)).toMatchObject({ awaited: 2, isBatch: true })
  expect(() => classify(ping, undefined, isAlive)).toThrow('Mcp-Session-Id')
  expect(() => classify([initialize, ping], undefined, isAlive)).toThrow('batch')
})

test('a revision is accepted when it is known, negotiated, absent or repeated', () => {
  expect(isRevisionAccepted(undefined, '2025-11-25')).toBe(true)
  expect(isRevisionAccepted('2025-06-18', '2025-11-25')).toBe(true)
  expect(isRevisionAccepted('2025-11-25, 2025-11-25', '2025-11-25')).toBe(true)
  expect(isRevisionAccepted('2099-01-01', '2099-01-01')).toBe(true)
  expect(isRevisionAccepted('2099-01-01', '2025-11-25')).toBe(false)
})

test('Accept: what is not understood asks for nothing', () => {
  const both = { json: true, events: true }
  expect(accepts(undefined)).toEqual(both)
  expect(accepts('*/*')).toEqual(both)
  expect(accepts('text/html')).toEqual(both)
  expect(accepts('Application/JSON, text/event-stream')).toEqual(both)
  expect(accepts('application/json')).toEqual({ json: true, events: false })
  expect(accepts('text/event-stream')).toEqual({ json: false, events: true })
})
