// subscriptions: what clients of one child ask to hear of, counted per resource, and their log levels, in whatever order they come, change their minds and go.
import { eventually, fixture } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { logsOf, openSse, openStreamable, stateOf, type Client } from '../clients.ts'
import { gated, type Gated } from '../gate.ts'

nothingLeft()

const subscribe = (client: Client, uri: string) => client.request('resources/subscribe', { uri })
const unsubscribe = (client: Client, uri: string) => client.request('resources/unsubscribe', { uri })

/** The child's view: `+` for each subscription it was asked for, `-` for each it was asked to end. */
function told({ heard }: Gated, uri: string): string {
  return heard()
    .flatMap(({ method, params }) => (params?.uri === uri ? [method] : []))
    .map((method) => (method === 'resources/subscribe' ? '+' : method === 'resources/unsubscribe' ? '-' : ''))
    .join('')
}

async function update(by: Client, uri: string): Promise<void> {
  await by.call('notify', { method: 'notifications/resources/updated', params: { uri } })
}

const updatesOf = ({ received }: Client) =>
  received.flatMap((each) => ('method' in each && each.method.endsWith('updated') ? [each.params.uri] : []))

const open = async () => {
  const it = await gated(['--children', 'shared'])
  const clients = [
    await openSse(it.bridge),
    await openSse(it.bridge),
    await openStreamable(it.bridge),
  ] as const
  return { it, a: clients[0], b: clients[1], c: clients[2] }
}

test('subscriptions.counted: the child hears of the first and of the last; updates go to subscribers', async () => {
  const { it, a, b, c } = await open()
  for (const each of [a, a, b]) expect((await subscribe(each, 'u')).result).toEqual({})
  expect(told(it, 'u')).toBe('+')
  await update(c, 'u')
  await update(c, 'other')
  await Promise.all([a, b].map((each) => each.until('notifications/resources/updated')))
  expect((await unsubscribe(a, 'u')).result).toEqual({})
  expect((await unsubscribe(c, 'u')).result).toEqual({})
  expect(told(it, 'u')).toBe('+')
  await update(c, 'u')
  await eventually(() => updatesOf(b).length === 2, { what: 'the update for who is left' })
  expect([updatesOf(a), updatesOf(b), updatesOf(c)]).toEqual([['u'], ['u', 'u'], []])
  expect((await unsubscribe(b, 'u')).result).toEqual({})
  expect(told(it, 'u')).toBe('+-')
  await update(c, 'u')
  // On the same stream, behind an update that should not be.
  await b.request('ping')
  expect(updatesOf(b)).toHaveLength(2)
})

test('subscriptions.gone: the last subscriber that goes takes its subscription along', async () => {
  const { it, a, b, c } = await open()
  for (const each of [a, b, c]) await subscribe(each, 'u')
  a.close()
  await c.del()
  await it.bridge.until(({ msg, reason }) => msg === 'session closed' && reason === 'the client has gone')
  await b.call('held')
  expect(told(it, 'u')).toBe('+')
  b.close()
  await eventually(() => told(it, 'u') === '+-', { what: 'the end of the subscription' })
})

test('subscriptions.early: who unsubscribes while another is not answered yet does not unsubscribe that one', async () => {
  const { it, a, b, c } = await open()
  const gate = it.gate('slow')
  const pending = [subscribe(a, gate), subscribe(b, gate)]
  await eventually(() => told(it, gate) === '++', { what: 'both to be under way' })
  expect((await unsubscribe(c, gate)).result).toEqual({})
  const first = unsubscribe(a, gate)
  it.open(gate)
  for (const answer of await Promise.all([...pending, first])) expect(answer.result).toEqual({})
  expect(told(it, gate)).toBe('++')
  await update(c, gate)
  await b.until('notifications/resources/updated')
  expect(updatesOf(a)).toEqual([])
})

test('subscriptions.unanswered: who goes before the answer has come leaves no subscription behind', async () => {
  const { it, a, b } = await open()
  const gate = it.gate('slow')
  subscribe(a, gate).catch(() => {})
  await it.until(gate)
  a.close()
  await eventually(() => told(it, gate) === '+-', { what: 'the end of the subscription' })
  it.open(gate)
  // Granted at last, to nobody: whoever comes then is a first again.
  expect((await subscribe(b, gate)).result).toEqual({})
  expect(told(it, gate)).toBe('+-+')
})

test('subscriptions.refused: what the child refuses is refused, each time, and counts for nothing', async () => {
  const { it, a, b, c } = await open()
  for (const each of [a, b]) expect((await subscribe(each, 'nosuch')).error?.code).toBe(-32002)
  await update(c, 'nosuch')
  a.close()
  await it.bridge.until(({ msg, reason }) => msg === 'session closed' && reason === 'the client has gone')
  await b.call('held')
  expect(told(it, 'nosuch')).toBe('++')
  expect(updatesOf(b)).toEqual([])
})

test('shared.list_changed reaches every session; a resource update its subscribers only', async () => {
  const bridge = await bridged(['--children', 'shared', '--', ...fixture('odd-tools')])
  const [a, b, c] = [await openStreamable(bridge), await openSse(bridge), await openSse(bridge)]
  await a.listen()
  await c.call('listChanged')
  await Promise.all([a, b, c].map((each) => each.until('notifications/tools/list_changed')))

  const uri = 'fixture://page'
  for (const each of [a, b]) expect((await each.request('resources/subscribe', { uri })).result).toEqual({})
  expect((await stateOf(c)).subscribed).toEqual({ [uri]: 1 })
  await c.call('resourceUpdated', { uri })
  await Promise.all([a, b].map((each) => each.until('notifications/resources/updated')))
  expect(c.received.filter((it) => 'method' in it && it.method.endsWith('updated'))).toEqual([])

  expect((await a.request('resources/unsubscribe', { uri })).result).toEqual({})
  expect((await stateOf(c)).subscribed).toEqual({ [uri]: 1 })
  b.close()
  await eventually(async () => Object.keys((await stateOf(c)).subscribed).length === 0, {
    what: 'the last subscriber to be unsubscribed when it goes',
  })
})

test('shared.logging: the child talks as much as the most curious wants; each hears what it asked for', async () => {
  const bridge = await bridged(['--children', 'shared', '--', ...fixture('odd-tools')])
  const [curious, quiet] = [await openStreamable(bridge), await openSse(bridge)]
  await quiet.request('logging/setLevel', { level: 'error' })
  await curious.request('logging/setLevel', { level: 'debug' })
  await quiet.request('logging/setLevel', { level: 'warning' })
  expect((await stateOf(curious)).level).toBe('debug')
  for (const level of ['info', 'error']) {
    await curious.call('log', { level, text: `curious ${level}` })
    await quiet.call('log', { level, text: `quiet ${level}` })
  }
  expect(logsOf(curious)).toEqual(['curious info', 'curious error'])
  expect(logsOf(quiet)).toEqual(['quiet error'])
  await curious.del()
  await eventually(async () => (await stateOf(quiet)).level === 'warning', {
    what: 'the level of who is left',
  })
})
