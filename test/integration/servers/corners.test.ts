// corners: a silent tool, tools that rest, headers, compat, letter case and long streams: each is the matter of one entry alone.
import {
  eventually,
  fixture,
  isAlive,
  ModernClient,
  openDescriptors,
  send,
  SseClient,
  StreamableClient,
  type EventStream,
  type RpcResponse,
} from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeft } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeft()

const command = fixture('echo')
const asks = fixture('asks-client')
const capabilities = { elicitation: {} }
const at = (name: string) => ({ path: `/${name}/mcp` })
const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const START_MS = 5000
/** Longer than any of this takes: what ends before does so of itself. */
const DRAIN = { drainMs: '60s' }
const ping = { jsonrpc: '2.0', id: 'x', method: 'ping' }

/** A call that goes on until it is ended. */
async function held(client: StreamableClient): Promise<{ call: Promise<RpcResponse>; end(): void }> {
  const asked = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<object>()
  client.onRequest = () => {
    asked.resolve()
    return answered.promise
  }
  const call = client.call('elicit')
  await asked.promise
  return { call, end: () => answered.resolve({ action: 'decline' }) }
}

test.concurrent('corners.silent: twelve who wait for a tool that says nothing are told so in time, and hold nobody up', async () => {
  const bridge = await embedded({
    startTimeoutMs: START_MS,
    servers: { silent: { command: fixture('ignores-initialize') }, well: { command } },
  })
  const { port } = bridge
  const well = await openStreamable(bridge, at('well'))
  const from = performance.now()
  const codes = Array.from({ length: 12 }, async (_, i) => {
    if (i % 3 === 0) {
      const { response } = await new ModernClient({ port, ...at('silent') }).request('tools/list')
      return response.error?.data.code
    }
    const sse = new SseClient({ port, path: '/silent/sse' })
    const client = i % 3 === 1 ? new StreamableClient({ port, ...at('silent') }) : sse
    if (client === sse) await sse.connect()
    const said = await client.initialize()
    client.close()
    return said.error?.data.code
  })
  const took: number[] = []
  while (performance.now() - from < START_MS) {
    const before = performance.now()
    expect(textOf(await well.call('echo', { text: 'here' }))).toBe('here')
    const other = await openStreamable(bridge, at('well'))
    await other.del()
    other.close()
    took.push(performance.now() - before)
  }
  expect(new Set(await Promise.all(codes))).toEqual(new Set(['child_timeout']))
  expect(performance.now() - from).toBeLessThan(START_MS + 20_000)
  // Each of these had a process started for it.
  expect(Math.min(...took)).toBeLessThan(START_MS)
})

test.concurrent('corners.modern-idle: a tool of 2026-07-28 that rests comes back for clients of either kind', async () => {
  const bridge = await embedded({
    idleMs: '2s',
    servers: { m: { command: fixture('speaks-modern', 'only') }, kept: { command, idleMs: '1h' } },
  })
  const kept = textOf(await (await openStreamable(bridge, at('kept'))).call('pid'))
  for (const kind of ['modern', 'legacy', 'modern']) {
    const legacy = kind === 'legacy' ? await openStreamable(bridge, at('m')) : undefined
    const pid = Number(textOf(await (legacy ?? new ModernClient({ ...bridge, ...at('m') })).call('pid')))
    expect(bridge.childPids).toContain(pid)
    await legacy?.del()
    legacy?.close()
    await eventually(() => !isAlive(pid), { what: 'the end of its process' })
  }
  const others = () => bridge.childPids.filter((pid) => isAlive(pid) && String(pid) !== kept)
  // The other keeps one warm.
  await eventually(() => others().length <= 1, { what: 'the end of all its processes' })
})

