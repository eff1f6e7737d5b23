// logs: JSON on stderr, one line an event, the child's stderr with its pid; neither payloads nor secrets.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixture, runBridge, send, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeftAfterEach } from '../bridges.ts'
import { openSse, openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()

test('cli.logs: every line of stderr is JSON with level, time and a constant sentence', async () => {
  const bridge = await bridged(['--', ...fixture('echo')])
  const client = await openStreamable(bridge)
  const pid = Number(textOf(await client.call('pid')))
  await client.call('stderr', { text: 'a word from the child' })
  expect(await bridge.until(({ line }) => line === 'a word from the child')).toMatchObject({
    msg: 'child stderr',
    level: 'info',
    childPid: pid,
  })
  await client.del()
  await bridge.until(({ msg, childPid }) => msg === 'child stopped' && childPid === pid)
  await send({ port: bridge.port, path: '/nowhere' })
  await bridge.stop()
  const lines = bridge.stderr.trimEnd().split('\n')
  expect(lines.filter((line) => !line.startsWith('{'))).toEqual([])
  expect(bridge.logs).toHaveLength(lines.length)
  for (const { level, time } of bridge.logs) {
    expect(['info', 'warn']).toContain(level)
    expect(Number.isNaN(Date.parse(time))).toBe(false)
  }
  const of = (sentence: string) => bridge.logs.filter(({ msg }) => msg === sentence)
  // A session id is a credential where no tokens are.
  const shortId = client.sessionId?.slice(0, 8)
  expect(of('listening')).toMatchObject([{ port: bridge.port }])
  expect(of('session opened')).toMatchObject([
    { sessionId: shortId, childPid: pid, binding: 'streamable', protocolVersion: '2025-11-25' },
  ])
  expect(of('session closed')).toMatchObject([{ sessionId: shortId, reason: 'ended by the client' }])
  expect(of('request refused')).toMatchObject([{ method: 'GET', path: '/nowhere', code: 'not_found' }])
  expect(of('shutting down')).toMatchObject([{ signal: 'SIGTERM' }])
  expect(of('closed')).toHaveLength(1)
})

const SECRETS = {
  token: 's3cret-token',
  wrongToken: 's3cret-wrong',
  fileToken: 's3cret-of-a-file',
  env: 's3cret-env',
  passed: 's3cret-passed',
  header: 's3cret-header',
  argument: 's3cret-argument',
  query: 's3cret-query',
  cookie: 's3cret-cookie',
}

test.each(['info', 'debug'])('cli.logs: at %s no payload and no secret', async (level) => {
  const tokens = join(tempDir(), 'tokens')
  writeFileSync(tokens, `alice:${SECRETS.fileToken}\n`)
  const bridge = await bridged(
    [
      ...[
        '--log-level',
        level,
        '--token',
        SECRETS.token,
        '--token-file',
        tokens,
        '--env',
        `API_KEY=${SECRETS.env}`,
      ],
      ...['--pass-env', 'PASSED', '--header-env', 'X-Tool-Key=TOOL_KEY', '--', ...fixture('echo')],
    ],
    { env: { PASSED: SECRETS.passed } },
  )
  const headers = {
    authorization: `Bearer ${SECRETS.token}`,
    'x-tool-key': SECRETS.header,
    cookie: SECRETS.cookie,
  }
  for (const open of [openStreamable, openSse]) {
    const client = await open(bridge, { headers })
    expect(textOf(await client.call('echo', { text: SECRETS.argument }))).toBe(SECRETS.argument)
    for (const [name, value] of [
      ['API_KEY', SECRETS.env],
      ['PASSED', SECRETS.passed],
      ['TOOL_KEY', SECRETS.header],
    ])
      expect(textOf(await client.call('env', { name }))).toBe(value)
    await client.call('no-such-tool', { text: SECRETS.argument })
    expect((await client.post({ jsonrpc: '2.0', id: 77, secret: SECRETS.argument })).status).toBe(400)
    expect((await client.post(`{"broken": "${SECRETS.argument}`)).status).toBe(400)
    expect(
      (await client.post({ jsonrpc: '2.0', id: 78, method: 'ping' }, { 'x-tool-key': 's3cret-other' }))
        .status,
    ).toBe(403)
    await client.call('crash')
  }
  const alice = await openStreamable(bridge, { headers: { 'x-api-key': SECRETS.fileToken } })
  expect(textOf(await alice.call('echo', { text: SECRETS.argument }))).toBe(SECRETS.argument)
  const { port } = bridge
  expect((await send({ port, path: '/mcp', headers: { 'x-api-key': SECRETS.wrongToken } })).status).toBe(401)
  expect(
    (
      await send({
        port,
        path: `/mcp?token=${SECRETS.query}`,
        headers: { authorization: `Bearer ${SECRETS.wrongToken}` },
      })
    ).status,
  ).toBe(401)
  await bridge.until(({ msg, code }) => msg === 'request refused' && code === 'unauthorized')
  await bridge.stop()
  expect(bridge.logs.length).toBeGreaterThan(15)
  expect(bridge.stderr + bridge.stdout).not.toContain('s3cret')
})

test('cli.logs: a secret that is wrong is not repeated in the complaint', async () => {
  const run = await runBridge([
    ...[
      '--env',
      's3cret-without-name',
      '--token',
      's3cret with a blank',
      '--header-env',
      's3cret',
      '--port',
      '0',
    ],
    ...['--', 'true'],
  ])
  expect(run.code).toBe(2)
  expect(run.stderr).toContain('3 problems')
  expect(run.stderr + run.stdout).not.toContain('s3cret')
})

test('cli.logs: --log-format pretty is for eyes, --log-level silent for nobody', async () => {
  const args = ['--port', '0', '--', ...fixture('dies-at-start', '3')]
  const pretty = await runBridge(['--log-format', 'pretty', ...args])
  expect(pretty.logs).toEqual([])
  expect(pretty.stderr).toMatch(/INFO.*listening/)
  const silent = await runBridge(['--log-level', 'silent', ...args])
  expect(silent.logs).toEqual([])
  // What ends the bridge is no log.
  expect(silent.stderr).toMatch(/^mcp-bridge: the tool exited with code 3$/m)
})
