// metrics: what `GET /metrics` counts is what the clients saw, whoever they are and whatever they invent.
import { eventually, fixture, ModernClient, send } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeft } from '../bridges.ts'
import { openStreamable } from '../clients.ts'
import { DURATION, scrape, valuesOf, type Series } from './scrape.ts'

nothingLeft()

function count(all: readonly Series[]): number {
  return all.filter(({ name }) => name === `${DURATION}_count`).length
}

test('metrics.access: they are for this machine, and with tokens for whoever has one; without --metrics for nobody', async () => {
  const off = await embedded({ command: fixture('echo') })
  expect((await send({ port: off.port, path: '/metrics' })).status).toBe(404)
  const open = await embedded({ command: fixture('echo'), metrics: true })
  const proxied = { 'x-forwarded-for': '192.0.2.1' }
  expect((await send({ port: open.port, path: '/metrics', headers: proxied })).status).toBe(404)
  await scrape(open.port)
  expect((await send({ port: open.port, path: '/metrics', method: 'POST' })).status).toBe(405)
  const guarded = await embedded({ command: fixture('echo'), metrics: true, token: 'of-ann' })
  expect((await send({ port: guarded.port, path: '/metrics', headers: proxied })).status).toBe(401)
  const known = { ...proxied, authorization: 'Bearer of-ann' }
  expect((await send({ port: guarded.port, path: '/metrics', headers: known })).status).toBe(200)
  const { series } = await scrape(guarded.port)
  expect(valuesOf(series, 'mcp_bridge_refused_total', 'code')).toEqual({
    unauthorized: 1,
    host_forbidden: 0,
    origin_forbidden: 0,
  })
})

test('metrics.servers: whoever is kept to some servers reads of these alone', async () => {
  const command = fixture('echo')
  const clients = { ann: { token: 'of-ann', servers: ['a'] }, ben: { token: 'of-ben' } }
  const { port } = await embedded({ servers: { a: { command }, b: { command } }, clients, metrics: true })
  const headers = { authorization: 'Bearer of-ben' }
  for (const path of ['/a/mcp', '/b/mcp'])
    await (await openStreamable({ port }, { headers, path })).call('echo', {})
  const read = async (token: string) => {
    const proxied = { 'x-forwarded-for': '192.0.2.1', authorization: `Bearer ${token}` }
    const { body } = await send({ port, path: '/metrics', headers: proxied })
    return ['a', 'b'].filter((name) => body.includes(`server="${name}"`))
  }
  expect(await read('of-ben')).toEqual(['a', 'b'])
  expect(await read('of-ann')).toEqual(['a'])
})

test('metrics.life: sessions, processes and their memory are there while they last', async () => {
  const { port } = await embedded({ command: fixture('grandchild'), warm: 0, metrics: true })
  const client = await openStreamable({ port })
  const during = (await scrape(port)).series
  expect(valuesOf(during, 'mcp_bridge_sessions', 'wire')).toEqual({ streamable: 1 })
  expect(valuesOf(during, 'mcp_bridge_children', 'state')['running']).toBe(1)
  const [tree, own] = ['mcp_bridge_child_tree_memory_bytes', 'mcp_bridge_child_memory_bytes'].map(
    (name) => valuesOf(during, name, 'child')['0'] ?? 0,
  )
  expect(own).toBeGreaterThan(1e6)
  expect(tree).toBeGreaterThan(own ?? 0)
  expect(valuesOf(during, 'mcp_bridge_child_tree_processes')['']).toBeGreaterThan(1)
  expect(valuesOf(during, 'process_resident_memory_bytes')['']).toBeGreaterThan(1e7)
  await client.del()
  const after = await eventually(
    async () => {
      const { series } = await scrape(port)
      return valuesOf(series, 'mcp_bridge_children')[''] === 0 ? series : undefined
    },
    { what: 'the process to be gone' },
  )
  expect(valuesOf(after, 'mcp_bridge_sessions', 'wire')).toEqual({ streamable: 0 })
  expect(valuesOf(after, 'mcp_server_session_duration_seconds_count', 'wire')).toEqual({ streamable: 1 })
  expect(valuesOf(after, 'mcp_bridge_child_memory_bytes', 'child')).toEqual({})
  const starts = valuesOf(after, 'mcp_bridge_child_starts_total')['']
  const stops = Object.values(valuesOf(after, 'mcp_bridge_child_stops_total', 'step'))
  expect(stops.reduce((sum, each) => sum + each)).toBe(starts)
})

