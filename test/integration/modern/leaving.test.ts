// Whoever leaves, asks too much or is never answered: everything is given back, and nobody else notices.
import { eventually, fixture, isAlive, ModernClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeftAfterEach } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()

test('one that listens takes no log messages from those who call', async () => {
  const bridge = await embedded({ command: fixture('speaks-modern', 'only') }, {})
  const listener = new ModernClient({ ...bridge, headers: { authorization: 'Bearer none' } })
  const stream = await listener.open('subscriptions/listen', { notifications: { toolsListChanged: true } })
  await eventually(() => stream.events.all.length === 1, { what: 'the acknowledgement' })
  const sessions = [await openStreamable(bridge), await openStreamable(bridge)]
  for (const session of sessions) {
    await session.call('test_tool_with_logging')
    expect(session.received.filter((each: any) => each.method === 'notifications/message')).toHaveLength(3)
  }
  stream.destroy()
  for (const session of sessions) session.close()
})

test('a process of one environment ends when nobody of it has come for --idle', async () => {
  const bridge = await embedded(
    { command: fixture('speaks-modern', 'only'), headerEnv: ['x-key=KEY'], idleMs: 300, era: 'modern' },
    {},
  )
  const pid = Number(textOf(await new ModernClient({ ...bridge, headers: { 'x-key': 'a' } }).call('pid')))
  await eventually(() => !bridge.childPids.some(isAlive), { what: 'the end of all of them' })
  expect(isAlive(pid)).toBe(false)
})

test('a process that has only been asked what it is makes room', async () => {
  const bridge = await embedded(
    { command: fixture('speaks-modern', 'dual'), maxChildren: 1, idleMs: 300 },
    {},
  )
  await new ModernClient(bridge).request('server/discover')
  const open = () => openStreamable(bridge).catch(() => undefined)
  const session = await eventually(open, { what: 'a session' })
  expect(textOf(await session.call('echo', { text: 'here' }))).toBe('here')
  session.close()
})

test('a subscription that the tool refuses leaves the others', async () => {
  const session = await openStreamable(await embedded({ command: fixture('speaks-modern', 'only') }, {}))
  await session.listen()
  const subscribe = (uri: string) => session.request('resources/subscribe', { uri })
  expect((await subscribe('test://static-text')).result).toEqual({})
  expect((await subscribe('test://refused')).error).toBeDefined()
  await session.call('resourceUpdated', { uri: 'test://static-text' })
  await eventually(
    () => session.received.some((each: any) => each.method === 'notifications/resources/updated'),
    { what: 'the update' },
  )
  expect((await subscribe('test://static-binary')).result).toEqual({})
  session.close()
})
