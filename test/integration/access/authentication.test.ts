// tokens: who calls, by bearer token or API key; a session belongs to the name that opened it.
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  eventually,
  fixture,
  isAlive,
  send,
  SseClient,
  StreamableClient,
  tempDir,
  type Headers,
} from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeft, useBridge } from '../bridges.ts'
import { openSse, openStreamable, refusal, textOf } from '../clients.ts'

nothingLeft()
const TOOL = ['--', ...fixture('echo')] as const
const SECRET = 'token-of-everybody'
const bridge = useBridge(['--token', SECRET, ...TOOL])

const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` })
const PING = '{"jsonrpc":"2.0","id":"mine","method":"ping"}'

describe('auth.token', () => {
  const WRONG: Headers[] = [
    {},
    bearer('wrong'),
    bearer(`${SECRET}x`),
    bearer(SECRET.slice(1)),
    bearer(''),
    { authorization: `Basic ${btoa(`x:${SECRET}`)}` },
    { authorization: `Basic ${SECRET}` },
    { authorization: `Bearer Basic ${SECRET}` },
    { authorization: `Bearer Bearer Bearer ${SECRET}` },
    { authorization: `${SECRET}, ${SECRET}` },
    { 'x-api-key': 'wrong' },
    { cookie: `token=${SECRET}` },
  ]
  test.each(WRONG)('auth.token: %o is 401 everywhere', async (headers) => {
    for (const [method, path] of [
      ['POST', '/mcp'],
      ['GET', '/mcp'],
      ['DELETE', '/mcp'],
      ['GET', '/sse'],
      ['POST', '/messages?sessionId=x'],
      ['GET', `/nowhere?token=${SECRET}`],
    ] as const) {
      const reply = await send({
        port: bridge.port,
        method,
        path,
        headers,
        ...(method === 'POST' ? { body: PING } : {}),
      })
      refusal(reply, 401, 'unauthorized')
      expect(reply.headers['www-authenticate']).toMatch(/^Bearer/)
    }
  })

  const RIGHT: Headers[] = [
    bearer(SECRET),
    { authorization: `bearer  ${SECRET}` },
    { authorization: SECRET },
    { authorization: `Bearer Bearer ${SECRET}` },
    { 'x-api-key': SECRET },
    { 'X-API-Key': SECRET },
  ]
  test.each(RIGHT)('auth.token: %o is served on both wires', async (headers) => {
    const client = await openStreamable(bridge, { headers })
    const sse = await openSse(bridge, { headers })
    for (const each of [client, sse]) expect(textOf(await each.call('echo', { text: 'in' }))).toBe('in')
    sse.close()
  })

  test('auth.token: every request is asked, not only the first', async () => {
    const client = await openStreamable(bridge, { headers: bearer(SECRET) })
    refusal(await client.post(PING, { authorization: null }), 401, 'unauthorized')
    refusal(await client.del({ authorization: null }), 401, 'unauthorized')
    const sse = await openSse(bridge, { headers: bearer(SECRET) })
    refusal(await sse.post(PING, { authorization: null }), 401, 'unauthorized')
    expect((await client.request('ping')).result).toEqual({})
    sse.close()
  })

  test('auth.token: it is neither logged nor handed to the child', async () => {
    const client = await openStreamable(bridge, { headers: bearer(SECRET) })
    const { result } = await client.call('env', { name: 'MCP_BRIDGE_TOKEN' })
    expect(result.content).toEqual([])
    expect(JSON.parse(textOf(await client.call('args')) ?? '')).toEqual([])
    expect(bridge.running.stderr).not.toContain(SECRET)
  })
})

/** A bridge with the tokens of three names, and the file they are in. */
async function withFile() {
  const file = join(tempDir(), 'tokens')
  const write = (...names: string[]): void => {
    const text = names.map((name) => `${name}:token-of-${name}`).join('\n')
    // Replaced as editors and Kubernetes do it; half a file is never seen.
    writeFileSync(`${file}.new`, `# who may call\n\n${text}\n`)
    renameSync(`${file}.new`, file)
  }
  write('alice', 'bob', 'carol')
  return { file, write, running: await bridged(['--token-file', file, ...TOOL]) }
}

