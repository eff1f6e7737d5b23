// rights: who sees what at /status: all on this machine without tokens, one's own with one, no more than states elsewhere.
import { writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { eventually, fixture, send, tempDir, type Headers } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, embedded, nothingLeft } from '../bridges.ts'
import { openStreamable, refusal, textOf } from '../clients.ts'

nothingLeft()

const PAGE = { accept: 'text/html' }
const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` })

/** The JSON, parsed, and both forms of the same as text. */
async function seen(port: number, headers: Headers = {}, host?: string) {
  const json = await send({ port, path: '/status', headers, ...(host && { host }) })
  const page = await send({ port, path: '/', headers: { ...headers, ...PAGE }, ...(host && { host }) })
  return { view: json.json(), text: `${json.body}\n${page.body}`, statuses: [json.status, page.status] }
}

test('status.all: without tokens whoever is on this machine sees every session, process and failure', async () => {
  const bridge = await bridged(['--env', 'API_KEY=sk-secret-value', '--', ...fixture('echo')])
  const client = await openStreamable(bridge, { clientInfo: { name: 'tester', version: '7.1' } })
  const pid = Number(textOf(await client.call('pid')))
  const { view, text, statuses } = await seen(bridge.port)
  expect(statuses).toEqual([200, 200])
  expect(view).toMatchObject({ status: 'ready', sees: 'all', tools: [{ name: '', state: 'ready' }] })
  const { details } = view.tools[0]
  expect(details).toMatchObject({
    children: 'session',
    paths: { mcp: '/mcp', sse: '/sse' },
    server: { name: 'echo' },
    sessionCount: 1,
    callsInFlight: 0,
    failures: [],
    latency: [{ calls: 1, errors: 0, p50Ms: expect.any(Number), p95Ms: expect.any(Number) }],
  })
  expect(details.sessions).toMatchObject([
    {
      id: client.sessionId?.slice(0, 8),
      principal: 'anonymous',
      client: { name: 'tester', version: '7.1' },
      wire: 'streamable',
      pid,
    },
  ])
  const own = details.processes.find((each: { pid: number }) => each.pid === pid)
  expect(own).toMatchObject({ state: 'running', treeSize: 1, session: client.sessionId?.slice(0, 8) })
  expect(own.memoryBytes).toBeGreaterThan(1_000_000)
  for (const at of [own.startedAt, details.sessions[0].openedAt, details.sessions[0].lastRequestAt])
    expect(Math.abs(Date.now() - Date.parse(at))).toBeLessThan(60_000)
  expect(text).toContain(`${pid}`)
  expect(text).not.toContain(client.sessionId)
  expect(text).not.toContain('sk-secret-value')
  await client.del()
})

test('status.why: a tool that does not start says why, with the end of its stderr, and no secret', async () => {
  const command = fixture('dies-at-start', '3', 'cannot log in with sk-secret-value: <b>no</b>')
  // The command would end with its only tool.
  const bridge = await embedded({ command, env: { API_KEY: 'sk-secret-value' } }, {})
  const { view, text } = await eventually(
    async () => {
      const found = await seen(bridge.port)
      return found.view.status === 'failing' && found
    },
    { what: 'the tool to fail' },
  )
  const { details } = view.tools[0]
  expect(details).toMatchObject({
    reason: 'the tool exited with code 3',
    hint: expect.any(String),
    stderr: ['cannot log in with ***: <b>no</b>'],
    failures: [{ code: 'child_exited', principal: '', stderr: ['cannot log in with ***: <b>no</b>'] }],
  })
  expect(text).toContain('cannot log in with ***: &lt;b&gt;no&lt;/b&gt;')
  expect(text).not.toContain('sk-secret-value')
  await bridge.close()
})

test('status.own: a token shows its own sessions and failures, and nothing of anybody else', async () => {
  const folder = tempDir()
  const config = join(folder, 'bridge.json')
  writeFileSync(
    config,
    JSON.stringify({
      command: fixture('crashes-after', '1'),
      warm: 0,
      clients: {
        alice: { token: 'token-of-alice', env: { KEY: 'key-of-alice' } },
        robert: { token: 'token-of-robert', env: { KEY: 'key-of-robert' } },
      },
    }),
  )
  const bridge = await bridged(['--config', config])
  const open = async (who: string) => {
    const headers = bearer(`token-of-${who}`)
    const clientInfo = { name: `client-of-${who}`, version: '1' }
    const client = await openStreamable(bridge, { headers, clientInfo })
    return { client, pid: textOf(await client.call('pid')) ?? '' }
  }
  const alice = await open('alice')
  const robert = await open('robert')
  // Each a crash of its own, and a session that lives.
  for (const { client } of [alice, robert]) expect((await client.call('pid')).error).toBeDefined()
  const [alive, other] = [await open('alice'), await open('robert')]

  const { view, text } = await seen(bridge.port, bearer('token-of-alice'))
  expect(view).toMatchObject({ sees: 'own', principal: 'alice' })
  const { details } = view.tools[0]
  expect(details.sessions).toMatchObject([{ principal: 'alice', client: { name: 'client-of-alice' } }])
  expect(details.processes).toMatchObject([{ pid: Number(alive.pid) }])
  expect(details.failures).toMatchObject([{ code: 'child_exited', principal: 'alice' }])
  expect(details).not.toHaveProperty('command')
  for (const secret of [
    ...['robert', 'token-of-alice', 'key-of-alice', alive.client.sessionId ?? '', process.execPath],
    ...[robert.pid, other.pid].map((pid) => new RegExp(String.raw`\b${pid}\b`)),
  ])
    expect(text).not.toMatch(secret)
  expect((await seen(bridge.port, bearer('token-of-robert'))).text).not.toMatch('alice')
  await Promise.all([alive.client.del(), other.client.del()])
})

test('status.own: one token, an environment each: a session is seen only with what it was opened with', async () => {
  const bridge = await bridged(['--token', 'shared', '--header-env', 'X-Key=KEY', '--', ...fixture('echo')])
  const headers = { ...bearer('shared'), 'X-Key': 'credential-one' }
  const client = await openStreamable(bridge, { headers, clientInfo: { name: 'one', version: '1' } })
  const sessionsWith = async (more: Headers) =>
    (await seen(bridge.port, { ...bearer('shared'), ...more })).view.tools[0].details.sessions
  expect(await sessionsWith({ 'X-Key': 'credential-one' })).toHaveLength(1)
  expect(await sessionsWith({ 'X-Key': 'credential-two' })).toEqual([])
  expect(await sessionsWith({})).toEqual([])
  await client.del()
})

test('status.token: without it 401 and nothing else, as JSON or as a form', async () => {
  const bridge = await bridged(['--token', 'a-secret', '--', ...fixture('echo')])
  refusal(await send({ port: bridge.port, path: '/status' }), 401, 'unauthorized')
  refusal(await send({ port: bridge.port, path: '/status', headers: bearer('wrong') }), 401, 'unauthorized')
  const form = await send({ port: bridge.port, headers: PAGE })
  expect(form.status).toBe(401)
  expect(form.body).toContain('type="password"')
  expect(form.body).not.toMatch(/echo|sessions|child/)
})

test('status.states: without tokens, reached by others, it shows states and no more', async () => {
  const bridge = await bridged(['--host', '0.0.0.0', '--insecure', '--', ...fixture('echo')])
  const client = await openStreamable(bridge, { clientInfo: { name: 'someone', version: '1' } })
  const lan = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
  for (const host of ['127.0.0.1', ...(lan === undefined ? [] : [lan])]) {
    const { view, text } = await seen(bridge.port, {}, host)
    expect(view).toEqual({ status: 'ready', sees: 'states', tools: [{ name: '', state: 'ready' }] })
    expect(text).not.toMatch(/someone|anonymous|streamable|stderr/)
  }
  await client.del()
})

test('status.states: what a proxy on this machine passes on comes from elsewhere', async () => {
  const bridge = await bridged(['--', ...fixture('echo')])
  const { view } = await seen(bridge.port, { 'x-forwarded-for': '192.0.2.7' })
  expect(Object.keys(view.tools[0])).toEqual(['name', 'state'])
})

test('status.rebound: a page of another name sees nothing', async () => {
  const bridge = await bridged(['--', ...fixture('echo')])
  for (const path of ['/', '/status']) {
    for (const [headers, code] of [
      [{ host: 'evil.example' }, 'host_forbidden'],
      [{ origin: 'https://evil.example' }, 'origin_forbidden'],
      [{ 'sec-fetch-site': 'cross-site' }, 'origin_forbidden'],
    ] as const) {
      const reply = await send({ port: bridge.port, path, headers: { ...headers, ...PAGE } })
      expect(refusal(reply, 403, code).data).not.toHaveProperty('tools')
    }
  }
})
