// rotation: a token that is replaced or withdrawn takes with it whatever was opened by it, and nothing else.
import { execFileSync } from 'node:child_process'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { eventually, fixture, runBridge, send, StreamableClient, tempDir } from '@mcp-bridge/testkit'
import { createBridge } from 'mcp-bridge'
import { expect, test } from 'vitest'
import { bridged, embedded, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable, refusal, textOf } from '../clients.ts'

nothingLeft()

const TOOL = ['--', ...fixture('echo')] as const
const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const PING = '{"jsonrpc":"2.0","id":"mine","method":"ping"}'

/** A token file, and a way to write it anew as editors do. */
function tokenFile(...lines: string[]) {
  const path = join(tempDir(), 'tokens')
  const write = (...all: string[]) => {
    writeFileSync(`${path}.new`, all.map((line) => `${line}\n`).join(''))
    renameSync(`${path}.new`, path)
  }
  write(...lines)
  return { path, write }
}

test.each(['session', 'shared', 'pool'])(
  'rotation.replaced: %s: what the old token opened ends, what others opened goes on',
  async (mode) => {
    const { path, write } = tokenFile('alice:leaked', 'alice:second', 'bob:of-bob')
    const options = ['--children', mode, '--token-file', path, '--token', 'of-anybody']
    const bridge = await bridged([...options, ...TOOL])
    const thief = await openStreamable(bridge, as('leaked'))
    const stream = await thief.listen()
    const thiefSse = await openSse(bridge, as('leaked'))
    const call = thief.call('sleep', { ms: 60_000 })
    const [second, bob, anybody] = [
      await openStreamable(bridge, as('second')),
      await openSse(bridge, as('of-bob')),
      await openStreamable(bridge, as('of-anybody')),
    ]
    write('alice:second', 'alice:new', 'bob:of-bob')
    process.kill(bridge.pid, 'SIGHUP')
    expect(await stream.ended).toBe('ended')
    expect(await thiefSse.stream?.ended).toBe('ended')
    expect((await call).error).toBeDefined()
    refusal(await thief.post(PING), 401, 'unauthorized')
    // The session has ended, not only the token.
    refusal(await thief.post(PING, as('new').headers), 404, 'session_unknown')
    for (const each of [second, bob, anybody, await openStreamable(bridge, as('new'))])
      expect(textOf(await each.call('echo', { text: 'goes on' }))).toBe('goes on')
    bob.close()
  },
)

test('rotation.moved: a token that is given to somebody else opens nothing of the first', async () => {
  const { path, write } = tokenFile('alice:token')
  const bridge = await bridged(['--token-file', path, ...TOOL])
  const alice = await openSse(bridge, as('token'))
  write('bob:token')
  process.kill(bridge.pid, 'SIGHUP')
  expect(await alice.stream?.ended).toBe('ended')
  expect((await openStreamable(bridge, as('token'))).sessionId).toBeDefined()
})

test('rotation.emptied: an empty file lets nobody of it in, with a token or without', async () => {
  const { path, write } = tokenFile('alice:of-alice')
  const config = join(tempDir(), 'bridge.yaml')
  writeFileSync(config, 'clients: { carol: { token: of-carol } }\n')
  const [alone, beside] = [
    await bridged(['--token-file', path, ...TOOL]),
    await bridged(['--token-file', path, '--config', config, ...TOOL]),
  ]
  const sessions = [await openStreamable(alone, as('of-alice')), await openStreamable(beside, as('of-alice'))]
  const streams = await Promise.all(sessions.map((each) => each.listen()))
  const carol = await openStreamable(beside, as('of-carol'))
  write('# nobody')
  // Not told: it is seen.
  expect(await Promise.all(streams.map(({ ended }) => ended))).toEqual(['ended', 'ended'])
  for (const { port } of [alone, beside]) {
    for (const headers of [{}, as('of-alice').headers]) {
      const client = new StreamableClient({ port, headers })
      await expect(client.initialize()).rejects.toMatchObject({ status: 401 })
    }
  }
  expect((await carol.request('ping')).result).toEqual({})
})

test('rotation.pipe: a token file that is a pipe is read once, and keeps nobody out and nothing alive', async () => {
  const path = join(tempDir(), 'pipe')
  execFileSync('mkfifo', [path])
  const written = writeFile(path, 'alice:secret\n')
  const bridge = await bridged(['--token-file', path, '--', ...fixture('echo')])
  await written
  const headers = { authorization: 'Bearer secret' }
  const from = performance.now()
  // Longer than two looks at a file.
  await eventually(() => performance.now() - from > 5000, { what: 'two looks' })
  const client = await openStreamable(bridge, { headers })
  expect(textOf(await client.call('echo', { text: 'in' }))).toBe('in')
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
})

test('rotation.pipe-clients: beside tokens from a pipe, a client that leaves the configuration is out', async () => {
  const folder = tempDir()
  const [path, file] = [join(folder, 'pipe'), join(folder, 'bridge.json')]
  execFileSync('mkfifo', [path])
  const put = (clients: object) =>
    writeFileSync(file, JSON.stringify({ servers: { a: { command: fixture('echo') } }, clients }))
  put({ alice: {}, bob: { token: 'of-bob' } })
  const written = writeFile(path, 'alice:of-alice\n')
  const bridge = await bridged(['--config', file, '--token-file', path])
  await written
  const open = (token: string) => openStreamable(bridge, { path: '/a/mcp', ...as(token) })
  const [alice, bob] = await Promise.all([open('of-alice'), open('of-bob')])
  put({ alice: {} })
  process.kill(bridge.pid, 'SIGHUP')
  await eventually(async () => (await bob.post(PING)).status === 401, { what: 'the end of his token' })
  expect((await alice.request('ping')).result).toEqual({})
})

