// What a client without a session finds again in its next request, by mode: docs/STATE.md.
import { eventually, fixture, isAlive, ModernClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeftAfterEach } from '../bridges.ts'
import { textOf } from '../clients.ts'

nothingLeftAfterEach()
const command = fixture('echo')
const pidOf = async (client: ModernClient): Promise<number> => Number(textOf(await client.call('pid')))

test('session: the same client finds its process again, and another has one of its own', async () => {
  const bridge = await embedded({ command }, {})
  const one = new ModernClient({ ...bridge, name: 'one' })
  const first = await pidOf(one)
  expect(await pidOf(one)).toBe(first)
  // A new connection and a new object: all that counts is what it says of itself.
  expect(await pidOf(new ModernClient({ ...bridge, name: 'one' }))).toBe(first)
  const others = [
    await pidOf(new ModernClient({ ...bridge, name: 'two' })),
    await pidOf(new ModernClient({ ...bridge, name: 'one', capabilities: { roots: {} } })),
  ]
  expect(new Set([first, ...others]).size).toBe(3)
})

test('session: two people have two processes, whatever their clients are called', async () => {
  const clients = { alice: { token: 'token-of-alice' }, bob: { token: 'token-of-bob' } }
  const bridge = await embedded({ command, clients }, {})
  const of = (name: string) =>
    new ModernClient({ ...bridge, headers: { authorization: `Bearer token-of-${name}` } })
  const alice = await pidOf(of('alice'))
  expect(await pidOf(of('bob'))).not.toBe(alice)
  expect(await pidOf(of('alice'))).toBe(alice)
})

test('features.header-env: a credential of its own has a process of its own', async () => {
  const bridge = await embedded({ command, headerEnv: ['x-key=KEY'] }, {})
  const of = (key: string) => new ModernClient({ ...bridge, headers: { 'x-key': key } })
  const keyOf = async (key: string) => textOf(await of(key).call('env', { name: 'KEY' }))
  expect([await keyOf('a'), await keyOf('b'), await keyOf('a')]).toEqual(['a', 'b', 'a'])
  expect(await pidOf(of('a'))).not.toBe(await pidOf(of('b')))
})

test('session: who has not come for --idle begins anew, and the process has ended', async () => {
  const bridge = await embedded({ command, idleMs: 300 }, {})
  const client = new ModernClient(bridge)
  const first = await pidOf(client)
  await eventually(() => !isAlive(first), { what: 'the end of the idle process' })
  expect(await pidOf(client)).not.toBe(first)
})

test('session: who listens is there', async () => {
  const bridge = await embedded({ command, idleMs: 300 }, {})
  const client = new ModernClient(bridge)
  const pid = await pidOf(client)
  const stream = await client.open('subscriptions/listen', { notifications: { toolsListChanged: true } })
  await eventually(() => stream.events.all.length === 1, { what: 'the acknowledgement' })
  const from = Date.now()
  await eventually(() => Date.now() - from > 1000, { what: 'more than three times that' })
  expect(await pidOf(client)).toBe(pid)
  stream.destroy()
})

test('session: nobody says goodbye, so whoever has not come for longest makes room', async () => {
  const bridge = await embedded({ command, maxChildren: 2, warm: 0 }, {})
  const of = (name: string) => new ModernClient({ ...bridge, name })
  const [one, two] = [await pidOf(of('one')), await pidOf(of('two'))]
  const three = await pidOf(of('three'))
  expect(await pidOf(of('two'))).toBe(two)
  expect(isAlive(one)).toBe(false)
  expect(isAlive(three)).toBe(true)
})

test('shared: all have one process, and pool: a request has one while it runs', async () => {
  const shared = await embedded({ command, children: 'shared' }, {})
  const pids = await Promise.all(['a', 'b', 'c'].map((name) => pidOf(new ModernClient({ ...shared, name }))))
  expect(new Set(pids).size).toBe(1)
  const pool = await embedded({ command, children: 'pool', maxChildren: 2 }, {})
  const slow = (name: string) =>
    new ModernClient({ ...pool, name }).request('tools/call', { name: 'echo', arguments: { text: name } })
  const processes = await Promise.all(['a', 'b', 'c', 'd'].map(slow))
  expect(new Set(processes.map(({ response }) => response.result._meta.pid)).size).toBeLessThanOrEqual(2)
})

test('features.sessions: one client more than --max-sessions is refused by name', async () => {
  const bridge = await embedded({ command, maxSessions: 1 }, {})
  const long = new ModernClient(bridge).call('sleep', { ms: 2000 })
  const other = new ModernClient({ ...bridge, name: 'other' })
  const refused = await eventually(
    async () => {
      const reply = await other.request('tools/list')
      return reply.status === 503 ? reply : undefined
    },
    { what: 'the refusal' },
  )
  expect(refused.response.error?.data.code).toBe('session_limit_reached')
  expect(textOf(await long)).toBe('slept')
})
