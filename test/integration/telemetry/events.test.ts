// events: what a bridge says on the channels of node:diagnostics_channel, to whoever listens.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { CallEvent, ChildEvent, RefusedEvent, SessionEvent } from 'mcp-bridge'
import { eventually, fixture, send } from '@mcp-bridge/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { embedded, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'

nothingLeft()

/** What comes on one channel until the end of the test. */
function heard<E>(name: 'call' | 'session' | 'child' | 'refused'): E[] {
  const events: E[] = []
  const listen = (event: unknown) => void events.push(event as E)
  subscribe(`mcp-bridge:${name}`, listen)
  onTestFinished(() => void unsubscribe(`mcp-bridge:${name}`, listen))
  return events
}

test.each(['session', 'shared', 'pool'] as const)(
  'events.call: %s: each call is told when it is over, with who, what and how long',
  async (children) => {
    const calls = heard<CallEvent>('call')
    const bridge = await embedded({ command: fixture('echo'), children }, {})
    const client = await openStreamable(bridge, { protocolVersion: '2025-03-26' })
    expect(textOf(await client.call('echo', { text: 'hello' }))).toBe('hello')
    await client.call('no-such-tool')
    await client.call('big', { bytes: -1 })
    await client.request('resources/read', { uri: 'fixture://page' })
    await client.request('no/such/method')
    const told = calls.map(({ method, target, outcome, errorCode, isToolError }) => [
      ...[method, target, outcome, errorCode, isToolError],
    ])
    expect(told).toEqual([
      ['tools/call', 'echo', 'ok', undefined, false],
      ['tools/call', 'no-such-tool', 'error', -32602, false],
      ['tools/call', 'big', 'ok', undefined, true],
      ['resources/read', 'fixture://page', 'ok', undefined, false],
      ['no/such/method', undefined, 'ok', undefined, false],
    ])
    const [first] = calls
    expect(first).toMatchObject({
      principal: 'anonymous',
      sessionId: client.sessionId?.slice(0, 8),
      wire: 'streamable',
      revision: '2025-03-26',
      source: { tool: process.execPath },
    })
    expect(first?.childRevision).toMatch(/^\d{4}-\d\d-\d\d$/)
    expect(first?.durationMs).toBeGreaterThan(0)
    expect(first?.requestBytes).toBeGreaterThan(50)
    expect(first?.responseBytes).toBeGreaterThan(50)
    await bridge.close()
  },
)

test('events.call: what the bridge answers has its code, and what nobody waits for is dropped', async () => {
  const calls = heard<CallEvent>('call')
  const bridge = await embedded({ command: fixture('echo'), callTimeoutMs: 300 }, {})
  const [streamable, sse] = [await openStreamable(bridge), await openSse(bridge)]
  await streamable.call('sleep', { ms: 60_000 })
  const params = { name: 'sleep', arguments: { ms: 60_000 } }
  await sse.post({ jsonrpc: '2.0', id: 7, method: 'tools/call', params })
  await sse.cancel(7)
  await eventually(() => calls.length === 2, { what: 'both calls to be told' })
  expect(calls.map(({ wire, outcome, errorCode }) => [wire, outcome, errorCode])).toEqual([
    ['streamable', 'child_timeout', expect.any(Number)],
    ['sse', 'dropped', undefined],
  ])
  await bridge.close()
})

test('events.life: sessions, processes and refusals are told, each bridge by itself', async () => {
  const sessions = heard<SessionEvent>('session')
  const children = heard<ChildEvent>('child')
  const refused = heard<RefusedEvent>('refused')
  const [bridge, other] = [
    await embedded({ command: fixture('echo'), warm: 0 }, {}),
    await embedded({ command: fixture('echo'), warm: 0 }, {}),
  ]
  const client = await openStreamable(bridge)
  const pid = Number(textOf(await client.call('pid')))
  await client.del()
  await send({ port: other.port, path: '/nowhere' })
  await bridge.close()
  await other.close()
  expect(sessions.map(({ type, reason }) => [type, reason])).toEqual([
    ['opened', undefined],
    ['closed', 'ended by the client'],
  ])
  expect(children.filter((event) => event.pid === pid).map(({ type }) => type)).toEqual([
    'started',
    'stopped',
  ])
  expect(refused).toMatchObject([{ method: 'GET', path: '/nowhere', code: 'not_found' }])
  expect(refused[0]?.source).not.toBe(sessions[0]?.source)
  // The log is a subscriber: each bridge's own has what happened to it.
  expect(bridge.logs.map(({ msg }) => msg)).toContain('session opened')
  const others = other.logs.map(({ msg }) => msg)
  expect(others).not.toContain('session opened')
  expect(others).toContain('request refused')
})