const of = (name: string) => ({ headers: bearer(`token-of-${name}`) })

test('session.owner: a session answers to the name that opened it; for all others it does not exist', async () => {
  const { running } = await withFile()
  const [alice, sse] = [await openStreamable(running, of('alice')), await openSse(running, of('alice'))]
  const thief = of('bob').headers
  const stolen = await alice.post(PING, thief)
  refusal(stolen, 404, 'session_unknown')
  expect(stolen.json().id).toBe('mine')
  refusal(await sse.post(PING, thief), 404, 'session_unknown')
  refusal(await alice.del(thief), 404, 'session_unknown')
  await expect(alice.listen({ headers: thief })).rejects.toMatchObject({ status: 404 })
  for (const each of [alice, sse]) expect((await each.request('ping')).result).toEqual({})
  const ofAlice = () => running.logs.filter(({ principal }) => principal === 'alice').length
  await eventually(() => ofAlice() === 2, { what: 'her two sessions in the log' })
  sse.close()
})

test('session.owner: initialize with the id of another is as with one that never was, whatever its wire', async () => {
  const { running } = await withFile()
  const [alice, sse] = [await openStreamable(running, of('alice')), await openSse(running, of('alice'))]
  for (const id of [alice.sessionId, sse.sessionId, 'A'.repeat(22)]) {
    const bob = new StreamableClient({ port: running.port, headers: of('bob').headers })
    bob.sessionId = String(id)
    expect((await bob.initialize()).error).toBeUndefined()
    expect([bob.lastStatus, bob.sessionId === id]).toEqual([200, false])
  }
  for (const each of [alice, sse]) expect((await each.request('ping')).result).toEqual({})
  sse.close()
})

const WAYS = [
  ['SIGHUP', (pid: number) => void process.kill(pid, 'SIGHUP')],
  ['a change of the file', () => {}],
] as const

describe.each(WAYS)('auth.reload by %s', (_name, nudge) => {
  test('auth.reload: sessions of names that are gone end, those of the others go on', async () => {
    const { running, write } = await withFile()
    const [alice, bob, bobSse] = [
      await openStreamable(running, of('alice')),
      await openStreamable(running, of('bob')),
      await openSse(running, of('bob')),
    ]
    const get = await bob.listen()
    const pids = await Promise.all([bob, bobSse].map(async (each) => Number(textOf(await each.call('pid')))))
    write('alice', 'dave')
    nudge(running.pid)
    expect(await get.ended).toBe('ended')
    expect(await bobSse.stream?.ended).toBe('ended')
    await eventually(() => !pids.some(isAlive), { what: 'the children of bob to be gone' })
    refusal(await bob.post(PING), 401, 'unauthorized')
    refusal(await bobSse.post(PING), 401, 'unauthorized')
    expect((await alice.request('ping')).result).toEqual({})
    expect((await openStreamable(running, of('dave'))).sessionId).toBeDefined()
    // Back again, bob finds his old session gone.
    write('alice', 'bob')
    nudge(running.pid)
    const again = await eventually(
      async () => {
        const reply = await bob.post(PING)
        return reply.status !== 401 && reply
      },
      { what: 'bob to be let in again' },
    )
    refusal(again, 404, 'session_unknown')
  })
})

test('auth.reload: a faulty file changes nothing, and the log says so without showing it', async () => {
  const { running, file } = await withFile()
  const alice = await openStreamable(running, of('alice'))
  writeFileSync(file, 'alice:token-of-alice\nno token here top-secret\n')
  process.kill(running.pid, 'SIGHUP')
  await running.until(({ msg }) => msg === 'token file not taken over')
  expect((await alice.request('ping')).result).toEqual({})
  expect((await openStreamable(running, of('bob'))).sessionId).toBeDefined()
  expect(running.stderr).not.toContain('top-secret')
})

test('auth.token: the wrong token is refused before a session is opened', async () => {
  await expect(new SseClient(bridge).connect()).rejects.toMatchObject({ status: 401 })
  const client = new StreamableClient({ port: bridge.port, headers: bearer('wrong') })
  await expect(client.initialize()).rejects.toMatchObject({ status: 401 })
})