test.concurrent('corners.withdrawn: whose token is withdrawn does not stay with a server that is being replaced', async () => {
  const clients = { ann: { token: 'of-ann' }, bob: { token: 'of-bob' } }
  const bridge = await embedded({ ...DRAIN, servers: { a: { command: asks } }, clients })
  const [ann, bob] = await Promise.all([
    openStreamable(bridge, { ...at('a'), ...as('of-ann'), capabilities }),
    openStreamable(bridge, { ...at('a'), ...as('of-bob') }),
  ])
  const anns = await held(ann)
  const bobs = bob.call('sleep', { ms: 600_000 })
  const client = new ModernClient({ ...bridge, ...at('a'), ...as('of-bob') })
  await client.call('pid')
  const modern = client.call('sleep', { ms: 600_000 })
  // All are with the tool.
  await Promise.all([bob, client].map((each) => each.call('pid')))
  const next = { ...DRAIN, servers: { a: { command, env: { WHO: 'new' } } } }
  bridge.reload({ ...next, clients })
  expect(textOf(await bob.call('echo', { text: 'yet' }))).toBe('yet')
  bridge.reload({ ...next, clients: { ann: clients.ann } })
  expect((await bob.post(ping)).status).toBe(401)
  for (const call of [bobs, modern]) expect((await call).error?.message).toContain('its token was withdrawn')
  anns.end()
  expect(textOf(await anns.call)).toContain('decline')
})

test.concurrent('corners.headers: a header that one entry takes reaches the processes of no other', async () => {
  const bridge = await embedded({
    servers: {
      a: { command, headerEnv: 'X-A-Key=KEY' },
      b: { command, headerEnv: 'X-B-Key=KEY', children: 'shared' },
      none: { command },
      m: { command, headerEnv: 'X-A-Key=OTHER', children: 'pool' },
    },
  })
  const headers = { 'x-a-key': 'of-a', 'x-b-key': 'of-b' }
  const seen = async (name: string) => {
    const client = await openStreamable(bridge, { ...at(name), headers })
    const modern = new ModernClient({ ...bridge, ...at(name), headers })
    const read = async (variable: string) => {
      const both = [
        await client.call('env', { name: variable }),
        await modern.call('env', { name: variable }),
      ]
      const [one, other] = both.map(textOf)
      expect(one).toBe(other)
      return one
    }
    const said = [await read('KEY'), await read('OTHER')]
    client.close()
    return said
  }
  expect(await seen('a')).toEqual(['of-a', undefined])
  expect(await seen('b')).toEqual(['of-b', undefined])
  expect(await seen('none')).toEqual([undefined, undefined])
  expect(await seen('m')).toEqual([undefined, 'of-a'])
  // What another entry takes is no part of who somebody is here.
  const client = await openStreamable(bridge, { ...at('a'), headers })
  expect((await client.post(ping, { 'x-b-key': 'another' })).status).toBe(200)
  expect((await client.post(ping, { 'x-a-key': 'another' })).status).toBe(403)
})

test.concurrent('corners.compat: what is done for LiteLLM at one entry is not done at another', async () => {
  const servers = { lite: { command, compat: 'litellm' }, plain: { command } }
  const bridge = await embedded({ servers })
  const crash = async (name: string) => {
    const client = await openStreamable(bridge, at(name))
    const { result, error } = await client.call('crash')
    client.close()
    return [result?.isError, error?.data.code]
  }
  expect(await crash('lite')).toEqual([true, undefined])
  expect(await crash('plain')).toEqual([undefined, 'child_exited'])
  const broken = (name: string) =>
    send({
      port: bridge.port,
      method: 'POST',
      ...at(name),
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: '{"jsonrpc":"2.0","id":1,"method":"initialize","params":',
    })
  const statuses = [(await broken('lite')).status, (await broken('plain')).status]
  // It may change while it runs.
  bridge.reload({ servers: { lite: { command }, plain: { command, compat: 'litellm' } } })
  expect([(await broken('plain')).status, (await broken('lite')).status]).toEqual(statuses)
  expect(await crash('lite')).toEqual([undefined, 'child_exited'])
  expect(await crash('plain')).toEqual([true, undefined])
})

