// calls: the audit file has a line for each call that was made, and nothing of what was asked and answered.
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixture, ModernClient, send, tempDir, type RpcResponse } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openSse, openStreamable } from '../clients.ts'
import { auditFile, linesOf, textOf, untilLines } from './lines.ts'

nothingLeft()

const SECRETS = [
  'secret-of-an-argument',
  'secret-of-a-variable',
  'secret-in-a-resource',
  'secret-in-a-header',
  'secret-in-a-path',
]
const PEOPLE = ['ann', 'ben']
const tokenOf = (person: string) => `secret-token-of-${person}`

interface Caller {
  person: string
  wire: string
  request(method: string, params: object): Promise<RpcResponse>
}

test.each([
  ['a child that begins with initialize', fixture('echo')],
  ['a child of 2026-07-28', fixture('speaks-modern')],
])(
  'audit.calls: %s: one line for each call on every wire, with how it ended',
  async (_what, command) => {
    const isModern = command.join().includes('modern')
    const file = auditFile()
    const tokens = join(tempDir(), 'tokens')
    writeFileSync(tokens, PEOPLE.map((person) => `${person}:${tokenOf(person)}\n`).join(''))
    const options = ['--audit', file, '--token-file', tokens, '--env', `KEY=${SECRETS[1]}`]
    const limits = ['--call-timeout', '2s', '--header-env', 'X-Key=HEADER_KEY']
    const { port, stop } = await bridged([...options, ...limits, '--', ...command])
    const made: string[] = []
    const open = async (person: string): Promise<Caller[]> => {
      const headers = { authorization: `Bearer ${tokenOf(person)}`, 'x-key': SECRETS[3] ?? '' }
      const streamable = await openStreamable({ port }, { headers })
      const sse = await openSse({ port }, { headers })
      const modern = new ModernClient({ port, headers, name: person })
      return [
        { person, wire: 'streamable', request: (method, params) => streamable.request(method, params) },
        { person, wire: 'sse', request: (method, params) => sse.request(method, params) },
        {
          person,
          wire: 'stateless',
          request: async (method, params) => (await modern.request(method, params)).response,
        },
      ]
    }
    const callers = (await Promise.all(PEOPLE.map(open))).flat()
    const call = async (
      { person, wire, request }: Caller,
      method: string,
      params: { name?: string; [member: string]: unknown },
    ) => {
      const { error, result } = await request(method, params)
      const outcome =
        error === undefined
          ? result.isError === true
            ? 'tool_error'
            : 'ok'
          : ((error.data as { code?: string } | undefined)?.code ?? 'error')
      made.push([person, wire, method, params.name, outcome].join(' '))
    }
    await Promise.all(
      callers.map(async (caller) => {
        for (let i = 0; i < 12; i++) {
          const args = { text: SECRETS[0] }
          await call(caller, 'tools/call', { name: 'echo', arguments: args })
          await call(caller, 'tools/call', { name: `invented-${i}` })
          await call(caller, 'tools/list', {})
        }
        if (isModern) return
        await call(caller, 'tools/call', { name: 'big', arguments: { bytes: -1 } })
        await call(caller, 'resources/read', { uri: `fixture://${SECRETS[2]}` })
      }),
    )
    if (!isModern) {
      const sleep = { name: 'sleep', arguments: { ms: 60_000 } }
      await Promise.all(callers.slice(0, 3).map((caller) => call(caller, 'tools/call', sleep)))
      await Promise.all(callers.slice(0, 3).map((caller) => call(caller, 'tools/call', { name: 'crash' })))
    }
    await send({ port, path: `/${SECRETS[4]}`, headers: { authorization: 'Bearer wrong-secret-token' } })
    expect(await stop()).toEqual({ code: 0, signal: null })

    const text = textOf(file)
    const lines = linesOf(text)
    const calls = lines.filter(({ event }) => event === 'call')
    const told = calls.map(({ principal, wire, method, tool, outcome }) =>
      [principal, wire, method, tool, outcome].join(' '),
    )
    expect(told.toSorted()).toEqual(made.toSorted())
    for (const line of calls) {
      expect(line).toMatchObject({ durationMs: expect.any(Number), requestBytes: expect.any(Number) })
      expect(line['responseBytes']).toBeGreaterThan(0)
    }
    expect(calls.find(({ outcome }) => outcome === 'error')).toMatchObject({ errorCode: expect.any(Number) })
    for (const secret of [...SECRETS, 'wrong-secret-token', ...PEOPLE.map(tokenOf)])
      expect(text).not.toContain(secret)
    expect(lines.map(({ time }) => time)).toEqual(lines.map(({ time }) => time).toSorted())
    expect(statSync(file).mode & 0o777).toBe(0o600)
  },
  60_000,
)

test('audit.cancelled: a call that nobody waits for is told as such, on every wire and before its process is up', async () => {
  const file = auditFile()
  const { port } = await bridged(['--audit', file, '--', ...fixture('echo')])
  const params = { name: 'sleep', arguments: { ms: 60_000 } }
  const streamable = await openStreamable({ port })
  const sse = await openSse({ port })
  const waiting = streamable.request('tools/call', params, { id: 'mine' })
  await sse.post({ jsonrpc: '2.0', id: 7, method: 'tools/call', params })
  await Promise.all([streamable.cancel('mine'), sse.cancel(7)])
  expect((await waiting).error).toMatchObject({ data: { code: 'request_cancelled' } })
  const modern = new ModernClient({ port })
  await modern.call('echo')
  const leaving = new AbortController()
  await modern
    .open('tools/call', params, { signal: leaving.signal, progressToken: 1 })
    .then(() => leaving.abort())
  const lines = await untilLines(file, 'call', 4)
  const told = lines.map(({ wire, tool, outcome }) => [wire, tool, outcome].join(' '))
  expect(told.toSorted()).toEqual([
    'sse sleep cancelled',
    'stateless echo ok',
    'stateless sleep cancelled',
    'streamable sleep cancelled',
  ])
})

