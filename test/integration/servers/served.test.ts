// served: several tools on one port: each at its own paths, started when it is asked for, and none of them in another's way.
import { eventually, fixture, ModernClient, send, StreamableClient } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { embedded, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, refusal, textOf } from '../clients.ts'

nothingLeft()

const at = (name: string) => ({ path: `/${name}/mcp` })
const as = (token: string, name: string) => ({
  ...at(name),
  headers: { authorization: `Bearer ${token}` },
})
const named = (line: { [key: string]: unknown }, name: string) => line['server'] === name

describe('servers: each entry by itself', async () => {
  const bridge = await embedded({
    startTimeoutMs: '3s',
    servers: {
      one: { command: fixture('echo'), env: { WHO: 'one' } },
      two: { command: fixture('echo'), env: { WHO: 'two' }, children: 'shared' },
      pool: { command: fixture('echo'), env: { WHO: 'pool' }, children: 'pool' },
      modern: { command: fixture('speaks-modern', 'only') },
      absent: { command: ['/nowhere/at/all'] },
      crashes: { command: fixture('crashes-once-initialized') },
      silent: { command: fixture('ignores-initialize') },
      wrong: { command: fixture('echo'), warm: 'many' },
      off: { command: fixture('echo'), disabled: true },
    },
  })

  test('servers.lazy: nothing runs before it is asked for', () => {
    expect(bridge.childPids).toEqual([])
  })

  test.each(['one', 'two', 'pool'])(
    'servers.wires: %s answers on each wire, also while others fail',
    async (name) => {
      const failing = ['absent', 'crashes', 'silent'].map(async (each) => {
        const client = new StreamableClient({ port: bridge.port, path: `/${each}/mcp` })
        await client.initialize().catch(() => {})
        client.close()
      })
      const streamable = await openStreamable(bridge, at(name))
      const sse = await openSse(bridge, { path: `/${name}/sse` })
      const modern = new ModernClient({ port: bridge.port, path: `/${name}/mcp` })
      expect(textOf(await streamable.call('env', { name: 'WHO' }))).toBe(name)
      expect(textOf(await sse.call('env', { name: 'WHO' }))).toBe(name)
      const { response } = await modern.request('tools/call', { name: 'env', arguments: { name: 'WHO' } })
      expect(textOf(response as never)).toBe(name)
      streamable.close()
      sse.close()
      await Promise.all(failing)
    },
  )

  test('servers.era: one of them that knows 2026-07-28 alone', async () => {
    const client = await openStreamable(bridge, at('modern'))
    expect((await client.request('tools/list')).result.tools.length).toBeGreaterThan(0)
    client.close()
  })

  test.each([
    ['absent', 'child_spawn_failed'],
    ['silent', 'child_timeout'],
  ])('servers.fault: %s fails alone, with %s', async (name, code) => {
    const client = new StreamableClient({ port: bridge.port, path: `/${name}/mcp` })
    expect((await client.initialize()).error?.data.code).toBe(code)
    client.close()
  })

  test('servers.health: some cannot serve, the others can, and who may see it learns why', async () => {
    const reply = await send({ port: bridge.port, method: 'GET', path: '/readyz', headers: {} })
    const body = reply.json()
    expect([reply.status, body.status]).toEqual([200, 'degraded'])
    expect(body.servers).toMatchObject({
      absent: expect.stringContaining('the tool cannot be started'),
      wrong: expect.stringContaining('warm'),
    })
    for (const name of ['one', 'two', 'pool', 'modern', 'off']) expect(body.servers).not.toHaveProperty(name)
  })

  test('servers.log: each line of a tool says whose it is', () => {
    const started = bridge.logs.filter(({ msg }) => msg === 'tool answers')
    expect(started.length).toBeGreaterThan(0)
    for (const line of started) expect(['one', 'two', 'pool', 'modern', 'crashes']).toContain(line['server'])
    expect(bridge.logs.some((line) => named(line, 'wrong') && line.msg === 'server is not served')).toBe(true)
  })

  test.each(['/mcp', '/sse', '/wrong/mcp', '/off/mcp', '/none/mcp'])(
    'servers.paths: nothing is at %s',
    async (path) => {
      const reply = await send({ port: bridge.port, method: 'GET', path, headers: {} })
      expect(refusal(reply, 404, 'not_found').data.hint).toContain('/one/mcp')
    },
  )

  test('servers.explained: who asks for what is not served is told why', async () => {
    const said = [
      ['/wrong/mcp', 'wrong is not served: warm'],
      ['/off/sse', 'switched off'],
    ] as const
    for (const [path, text] of said) {
      const reply = await send({ port: bridge.port, method: 'GET', path, headers: {} })
      expect(refusal(reply, 404, 'not_found').message).toContain(text)
    }
  })

  test('servers.isolation: the session of one is worth nothing at another', async () => {
    const client = await openStreamable(bridge, at('one'))
    const headers = { 'mcp-session-id': client.sessionId ?? '', 'content-type': 'application/json' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
    const reply = await send({ port: bridge.port, method: 'POST', path: '/two/mcp', headers, body })
    expect(refusal(reply, 404, 'session_unknown').data.hint).toContain('initialize')
    client.close()
  })
})

test('servers.eager: one that is not to wait is there before anybody comes', async () => {
  const bridge = await embedded({
    servers: { now: { command: fixture('echo'), start: 'eager' }, later: { command: fixture('echo') } },
  })
  const { server } = await bridge.until(({ msg }) => msg === 'tool answers')
  expect(server).toBe('now')
  expect(bridge.logs.some((line) => line.msg === 'child started' && named(line, 'later'))).toBe(false)
})

test('servers.idle: a tool that nobody uses any more ends its processes, and starts again', async () => {
  const bridge = await embedded({
    idleMs: '1s',
    servers: {
      a: { command: fixture('echo') },
      b: { command: fixture('echo'), children: 'shared' },
    },
  })
  for (const name of ['a', 'b', 'a', 'b']) {
    const client = await openStreamable(bridge, at(name))
    const pid = Number(textOf(await client.call('pid')))
    await client.del()
    client.close()
    await eventually(() => !isAlive(pid), { what: `the end of the process of ${name}` })
  }
  await eventually(() => bridge.childPids.every((pid) => !isAlive(pid)), { what: 'the end of all processes' })
  expect(bridge.logs.filter(({ msg }) => msg === 'tool answers')).toHaveLength(4)
})

test('servers.limits: what the whole may have is shared, and one may have less', async () => {
  const bridge = await embedded({
    maxChildren: 3,
    warm: 0,
    servers: { a: { command: fixture('echo'), maxSessions: 2 }, b: { command: fixture('echo') } },
  })
  const first = await openStreamable(bridge, at('a'))
  await openStreamable(bridge, at('a'))
  const third = new StreamableClient({ port: bridge.port, path: '/a/mcp' })
  expect((await third.initialize()).error?.data.code).toBe('session_limit_reached')
  await openStreamable(bridge, at('b'))
  const fifth = new StreamableClient({ port: bridge.port, path: '/b/mcp' })
  expect((await fifth.initialize()).error?.data.code).toBe('child_limit_reached')
  await first.del()
  await eventually(async () => (await fifth.initialize().catch(() => undefined))?.error === undefined, {
    what: 'the place of the first',
  })
})

test('servers.persons: each sees and uses the servers it was given, with what was narrowed there', async () => {
  const bridge = await embedded({
    readOnly: false,
    toolsDeny: 'crash',
    servers: {
      git: { command: fixture('echo') },
      memory: { command: fixture('echo') },
      gone: { command: fixture('echo'), disabled: true },
    },
    clients: {
      ann: { token: 'of-ann', servers: ['git'] },
      bob: {
        token: 'of-bob',
        env: { WHO: 'bob' },
        servers: { git: { toolsDeny: ['pid'], env: { WHERE: 'git' } }, memory: {} },
      },
      eve: { token: 'of-eve', servers: [] },
    },
  })
  const names = async (token: string, name: string) => {
    const client = await openStreamable(bridge, as(token, name))
    const { result } = await client.request('tools/list')
    const env = await Promise.all(
      ['WHO', 'WHERE'].map(async (variable) => textOf(await client.call('env', { name: variable }))),
    )
    client.close()
    return { tools: (result.tools as { name: string }[]).map((tool) => tool.name), env }
  }
  const ann = await names('of-ann', 'git')
  expect(ann.tools).toContain('pid')
  expect(ann.tools).not.toContain('crash')
  const bob = await names('of-bob', 'git')
  expect(bob.tools).not.toContain('pid')
  expect(bob.env).toEqual(['bob', 'git'])
  expect((await names('of-bob', 'memory')).env).toEqual(['bob', undefined])
  const get = (token: string, path: string, method = 'GET') =>
    send({ port: bridge.port, method, path, headers: { authorization: `Bearer ${token}` } })
  // What is not for somebody is as if it were not there, whatever is asked.
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const [hidden, absent] = await Promise.all([
      get('of-ann', '/memory/mcp', method),
      get('of-ann', '/absent/mcp', method),
    ])
    expect(refusal(hidden, 404, 'not_found').data).toEqual(refusal(absent, 404, 'not_found').data)
    expect(refusal(hidden, 404, 'not_found').data.hint).not.toContain('memory')
  }
  expect(refusal(await get('of-ann', '/gone/mcp'), 404, 'not_found').message).toBe(
    'there is nothing at /gone/mcp',
  )
  expect(refusal(await get('of-eve', '/git/mcp'), 404, 'not_found').data.hint).not.toContain('git')
})