test('metrics.moment: who waits for a process, the bytes of those who were served, and how late the event loop is', async () => {
  const { port } = await embedded({
    command: fixture('echo'),
    children: 'pool',
    maxChildren: 1,
    metrics: true,
  })
  const client = await openStreamable({ port })
  const text = 'x'.repeat(5000)
  await client.call('echo', { text })
  // It is in this process.
  const until = performance.now() + 300
  while (performance.now() < until);
  const { series } = await scrape(port)
  for (const what of ['request', 'response']) {
    const bytes = valuesOf(series, `mcp_bridge_${what}_bytes_total`, 'wire')['streamable']
    expect(bytes).toBeGreaterThan(text.length)
    expect(bytes).toBeLessThan(text.length + 1000)
  }
  expect(valuesOf(series, 'nodejs_eventloop_delay_max_seconds')['']).toBeGreaterThan(0.2)
  expect(valuesOf(series, 'mcp_bridge_queue_requests')).toEqual({ '': 0 })
  const calls = Array.from({ length: 3 }, async () =>
    client.call('sleep', { ms: 60_000 }).catch(() => undefined),
  )
  await eventually(async () => valuesOf((await scrape(port)).series, 'mcp_bridge_queue_requests')[''] === 2, {
    what: 'two requests that wait',
  })
  await client.del()
  await Promise.all(calls)
})

test('metrics.restarts: a process that ended by itself, and the one in its place, are one of each', async () => {
  const { port } = await embedded({ command: fixture('echo'), children: 'shared', metrics: true })
  const client = await openStreamable({ port })
  const counted = async () => {
    const { series } = await scrape(port)
    return ['crashes', 'restarts'].map((what) => valuesOf(series, `mcp_bridge_child_${what}_total`)[''])
  }
  expect(await counted()).toEqual([0, 0])
  await client.request('tools/call', { name: 'crash' })
  await (await openStreamable({ port })).call('echo', {})
  expect(await counted()).toEqual([1, 1])
})

test('metrics.bounded: ten thousand invented tools, and clients and revisions, make no series', async () => {
  const { port } = await embedded({ command: fixture('echo'), children: 'shared', metrics: true })
  const client = await openStreamable({ port }, { protocolVersion: '2025-03-26' })
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-session-id': client.sessionId ?? '',
  }
  const invent = async (from: number): Promise<void> => {
    const batch = Array.from({ length: 500 }, (_, i) => ({
      jsonrpc: '2.0',
      id: from + i,
      method: i % 5 === 0 ? `invented/${from + i}` : 'tools/call',
      params: { name: `invented "${from + i}"\n` },
    }))
    const { status } = await send({
      port,
      path: '/mcp',
      method: 'POST',
      headers,
      body: JSON.stringify(batch),
    })
    expect(status).toBe(200)
  }
  await invent(1_000_000)
  const before = (await scrape(port)).series
  for (let i = 0; i < 20; i++) await invent(i * 500)
  for (let i = 0; i < 20; i++) {
    const name = `client-${i}`
    const invented = { protocolVersion: `19${10 + i}-01-01`, clientInfo: { name, version: name } }
    await (await openStreamable({ port }, invented)).del()
    await new ModernClient({ port, name }).call('echo', {})
  }
  // A revision that is in no header of a request yet is refused before it reaches anything.
  const asked = Array.from({ length: 200 }, (_, i) => {
    const meta = { 'io.modelcontextprotocol/protocolVersion': `20${10 + i}-13-01` }
    const versioned = { 'mcp-protocol-version': `20${10 + i}-13-01` }
    return new ModernClient({ port, name: `client-${i}`, headers: versioned }).call('echo', {}, { meta })
  })
  for (const { error } of await Promise.all(asked))
    expect(error?.data).toMatchObject({ code: 'revision_unsupported' })
  const { text, series } = await scrape(port)
  expect(text).not.toMatch(/invented|client-\d|\d-01-01|-13-01/)
  // Of the modern clients, and of the sessions in the revision that the tool answers with.
  expect(count(series) - count(before)).toBeLessThanOrEqual(3)
  expect(valuesOf(series, `${DURATION}_count`, 'gen_ai_tool_name')['_OTHER']).toBe(8400)
}, 60_000)
