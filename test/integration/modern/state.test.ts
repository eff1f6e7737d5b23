// What a client without a session finds again in its next request, by mode: docs/STATE.md.
import { eventually, fixture, isAlive, ModernClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, embedded, nothingLeftAfterEach } from '../bridges.ts'
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

test('session: a credential of its own has a process of its own', async () => {
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

test('a crash in the middle of a call is its answer, and the next request has a new process', async () => {
  const client = new ModernClient(await embedded({ command }, {}))
  const first = await pidOf(client)
  const { status, response } = await client.request(
    'tools/call',
    { name: 'crash', arguments: { code: 3 } },
    { id: 'x' },
  )
  expect([status, response.id, response.error?.data.code]).toEqual([200, 'x', 'child_exited'])
  expect(await pidOf(client)).not.toBe(first)
})

test('filters and LiteLLM hold for it as for a session', async () => {
  const filtered = await embedded({ command, toolsDeny: ['echo'] }, {})
  const client = new ModernClient(filtered)
  const { response } = await client.request('tools/list')
  expect(response.result.tools.map(({ name }: { name: string }) => name)).not.toContain('echo')
  expect((await client.call('echo')).error?.code).toBe(-32602)
  const lenient = new ModernClient(await embedded({ command, compat: ['litellm'] }, {}))
  const crashed = await lenient.call('crash')
  expect(crashed.result).toMatchObject({ isError: true, resultType: 'complete' })
})

test('limits: calls, sessions and the length of a call are refused by name', async () => {
  const bridge = await embedded({ command, maxCalls: 1, callTimeoutMs: 400, maxSessions: 1 }, {})
  const client = new ModernClient(bridge)
  const long = client.call('sleep', { ms: 60_000 })
  await eventually(async () => (await client.call('pid')).error?.data.code === 'quota_exceeded', {
    what: 'the limit',
  })
  const other = new ModernClient({ ...bridge, name: 'other' })
  const refused = await other.request('tools/list')
  expect([refused.status, refused.response.error?.data.code]).toEqual([503, 'session_limit_reached'])
  expect((await long).error?.data.code).toBe('child_timeout')
})

test('the bridge drains: what is under way is answered, what comes then is refused', async () => {
  const bridge = await bridged(['--drain', '30s', '--', ...command])
  const client = new ModernClient(bridge)
  await client.call('pid')
  const long = client.call('sleep', { ms: 3000 })
  // The child reads in order: it has the first when it answers the second.
  await client.call('pid')
  const stopped = bridge.stop()
  await eventually(async () => (await client.call('pid')).error?.data.code === 'shutting_down', {
    what: 'the refusal',
  })
  expect(textOf(await long)).toBe('slept')
  expect(await stopped).toEqual({ code: 0, signal: null })
})
