// foreign: what a tool or a client says reaches a terminal and an error text as text, and bounded.
import { fileURLToPath } from 'node:url'
import { eventually, fixture, runBridge, send, start, StreamableClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeftAfterEach } from '../bridges.ts'
import { openStreamable } from '../clients.ts'

nothingLeftAfterEach()

const BIN = fileURLToPath(new URL('../../../packages/bridge/bin/mcp-bridge.js', import.meta.url))
const TOOL = ['--', ...fixture('hides-text')] as const

/** All but line breaks. */
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2028\u2029\u2066-\u2069]/
/** The same, but for the colours of the log itself. */
// eslint-disable-next-line no-control-regex
const uncoloured = (text: string) => text.replaceAll(/\u001b\[\d+m/g, '')

test('cli.foreign: check shows names and descriptions as text, and calls them odd', async () => {
  const table = await runBridge(['check', ...TOOL])
  expect([table.code, table.stderr]).toEqual([0, ''])
  expect(table.stdout).not.toMatch(UNSEEN)
  expect(table.stdout).toContain(String.raw`hides\u001b[2J-text 1\u009b2J\u202e`)
  expect(table.stdout).toContain(String.raw`capabilities: tools, odd\u009b2J`)
  expect(table.stdout).toMatch(/^ {2}wipe\\u001b\[2J +harmless \\u001b\[8mhidden\\u001b\[0m$/m)
  expect(table.stdout).toMatch(/^ {2}- its names or descriptions hold escape sequences/m)
  const { stdout } = await runBridge(['check', '--format', 'json', ...TOOL])
  expect(stdout).not.toMatch(UNSEEN)
  expect(JSON.parse(stdout).tools[1]).toEqual({ name: 'turn\u202e', description: 'next\u0085line\u009b2J' })
})

test('cli.foreign: the banner shows the tool and its tools as text, and the log is plain', async () => {
  const bridge = await bridged([...TOOL, 'argument\u001b[2J'])
  await eventually(() => bridge.stdout.includes('Client configuration'), { what: 'the whole banner' })
  expect(bridge.stdout).not.toMatch(UNSEEN)
  expect(bridge.stdout).toContain(String.raw`argument\u001b[2J`)
  expect(bridge.stdout).toContain(String.raw`wipe\u001b[2J, turn\u202e`)
  const client = await openStreamable(bridge)
  await client.call('wipe')
  const { line } = await bridge.until(({ msg }) => msg === 'child stderr')
  // A reader of JSON gets what was said.
  expect(line).toBe('called \u001b[2J\u009b2J')
  expect(bridge.stderr).not.toMatch(UNSEEN)
})

test('cli.foreign: what ends the bridge is told with the lines of stderr as text, without their colours', async () => {
  for (const command of [['check'], ['--port', '0', '--log-level', 'silent']]) {
    const { code, stderr } = await runBridge([...command, ...TOOL, '--dies'])
    expect(code).toBe(1)
    expect(stderr).not.toMatch(UNSEEN)
    expect(stderr).toMatch(/^ {2}\| no database\\u009b2J\\u001b\[2J\\u001b\[1A$/m)
  }
})

test('cli.foreign: on a terminal no field of the log clears it', async () => {
  const { process: bridge, exited } = await start(
    [process.execPath, BIN, '--port', '0', '--log-format', 'pretty', '--log-level', 'debug', ...TOOL],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const seen = { out: '', err: '' }
  bridge.stdout?.setEncoding('utf8').on('data', (text: string) => (seen.out += text))
  bridge.stderr?.setEncoding('utf8').on('data', (text: string) => (seen.err += text))
  const found = () => /127\.0\.0\.1:(\d+)\/mcp/.exec(seen.out)?.[1] ?? false
  const port = Number(await eventually(found, { what: 'the address in the banner' }))
  expect((await send({ port, path: '/mcp', headers: { host: 'evil\u009b2J' } })).status).toBe(403)
  expect((await send({ port, path: '/mcp', headers: { origin: 'http://evil\u009b2J' } })).status).toBe(403)
  const client = new StreamableClient({ port })
  await client.initialize()
  await client.call('wipe')
  await client.post({ jsonrpc: '2.0', id: 'late\u009b2J', result: {} })
  await client.del()
  await eventually(() => /called .*2J/.test(seen.err) && /session closed/.test(seen.err), {
    what: 'all that was told',
  })
  bridge.kill('SIGTERM')
  await exited
  expect(uncoloured(seen.err)).not.toMatch(UNSEEN)
  expect(seen.err).toMatch(/host \\"evil.*2J\\"/)
  expect(seen.err).toMatch(/response nobody asked for.*late.*2J/)
  expect(seen.err).not.toContain(client.sessionId)
})

test('cli.foreign: a refusal repeats little of what was sent, and that as text', async () => {
  const bridge = await bridged(['--children', 'pool', '--tools-allow', 'echo', '--', ...fixture('echo')])
  const { port } = bridge
  const long = `\u009b2J${'x'.repeat(5000)}`
  const client = await openStreamable(bridge)
  const replies = [
    await send({ port, path: `/${'x'.repeat(5000)}` }),
    await send({ port, path: '/mcp', headers: { host: long } }),
    await send({ port, path: '/mcp', headers: { origin: long } }),
    await client.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { 'content-type': `text/${long}` }),
    await client.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { 'content-encoding': long }),
    await client.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { 'mcp-protocol-version': long }),
    await client.post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: `\u202e${long}` } }),
    await client.post({ jsonrpc: '2.0', id: 1, method: `tasks/\u202e${long}` }),
  ]
  for (const { body } of replies) {
    expect(body).toContain('"error"')
    expect(body.length).toBeLessThan(700)
    expect(body).not.toMatch(UNSEEN)
  }
  expect(replies.map(({ status }) => status)).toEqual([404, 403, 403, 415, 415, 400, 200, 200])
  // Of header values the log has those two that an operator needs to admit who was refused.
  const refusals = bridge.logs
    .filter(({ msg }) => msg === 'request refused')
    .map(({ reason }) => String(reason))
  expect(refusals.filter((reason) => reason.includes('2J'))).toEqual([
    expect.stringMatching(/^host "/),
    expect.stringMatching(/^origin "/),
  ])
  for (const reason of refusals) expect(reason.length).toBeLessThan(300)
})