const readiness = async (port: number, headers: object) =>
  (await send({ port, path: '/readyz', headers: { 'x-forwarded-for': '192.0.2.7', ...headers } })).json()

test('servers.names: one that every object of the language has is a name like any other', async () => {
  const { port } = await embedded({
    servers: { constructor: { command: fixture('echo') }, git: { command: fixture('echo') } },
    clients: {
      ann: { token: 'of-ann', servers: ['git'] },
      constructor: { token: 'of-bob', servers: { constructor: { toolsDeny: 'pid' } } },
    },
  })
  const get = (token: string, name: string) =>
    send({ port, path: `/${name}/mcp`, headers: { authorization: `Bearer ${token}` } })
  refusal(await get('of-ann', 'constructor'), 404, 'not_found')
  refusal(await get('of-ann', 'git'), 400, 'request_invalid')
  refusal(await get('of-bob', 'git'), 404, 'not_found')
  const client = await openStreamable({ port }, as('of-bob', 'constructor'))
  expect((await client.call('pid')).error?.code).toBe(-32602)
})

test('servers.reasons: why which of them fail is for this machine, and for whoever may use them', async () => {
  const broken = { command: ['/nowhere/at/all'], start: 'eager' as const }
  const servers = { well: { command: fixture('echo') }, a: broken, b: broken, c: { ...broken, warm: 'x' } }
  const open = await embedded({ servers, host: '0.0.0.0', insecure: true })
  await eventually(async () => Object.keys((await readiness(open.port, {})).servers ?? {}).length === 0, {
    what: 'an answer without names',
  })
  const all = async () => (await send({ port: open.port, path: '/readyz' })).json().servers
  await eventually(async () => Object.keys(await all()).join() === 'a,b,c', { what: 'all reasons' })
  expect(await readiness(open.port, {})).toEqual({ status: 'degraded' })
  const clients = {
    ann: { token: 'of-ann' },
    bob: { token: 'of-bob', servers: ['well', 'b', 'c'] },
    eve: { token: 'of-eve', servers: ['well'] },
  }
  const { port } = await embedded({ servers, clients })
  const seen = async (who: string) =>
    Object.keys((await readiness(port, { authorization: `Bearer of-${who}` })).servers ?? { none: 0 })
  await eventually(async () => (await seen('ann')).join() === 'a,b,c', { what: 'all reasons' })
  expect([await seen('bob'), await seen('eve'), await seen('nobody')]).toEqual([['b', 'c'], [], ['none']])
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
