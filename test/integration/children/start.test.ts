// start: the trial: what is awaited shows in readiness; a tool that cannot start ends the bridge, with the reason.
import { eventually, fixture, runBridge, send, StreamableClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeftAfterEach } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()

test('children.start: listens at once, and is ready when the tool has answered', async () => {
  const from = performance.now()
  const bridge = await bridged(['--', ...fixture('slow-start', '4000')])
  const listeningMs = performance.now() - from
  const readyz = () => send({ port: bridge.port, path: '/readyz' })
  const ready = await readyz()
  expect(ready.status).toBe(503)
  expect(ready.json()).toEqual({
    status: 'starting',
    reason: `waiting for ${process.execPath} to answer initialize`,
  })
  expect((await send({ port: bridge.port, path: '/healthz' })).status).toBe(200)

  // A client that is early waits, and is served.
  const early = new StreamableClient(bridge)
  const session = early.initialize()
  await eventually(async () => (await readyz()).status === 200, { what: 'to be ready' })
  expect(performance.now() - from - listeningMs).toBeGreaterThan(2000)
  expect((await session).error).toBeUndefined()
  expect(textOf(await early.call('echo', { text: 'served' }))).toBe('served')
  expect(await bridge.until(({ msg }) => msg === 'tool answers')).toMatchObject({ name: 'slow-start' })
  // Banner first, tool later: both are for a person, on stdout.
  expect(bridge.stdout).toMatch(
    /http:\/\/127\.0\.0\.1:\d+\/mcp[^]*waiting for[^]*answers as\s+slow-start 1\.0\.0/,
  )
})

test('children.start: a long silence is explained in the log', async () => {
  const bridge = await bridged(['--', ...fixture('ignores-initialize')])
  const { level } = await bridge.until(({ msg }) => msg.startsWith('still waiting for the tool to answer'))
  expect(level).toBe('info')
  expect((await send({ port: bridge.port, path: '/readyz' })).status).toBe(503)
  // And SIGTERM does not wait for --start-timeout.
  const from = performance.now()
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  expect(performance.now() - from).toBeLessThan(15_000)
})

test('children.start: a tool that dies ends the bridge with exit code and last stderr lines', async () => {
  const run = await runBridge([
    '--port',
    '0',
    '--',
    ...fixture('dies-at-start', '42', 'first line\nsecond line'),
  ])
  expect(run.code).toBe(1)
  const said = run.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
  expect(said).toEqual([
    'mcp-bridge: the tool exited with code 42',
    '  | first line',
    '  | second line',
    '  → run the same command alone to see what it does',
  ])
  expect(run.durationMs).toBeLessThan(15_000)
})

test('children.start: a variable that is set here but not handed on is suggested, and the suggestion works', async () => {
  const command = fixture('dies-at-start', '--needs', 'THE_API_KEY')
  const env = { THE_API_KEY: 'k-123456' }
  const run = await runBridge(['--port', '0', '--', ...command], { env })
  expect(run.code).toBe(1)
  expect(run.stderr).toMatch(/^ {2}\| THE_API_KEY is not set$/m)
  expect(run.stderr).toMatch(/^ {2}→ .*: add --pass-env THE_API_KEY$/m)
  expect(run.stderr).not.toContain('k-123456')

  const bridge = await bridged(['--pass-env', 'THE_API_KEY', '--', ...command], { env })
  expect(textOf(await (await openStreamable(bridge)).call('env', { name: 'THE_API_KEY' }))).toBe('k-123456')
})

test('children.start: a variable that is not set here either is not suggested', async () => {
  const run = await runBridge(['--port', '0', '--', ...fixture('dies-at-start', '--needs', 'THE_API_KEY')])
  expect(run.code).toBe(1)
  expect(run.stderr).toMatch(/^ {2}\| THE_API_KEY is not set$/m)
  expect(run.stderr).not.toContain('--pass-env')
})

test('children.start: a tool that never answers ends the bridge after --start-timeout', async () => {
  const run = await runBridge([
    '--port',
    '0',
    '--start-timeout',
    '700ms',
    '--',
    ...fixture('ignores-initialize'),
  ])
  expect(run.code).toBe(1)
  expect(run.stderr).toMatch(/^mcp-bridge: the tool did not answer initialize within 700 ms$/m)
  expect(run.stderr).toMatch(/^ {2}→ raise --start-timeout/m)
  expect(run.durationMs).toBeGreaterThan(700)
  expect(run.durationMs).toBeLessThan(15_000)
})

test('children.start: with --header-env a tool that needs what a client brings is no failure', async () => {
  const bridge = await bridged([
    '--header-env',
    'X-Tool-Key=TOOL_KEY',
    '--',
    ...fixture('dies-at-start', '--needs', 'TOOL_KEY'),
  ])
  await bridge.until(({ msg }) => msg.startsWith('the tool does not start without what a client brings'))
  expect((await send({ port: bridge.port, path: '/readyz' })).status).toBe(200)
  const client = await openStreamable(bridge, { headers: { 'x-tool-key': 'mine' } })
  expect(textOf(await client.call('env', { name: 'TOOL_KEY' }))).toBe('mine')
  const without = new StreamableClient(bridge)
  expect((await without.initialize()).error?.data).toMatchObject({
    code: 'child_exited',
    stderr: ['TOOL_KEY is not set'],
  })
})