test('audit.failed: a call that no process could be started for has its line', async () => {
  const file = auditFile()
  const command = fixture('refuses-second', join(tempDir(), 'lock'))
  const bridge = await bridged(['--audit', file, '--warm', '0', '--', ...command])
  // Has the only process that there can be.
  await openStreamable(bridge)
  const { error } = await new ModernClient(bridge).call('anything')
  expect(error?.data).toMatchObject({ code: expect.any(String) })
  const lines = await untilLines(file, 'call', 1)
  expect(lines).toMatchObject([{ tool: 'anything', outcome: error?.data?.code, errorCode: error?.code }])
})

test('audit.stdout: with - stdout holds the lines and nothing else, and no name makes two of one', async () => {
  const bridge = await bridged(['--audit', '-', '--', ...fixture('echo')])
  const name = 'evil\n{"event":"call"}\r\u2028\u0000\u001b[2J\u202e"\\'
  const clientInfo = { name, version: name }
  const client = await openStreamable(bridge, { clientInfo })
  await client.call(name)
  // A method with a NUL in it is refused as a whole.
  await client.request(name.replace('\0', ''), {})
  await client.call('x'.repeat(100_000))
  await send({ port: bridge.port, path: `/mcp`, method: 'PUT' })
  await bridge.stop()
  const lines = linesOf(bridge.stdout)
  expect(lines.filter(({ event }) => event === 'call').map(({ outcome }) => outcome)).toEqual([
    'error',
    'ok',
    'error',
  ])
  expect(lines.at(0)).toMatchObject({ event: 'bridge.started' })
  expect(lines.at(-1)).toMatchObject({ event: 'bridge.closed' })
  // Of JSON a line holds only what is seen.
  expect(bridge.stdout.replaceAll('\n', '')).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]*$/u)
  for (const line of lines) expect(JSON.stringify(line).length).toBeLessThan(2000)
})

test('audit.silent: a call without an id has no line, and does nothing', async () => {
  const file = auditFile()
  const bridge = await bridged(['--audit', file, '--', ...fixture('echo')])
  const [streamable, sse] = [await openStreamable(bridge), await openSse(bridge)]
  const silent = { jsonrpc: '2.0', method: 'tools/call', params: { name: 'crash', arguments: {} } }
  expect((await streamable.post(silent)).status).toBe(400)
  await sse.post(silent)
  for (const client of [streamable, sse]) await client.call('echo')
  const lines = await untilLines(file, 'call', 2)
  expect(lines.map(({ tool }) => tool)).toEqual(['echo', 'echo'])
})

test('audit.trace: a line has the trace that the request names, in _meta before the headers', async () => {
  const file = auditFile()
  const bridge = await bridged(['--audit', file, '--', ...fixture('echo')])
  const [own, outer] = ['a'.repeat(32), 'b'.repeat(32)]
  const headers = { traceparent: `00-${outer}-${'1'.repeat(16)}-01` }
  const traceparent = `00-${own}-${'2'.repeat(16)}-00`
  const client = await openStreamable(bridge, { headers })
  await client.call('echo')
  await client.request('tools/call', { name: 'echo', _meta: { traceparent } })
  await new ModernClient(bridge).call('echo', {}, { meta: { traceparent } })
  await new ModernClient(bridge).call('echo', {}, { meta: { traceparent: 'no","such":"' } })
  const lines = await untilLines(file, 'call', 4)
  expect(lines.map(({ traceId }) => traceId)).toEqual([outer, own, own, undefined])
})

test('audit.arguments: those of the named tools are told, without what is secret; of other tools none', async () => {
  const file = auditFile()
  const tokens = join(tempDir(), 'tokens')
  writeFileSync(tokens, 'ann:secret-token-of-ann\nben:secret-token-of-ben\n')
  const given = ['--env', 'KEY=secret-of-a-variable', '--header-env', 'X-Key=HEADER_KEY']
  const options = ['--audit', file, '--audit-arguments', 'echo,!pid', '--token-file', tokens, ...given]
  const { port, stop } = await bridged([...options, '--', ...fixture('echo')])
  const headers = { authorization: 'Bearer secret-token-of-ann', 'x-key': 'secret-in-a-header' }
  const client = await openStreamable({ port }, { headers })
  const told = { text: 'hello\n\u2028', deep: [{ path: '/tmp/a.txt', count: 3 }] }
  const hidden = {
    password: 'secret-by-name',
    own: 'secret-token-of-ann, secret-token-of-ben',
    variables: ['secret-of-a-variable', { also: 'secret-in-a-header' }],
    key: 'ghp_secretabcdefghijklmnopqrstuvwxyz0123',
  }
  await client.call('echo', { ...told, ...hidden })
  await new ModernClient({ port, headers }).call('echo', told)
  await client.call('pid', told)
  await client.call('echo', { text: 'word '.repeat(2000) })
  await client.call('echo', { text: 'x'.repeat(100_000) })
  await stop()
  const text = textOf(file)
  expect(text).not.toContain('secret')
  const seen = linesOf(text).flatMap((line) => (line.event === 'call' ? [line['arguments']] : []))
  const masked = { password: '***', own: '***, ***', variables: ['***', { also: '***' }], key: '***' }
  expect(seen).toEqual([{ ...told, ...masked }, told, undefined, expect.any(String), '…'])
  for (const line of text.split('\n')) expect(line.length).toBeLessThan(6000)
})