test('rotation.gone: a file that is removed has its grace, then nobody of it is in, and readiness says why', async () => {
  const { path, write } = tokenFile('alice:of-alice')
  const timings = { filePollMs: 50, fileSettleMs: 20, tokenGraceMs: 1500 }
  const config = { command: fixture('echo'), tokenFile: path, token: 'of-anybody' }
  const { port, until } = await embedded(config, timings)
  await until(({ msg }) => msg === 'tool answers')
  const [alice, anybody] = [
    await openStreamable({ port }, as('of-alice')),
    await openStreamable({ port }, as('of-anybody')),
  ]
  const stream = await alice.listen()
  const from = performance.now()
  rmSync(path)
  expect(await stream.ended).toBe('ended')
  expect(performance.now() - from).toBeGreaterThan(1400)
  refusal(await alice.post(PING), 401, 'unauthorized')
  expect((await anybody.request('ping')).result).toEqual({})
  const ready = await send({ port, path: '/readyz' })
  expect([ready.status, ready.json()]).toEqual([
    503,
    { status: 'failing', reason: `the token file ${path} cannot be read` },
  ])
  write('alice:of-alice')
  await eventually(async () => (await send({ port, path: '/readyz' })).status === 200, { what: 'readiness' })
  expect((await openStreamable({ port }, as('of-alice'))).sessionId).toBeDefined()
})

test('rotation.late: a request that was let in before its token was withdrawn opens nothing afterwards', async () => {
  const { path, write } = tokenFile('alice:of-alice', 'bob:of-bob')
  const bridge = await bridged(['--token-file', path, ...TOOL])
  await openStreamable(bridge, as('of-alice'))
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'slow', version: '1' },
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
  const req = request({
    port: bridge.port,
    path: '/mcp',
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json', 'content-length': body.length, ...as('of-alice').headers },
  })
  req.write(body.slice(0, 10))
  // Its head has been read once another, sent behind it, is answered.
  await send({ port: bridge.port, path: '/healthz' })
  await openStreamable(bridge, as('of-bob'))
  write('bob:of-bob')
  process.kill(bridge.pid, 'SIGHUP')
  await bridge.until(({ msg }) => msg === 'tokens read again')
  req.end(body.slice(10))
  const [res] = (await once(req, 'response')) as [IncomingMessage]
  res.resume()
  expect([res.statusCode, res.headers['mcp-session-id']]).toEqual([401, undefined])
})

test.each(['default', 'anonymous'])('rotation.reserved: nobody is called %s', async (name) => {
  const folder = tempDir()
  const { path, write } = tokenFile(`${name}:s3cret`)
  writeFileSync(join(folder, 'bridge.yaml'), `clients: { ${name}: { token: s3cret } }\n`)
  for (const args of [
    ['--token-file', path],
    ['--config', join(folder, 'bridge.yaml')],
  ]) {
    const { code, stderr } = await runBridge([...args, '--', 'true'])
    expect([code, stderr.includes(`the name ${name} is taken`), stderr.includes('s3cret')]).toEqual([
      2,
      true,
      false,
    ])
  }
  write('alice:of-alice')
  const bridge = await bridged(['--token-file', path, '--token', 'of-anybody', ...TOOL])
  const alice = await openStreamable(bridge, as('of-alice'))
  write(`${name}:s3cret`)
  process.kill(bridge.pid, 'SIGHUP')
  await bridge.until(({ msg }) => msg === 'token file not taken over')
  expect((await alice.request('ping')).result).toEqual({})
  await expect(openStreamable(bridge, as('s3cret'))).rejects.toMatchObject({ status: 401 })
})

test('rotation.strangers: a name of the token file that the config does not know is told, at the start and later', async () => {
  const config = join(tempDir(), 'bridge.yaml')
  writeFileSync(config, 'clients: { alice: { tools-allow: echo } }\n')
  const { path, write } = tokenFile('alice:of-alice', 'alcie:of-alcie')
  const bridge = await bridged(['--token-file', path, '--config', config, ...TOOL])
  const told = () =>
    bridge.logs
      .filter(({ msg }) => msg === 'clients does not know these names of the token file')
      .map(({ names }) => names)
  expect(told()).toEqual([['alcie']])
  write('alice:of-alice')
  process.kill(bridge.pid, 'SIGHUP')
  await bridge.until(({ msg }) => msg === 'tokens read again')
  write('alice:of-alice', 'bob:of-bob')
  process.kill(bridge.pid, 'SIGHUP')
  await eventually(() => told().length === 2, { what: 'the second to be told' })
  expect(told()[1]).toEqual(['bob'])
})

test('rotation.none: an empty list of clients is no token', async () => {
  const folder = tempDir()
  writeFileSync(join(folder, 'bridge.yaml'), 'host: 0.0.0.0\nclients: {}\n')
  const { code, stderr } = await runBridge([
    '--config',
    join(folder, 'bridge.yaml'),
    '--port',
    '0',
    '--',
    'true',
  ])
  expect([code, stderr.includes('is reachable by others: set --token')]).toEqual([2, true])
  const config = { command: fixture('echo'), clients: {} }
  expect(() => createBridge({ ...config, host: '0.0.0.0' })).toThrow('is reachable by others')
  const local = await bridged(['--config', join(folder, 'bridge.yaml'), '--host', '127.0.0.1', ...TOOL])
  expect((await openStreamable(local)).sessionId).toBeDefined()
  expect(local.stdout).toMatch(/access +from this machine/)
})
