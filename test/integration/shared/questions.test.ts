// questions: what a shared child asks or logs goes to the only client with a call in flight; whose that is, nobody guesses.
import { eventually, fixture } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { logsOf, openSse, openStreamable, textOf, WIRES, type Client } from '../clients.ts'
import { gated, type Gated } from '../gate.ts'

nothingLeft()

const SHARED = ['--children', 'shared']
const ABLE = { capabilities: { sampling: {}, elicitation: {}, roots: {} } }
const UNCLEAR = 'it cannot be told which client this request is for'

/** A client that says in each answer who it is. */
async function named(name: string, { bridge }: Gated, open: (typeof WIRES)[number][1]): Promise<Client> {
  const client = await open(bridge, ABLE)
  client.onRequest = ({ method }) => ({ name, method })
  return client
}

const asks = async (client: Client, method = 'sampling/createMessage') =>
  JSON.parse(textOf(await client.call('asks', { method })) ?? '')

test.each(WIRES)(
  'questions.kinds: %s: sampling, elicitation, roots and ping reach who calls',
  async (_, open) => {
    const it = await gated(SHARED)
    const [a, b] = [await named('a', it, open), await named('b', it, open)]
    for (const method of ['sampling/createMessage', 'elicitation/create', 'roots/list', 'ping']) {
      expect(await asks(a, method)).toEqual({ name: 'a', method })
      expect(await asks(b, method)).toEqual({ name: 'b', method })
    }
    expect([a, b].map(({ received }) => received.length)).toEqual([4, 4])
  },
)

test('questions.two: with calls of two in flight neither is asked, neither hears the log; a ping is answered', async () => {
  const it = await gated(SHARED)
  const [a, b] = [await named('a', it, openStreamable), await named('b', it, openSse)]
  const gate = it.gate('held')
  const held = b.call('held', { gate })
  await it.until('"held"')
  expect(await asks(a)).toMatchObject({ error: { message: UNCLEAR } })
  expect(await asks(a, 'ping')).toEqual({})
  const params = { level: 'info', data: 'whose?' }
  await a.call('notify', { method: 'notifications/message', params })
  it.open(gate)
  await held
  await b.call('notify', { method: 'notifications/message', params: { ...params, data: 'of b' } })
  await a.call('notify', { method: 'notifications/message', params: { ...params, data: 'of a' } })
  expect([logsOf(a), logsOf(b)]).toEqual([['of a'], ['of b']])
  expect(await asks(a)).toMatchObject({ name: 'a' })
  expect(b.received.filter((each) => 'id' in each)).toEqual([])
})

test('questions.own: several calls of one client are one owner', async () => {
  const it = await gated(SHARED)
  const a = await named('a', it, openStreamable)
  const gate = it.gate('held')
  const held = a.call('held', { gate })
  await it.until('"held"')
  expect(await asks(a)).toMatchObject({ name: 'a' })
  it.open(gate)
  await held
})

test.each([
  ['cancelled', async (b: Client) => b.cancel(7)],
  ['of one who has left', async (b: Client) => b.close()],
  ['timed out', async () => {}],
])('questions.withdrawn: a call that is %s counts until the child has answered it', async (how, withdraw) => {
  const it = await gated([...SHARED, ...(how === 'timed out' ? ['--call-timeout', '1s'] : [])])
  const [a, b] = [await named('a', it, openStreamable), await named('b', it, openSse)]
  const gate = it.gate('held')
  const held = b
    .call('held', { gate }, { id: 7, signal: AbortSignal.timeout(20_000) })
    .catch((error: unknown) => error)
  await it.until('"held"')
  await withdraw(b)
  await it.until('notifications/cancelled')
  if (how === 'timed out') expect(await held).toMatchObject({ error: { data: { code: 'child_timeout' } } })
  expect(await asks(a)).toMatchObject({ error: { message: UNCLEAR } })
  it.open(gate)
  await eventually(async () => (await asks(a)).name === 'a', { what: 'the late answer to end it' })
  expect(b.received).toEqual([])
  if (how === 'cancelled') b.close()
  await held
  expect(b.strays).toEqual([])
})

test('questions.late: what a cancelled call asks reaches neither its own client nor another', async () => {
  const it = await gated(SHARED)
  const [a, b] = [await named('a', it, openStreamable), await named('b', it, openSse)]
  const [gateA, gateB] = [it.gate('a'), it.gate('b')]
  const late = b.call('asks', { gate: gateB, method: 'roots/list' }, { id: 7 })
  late.catch(() => {})
  const held = a.call('held', { gate: gateA })
  await it.until(gateB)
  await it.until(gateA)
  await b.cancel(7)
  await it.until('notifications/cancelled')
  it.open(gateB)
  await it.until(UNCLEAR)
  it.open(gateA)
  await held
  expect(a.received).toEqual([])
  expect(b.received).toEqual([])
  b.close()
})

test('questions.nobody: what belongs to no call is refused, and no client hears of it', async () => {
  const it = await gated(SHARED)
  const a = await named('a', it, openSse)
  const params = { level: 'info', data: 'after the call' }
  const gate = it.gate('late')
  const left = await named('b', it, openSse)
  left.call('asks', { gate, method: 'roots/list' }).catch(() => {})
  await it.until(gate)
  left.close()
  await it.until('notifications/cancelled')
  it.open(gate)
  await it.until('"error"')
  expect(it.heard().find(({ error }) => error !== undefined)).toMatchObject({ error: { message: UNCLEAR } })
  await a.call('notify', { method: 'notifications/message', params })
  expect(a.received.filter((each) => 'id' in each)).toEqual([])
})

test('questions.refused: a client that takes no such question is not asked', async () => {
  const it = await gated(SHARED)
  const able = await openSse(it.bridge, { capabilities: { roots: {} } })
  able.onRequest = () => ({ roots: [] })
  expect(await asks(able, 'roots/list')).toEqual({ roots: [] })
  expect(await asks(able, 'elicitation/create')).toMatchObject({
    error: { message: 'this client does not take elicitation/create' },
  })
})

test('shared.questions: asked of the only client with a call in flight, else refused', async () => {
  const bridge = await bridged([...SHARED, '--', ...fixture('asks-client')])
  const capabilities = { sampling: {} }
  const [a, b] = [await openStreamable(bridge, { capabilities }), await openSse(bridge, { capabilities })]
  const unable = await openSse(bridge)
  for (const [client, name] of [
    [a, 'a'],
    [b, 'b'],
  ] as const)
    client.onRequest = () => ({ name })
  expect(textOf(await a.call('sample'))).toBe('{"name":"a"}')
  expect(textOf(await b.call('sample'))).toBe('{"name":"b"}')
  expect(textOf(await unable.call('sample'))).toContain('does not take sampling/createMessage')

  const sleeping = b.call('sleep', { ms: 1500 })
  await eventually(async () => textOf(await a.call('sample'))?.includes('which client') === true, {
    what: 'a question that could be of two',
  })
  await sleeping
  expect(textOf(await a.call('sample'))).toBe('{"name":"a"}')
})
