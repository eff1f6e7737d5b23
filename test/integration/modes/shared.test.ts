// shared: one process for everybody; what one client does reaches no other but where it must.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, fixture, StreamableClient, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft, openSse, openStreamable, textOf, WIRES, type Client } from '../wires/wire.ts'

nothingLeft()

const SHARED = ['--children', 'shared']
const odd = () => bridged([...SHARED, '--', ...fixture('odd-tools')])
const asks = () => bridged([...SHARED, '--', ...fixture('asks-client')])

/** The log messages this client has got. */
function heard({ received }: Client): unknown[] {
  return received.flatMap((it) =>
    'method' in it && it.method === 'notifications/message' ? [it.params?.data] : [],
  )
}

async function who(client: Client): Promise<string | undefined> {
  return textOf(await client.call('env', { name: 'WHO' }))
}

async function stateOf(client: Client): Promise<{ level: string; levelsSet: number; subscribed: object }> {
  return JSON.parse(textOf(await client.call('state')) ?? '')
}

test('shared.initialize: answered from cache, in the revision of the client, without tasks', async () => {
  const bridge = await odd()
  for (const [, open] of WIRES) {
    for (const protocolVersion of ['2024-11-05', '2025-06-18', '2025-11-25'])
      expect((await open(bridge, { protocolVersion })).protocolVersion).toBe(protocolVersion)
  }
  const client = new StreamableClient(bridge)
  const { result } = await client.initialize({ protocolVersion: '2099-01-01' })
  expect(result).toEqual({
    protocolVersion: '2025-11-25',
    capabilities: {
      tools: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      logging: {},
    },
    serverInfo: { name: 'odd-tools', version: '1.0.0' },
    instructions: 'handle with care',
  })
  expect((await client.request('tasks/list')).error?.data.code).toBe('method_not_offered')
  const task = await client.request('tools/call', { name: 'echo', task: { ttl: 1000 } })
  expect(task.error?.data.code).toBe('method_not_offered')
  expect(bridge.childPids).toHaveLength(1)
})

test('shared.process: 1,000 sessions of initialize, call, DELETE: one process throughout', async () => {
  const bridge = await asks()
  const pids = new Set<string | undefined>()
  let left = 1000
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      const client = await openStreamable(bridge)
      pids.add(textOf(await client.call('pid')))
      await client.del()
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  expect(pids.size).toBe(1)
  expect(bridge.childPids).toHaveLength(1)
})

test('shared.ids: equal ids and tokens of two clients find their way', async () => {
  const bridge = await asks()
  const clients = [await openStreamable(bridge), await openSse(bridge)]
  const answers = await Promise.all(
    clients.flatMap((client, who) =>
      [11, '11', 12].map(async (id) => {
        const seen: number[] = []
        const onMessage = ({ params }: any): void => {
          if (params?.progressToken === id) seen.push(params.progress)
        }
        const steps = 2 + who
        const answer = await client.call(
          'progress',
          { steps, delayMs: 5 },
          { id, progressToken: id, onMessage },
        )
        return [answer.id, seen, steps]
      }),
    ),
  )
  expect(answers.map(([id]) => id)).toEqual([11, '11', 12, 11, '11', 12])
  for (const [, seen, steps] of answers) expect(seen).toEqual([1, 2, 3].slice(0, steps as number))
})

test('shared.list_changed reaches every session; a resource update its subscribers only', async () => {
  const bridge = await odd()
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
  const bridge = await odd()
  const [curious, quiet] = [await openStreamable(bridge), await openSse(bridge)]
  await quiet.request('logging/setLevel', { level: 'error' })
  await curious.request('logging/setLevel', { level: 'debug' })
  await quiet.request('logging/setLevel', { level: 'warning' })
  expect((await stateOf(curious)).level).toBe('debug')
  for (const level of ['info', 'error']) {
    await curious.call('log', { level, text: `curious ${level}` })
    await quiet.call('log', { level, text: `quiet ${level}` })
  }
  expect(heard(curious)).toEqual(['curious info', 'curious error'])
  expect(heard(quiet)).toEqual(['quiet error'])
  await curious.del()
  await eventually(async () => (await stateOf(quiet)).level === 'warning', {
    what: 'the level of who is left',
  })
})