test.concurrent.each([true, false])(
  'corners.case: renamed in letter case only, cors %s: the new one is there at once',
  async (cors) => {
    const origin = 'https://page.example'
    const headers = { origin }
    const options = { ...DRAIN, cors, allowOrigin: origin }
    const bridge = await embedded({ ...options, servers: { git: { command: asks } } })
    const old = await openStreamable(bridge, { ...at('git'), headers, capabilities })
    const { call, end } = await held(old)
    const pid = textOf(await old.call('pid'))
    bridge.reload({ ...options, servers: { GIT: { command, env: { WHO: 'GIT' } } } })
    const fresh = await openStreamable(bridge, { ...at('GIT'), headers })
    expect(textOf(await fresh.call('env', { name: 'WHO' }))).toBe('GIT')
    // The one before has its calls to finish, at the path it had.
    expect(textOf(await old.call('pid'))).toBe(pid)
    end()
    expect(textOf(await call)).toContain('decline')
    await eventually(async () => (await old.post(ping)).status === 404, { what: 'the end of the one before' })
    expect(textOf(await fresh.call('env', { name: 'WHO' }))).toBe('GIT')
    bridge.reload({ ...options, servers: { GIT: { command }, git: { command } } })
    expect(
      textOf(await (await openStreamable(bridge, { ...at('GIT'), headers })).call('echo', { text: '1' })),
    ).toBe('1')
    expect(bridge.logs).toContainEqual(
      expect.objectContaining({ server: 'git', reason: 'GIT has the same path' }),
    )
  },
)

test.concurrent('corners.listen: a stream outlasts the change of another entry, and ends with that of its own', async () => {
  const servers = { a: { command }, m: { command: fixture('speaks-modern', 'only') }, x: { command } }
  const bridge = await embedded({ ...DRAIN, servers })
  const listen = (name: string): Promise<EventStream> =>
    new ModernClient({ ...bridge, ...at(name) }).open('subscriptions/listen', {
      notifications: { toolsListChanged: true },
    })
  const streams = { a: await listen('a'), m: await listen('m') }
  const ended: string[] = []
  for (const [name, stream] of Object.entries(streams)) {
    await eventually(() => stream.events.all.length === 1, { what: 'its acknowledgement' })
    void stream.ended.then(() => ended.push(name))
  }
  await openStreamable(bridge, at('x'))
  bridge.reload({ ...DRAIN, servers: { ...servers, x: { command, env: { WHO: 'new' } } } })
  await bridge.until(({ msg, server }) => msg === 'session closed' && server === 'x')
  await new ModernClient({ ...bridge, ...at('a') }).call('listChanged')
  await new ModernClient({ ...bridge, ...at('m') }).call('test_trigger_tool_change')
  for (const stream of Object.values(streams))
    await eventually(() => stream.events.all.length === 2, { what: 'the change of the list' })
  expect(ended).toEqual([])
  for (const name of ['a', 'm'] as const) {
    const from = performance.now()
    bridge.reload({
      ...DRAIN,
      servers: {
        ...servers,
        x: { command, env: { WHO: name } },
        [name]: { ...servers[name], env: { WHO: 'new' } },
      },
    })
    await streams[name].ended
    // It does not wait for what calls have.
    expect(performance.now() - from).toBeLessThan(30_000)
    const again = await listen(name)
    await eventually(() => again.events.all.length === 1, { what: 'its acknowledgement' })
    bridge.reload({ ...DRAIN, servers: { ...servers, x: { command, env: { WHO: name } } } })
    await again.ended
  }
})

test('corners.descriptors: after 200 reloads with 20 sessions open no file is left open', async () => {
  const bridge = await embedded({ servers: { kept: { command } } })
  const kept = await Promise.all(Array.from({ length: 20 }, () => openStreamable(bridge, at('kept'))))
  const before = openDescriptors(process.pid)
  const opened: StreamableClient[] = []
  for (let round = 0; round < 200; round++) {
    bridge.reload({
      servers: {
        kept: { command },
        [`x${round % 3}`]: { command, drainMs: 0, env: { ROUND: String(round) } },
      },
    })
    if (round % 20 === 0) opened.push(await openStreamable(bridge, at(`x${round % 3}`)))
  }
  bridge.reload({ servers: { kept: { command } } })
  for (const client of opened) client.close()
  for (const client of kept) expect(textOf(await client.call('echo', { text: 'here' }))).toBe('here')
  await eventually(() => openDescriptors(process.pid) <= before + 4, { what: 'as many open files as before' })
})
