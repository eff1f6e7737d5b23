// Whoever leaves, asks too much or is never answered: everything is given back, and nobody else notices.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, fixture, isAlive, ModernClient, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeftAfterEach } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()
const ALL = { sampling: {}, elicitation: {}, roots: {} }
const MIB = 1024 * 1024

test('who leaves while its process is being started leaves nothing behind', async () => {
  const bridge = await embedded({ command: fixture('slow-start', '500'), warm: 0, idleMs: 1500 }, {})
  await new ModernClient(bridge).call('pid')
  for (const [method, params] of [
    ['subscriptions/listen', { notifications: { resourceSubscriptions: ['fixture://page'] } }],
    ['tools/call', { name: 'sleep', arguments: { ms: 60_000 } }],
  ] as const) {
    const before = bridge.childPids.length
    const leave = new AbortController()
    const gone = new ModernClient({ ...bridge, name: method }).open(method, params, { signal: leave.signal })
    await eventually(() => bridge.childPids.length > before, { what: 'the start of its process' })
    leave.abort()
    await expect(gone).rejects.toThrow('aborted')
  }
  await eventually(() => !bridge.childPids.some(isAlive), { what: 'the end of all processes' })
})

test('who leaves before the tool is up is not served', async () => {
  const bridge = await embedded({ command: fixture('slow-start', '1500'), warm: 0 }, { discoverMs: 200 })
  const leave = new AbortController()
  const gone = new ModernClient(bridge).open('tools/call', { name: 'pid' }, { signal: leave.signal })
  // Who asks later is answered by then.
  await new ModernClient(bridge).request('server/discover')
  leave.abort()
  await expect(gone).rejects.toThrow('aborted')
  await new ModernClient({ ...bridge, name: 'other' }).call('pid')
  // One said what the tool is, one was asked which revision it speaks, and the other client has the third.
  expect(bridge.childPids).toHaveLength(3)
})

test('what waits for the tool to be up counts as memory', async () => {
  const isUp = join(tempDir(), 'up')
  const config = { command: fixture('slow-start', isUp), maxMemoryBytes: 64 * MIB }
  const bridge = await embedded(config, {})
  const client = new ModernClient(bridge)
  const large = async () =>
    (await client.call('echo', { text: 'x'.repeat(12 * MIB) })).error?.data.code as unknown
  const sent = Array.from({ length: 8 }, large)
  expect(await Promise.race(sent)).toBe('memory_limit_reached')
  writeFileSync(isUp, '')
  await Promise.all(sent)
  // Given back, whoever of them was refused and whoever was served.
  await eventually(async () => (await large()) === undefined, { what: 'a call as large as those' })
})

test('what is listened to counts as memory', async () => {
  const client = new ModernClient(await embedded({ command: fixture('echo'), maxMemoryBytes: 16 * MIB }, {}))
  await client.call('pid')
  const resourceSubscriptions = Array.from({ length: 1000 }, (_, i) => `fixture://${i}/${'x'.repeat(6000)}`)
  const wishes = { notifications: { resourceSubscriptions } }
  const streams = [
    await client.open('subscriptions/listen', wishes),
    await client.open('subscriptions/listen', wishes),
  ]
  const { response } = await client.request('subscriptions/listen', wishes)
  expect(response.error?.data.code).toBe('memory_limit_reached')
  for (const stream of streams) stream.destroy()
})

test('a tool that has asked is answered, also when its call is over', async () => {
  const bridge = await embedded({ command: fixture('asks-client') }, {})
  const client = new ModernClient({ ...bridge, capabilities: ALL })
  expect(textOf(await client.call('askAndGo'))).toBe('gone')
  await bridge.until((line) => String(line['line']).includes('askAndGo: {"error"'))
})

test('a question that cannot be read is refused, and nobody else notices', async () => {
  const client = new ModernClient({
    ...(await embedded({ command: fixture('asks-client') }, {})),
    capabilities: ALL,
  })
  expect(textOf(await client.call('askDeep'))).toContain('could not be read')
})

test('a result is passed on however deep it is nested', async () => {
  const client = new ModernClient(await embedded({ command: fixture('asks-client') }, {}))
  const { result } = await client.call('deep')
  expect(result.resultType).toBe('complete')
  let depth = 0
  for (let at = result.structuredContent; Array.isArray(at); at = at[0]) depth++
  expect(depth).toBe(3900)
})

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