test('shared.questions: asked of the only client with a call in flight, else refused', async () => {
  const bridge = await asks()
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

test('shared.cancelled: a cancelled call counts as in flight until the child has answered it', async () => {
  const bridge = await asks()
  const [a, b] = [await openStreamable(bridge, { capabilities: { sampling: {} } }), await openSse(bridge)]
  a.onRequest = () => ({ name: 'a' })
  const sleeping = b.call('sleep', { ms: 60_000 }, { id: 77, signal: AbortSignal.timeout(5000) })
  await eventually(async () => textOf(await a.call('sample'))?.includes('which client') === true, {
    what: 'the call of the other to be under way',
  })
  await b.cancel(77)
  await expect(sleeping).rejects.toThrow(/abort|timeout/i)
  // The child obeys, and so never answers: it may still ask something for the other.
  expect(textOf(await a.call('sample'))).toContain('which client')
})

test('shared.crash: calls in flight are answered, sessions live on with what they had asked for', async () => {
  const bridge = await odd()
  const [a, b] = [await openStreamable(bridge), await openSse(bridge)]
  const uri = 'fixture://page'
  await b.request('resources/subscribe', { uri })
  await b.request('logging/setLevel', { level: 'notice' })
  const sleeping = a.call('sleep', { ms: 60_000 })
  const crashed = await b.call('crash', { code: 3 })
  expect(crashed.error).toMatchObject({ data: { code: 'child_exited', exitCode: 3 } })
  expect((await sleeping).error?.data.code).toBe('child_exited')
  expect(textOf(await a.call('echo', { text: 'still here' }))).toBe('still here')
  await eventually(
    async () => {
      expect(await stateOf(b)).toMatchObject({ level: 'notice', subscribed: { [uri]: 1 } })
      return true
    },
    { what: 'level and subscription to be set again' },
  )
  await a.call('resourceUpdated', { uri })
  await b.until('notifications/resources/updated')
  expect(bridge.childPids).toHaveLength(2)
})

test('shared.stalled: a client that takes nothing is cut; nobody else waits for it', async () => {
  const bridge = await bridged([...SHARED, '--max-buffer', '64KiB', '--', ...fixture('floods-stdout')])
  const [stalled, other] = [await openSse(bridge), await openStreamable(bridge)]
  stalled.stream?.pause()
  const flood = stalled.call('flood', { megabytes: 40 }, { signal: AbortSignal.timeout(30_000) })
  flood.catch(() => {})
  await bridge.until(({ msg }) => msg.startsWith('full stream closed'))
  expect(textOf(await other.call('echo', { text: 'fast' }))).toBe('fast')
  stalled.close()
})

test('shared.environment: who brings an environment of its own has a child of its own', async () => {
  const config = join(tempDir(), 'bridge.yaml')
  writeFileSync(
    config,
    'clients:\n  ann: { token: token-of-ann, env: { WHO: ann } }\n  bob: { token: token-of-bob, env: { WHO: bob } }\n',
  )
  const bridge = await bridged([...SHARED, '--config', config, '--', ...fixture('echo')])
  const open = (token: string) => openStreamable(bridge, { headers: { authorization: `Bearer ${token}` } })
  const [ann, bob, again] = [
    await open('token-of-ann'),
    await open('token-of-bob'),
    await open('token-of-ann'),
  ]
  expect([await who(ann), await who(bob), await who(again)]).toEqual(['ann', 'bob', 'ann'])
  expect(textOf(await again.call('pid'))).toBe(textOf(await ann.call('pid')))
})

test('shared.lock: a tool that cannot run twice serves everybody', async () => {
  const lock = join(tempDir(), 'lock')
  const bridge = await bridged([...SHARED, '--warm', '0', '--', ...fixture('refuses-second', lock)])
  const clients = [await openStreamable(bridge), await openSse(bridge)]
  for (const client of clients) expect(textOf(await client.call('echo', { text: 'one' }))).toBe('one')
})

test.each(WIRES)('shared.large: %s: one result larger than the budget passes', async (_, open) => {
  const bridge = await asks()
  const client = await open(bridge)
  const bytes = 20_000_000
  expect(textOf(await client.call('big', { bytes }))?.length).toBe(bytes)
  expect(textOf(await client.call('echo', { text: 'and on' }))).toBe('and on')
})
