// check: starts a command, says what it is and what is odd about it, and ends it; healthcheck asks a running bridge.
import { join } from 'node:path'
import { fixture, runBridge, tempDir } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeftAfterEach } from '../bridges.ts'

nothingLeftAfterEach()

const check = (...command: string[]) => runBridge(['check', '--', ...command])

const deaf = (step: string) => `does not end when its stdin is closed; it took ${step}`

async function warnings(...command: string[]): Promise<string[]> {
  const run = await runBridge(['check', '--format', 'json', '--', ...command])
  expect([run.code, run.stderr]).toEqual([0, ''])
  return JSON.parse(run.stdout).warnings
}

describe('cli.check', () => {
  test('a table of what the tool offers, what it costs, and that nothing is odd', async () => {
    const { code, stdout, stderr } = await check(...fixture('echo'))
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^echo 1\.0\.0, protocol 2025-11-25$/m)
    expect(stdout).toMatch(/^start \d+ ms, memory [1-9]\d* MiB in 1 process$/m)
    expect(stdout).toMatch(/^capabilities: tools, resources, logging$/m)
    expect(stdout).toMatch(/^tools \(\d\d\)$/m)
    expect(stdout).toMatch(/^ {2}echo +echo: echo$/m)
    expect(stdout).toMatch(/^resources \(1\)\n {2}page$/m)
    expect(stdout).toMatch(/^nothing odd$/m)
  })

  test('the same as JSON, alone on stdout', async () => {
    const run = await runBridge(['check', '--format', 'json', '--', ...fixture('grandchild')])
    expect([run.code, run.stderr]).toEqual([0, ''])
    expect(JSON.parse(run.stdout)).toMatchObject({
      name: 'grandchild',
      version: '1.0.0',
      protocolVersion: '2025-11-25',
      capabilities: ['tools', 'resources', 'logging'],
      tools: expect.arrayContaining([{ name: 'pids', description: 'grandchild: pids' }]),
      processes: 2,
      secondProcess: true,
      warnings: [],
    })
    expect(JSON.parse(run.stdout).memoryBytes).toBeGreaterThan(50e6)
    expect(JSON.parse(run.stdout).startMs).toBeGreaterThan(0)
  })

  test('noise on stdout is odd', async () => {
    const [first, ...others] = await warnings(...fixture('noisy-stdout'))
    expect(others).toEqual([])
    expect(first).toMatch(/^prints what is no message to stdout .*noisy-stdout 1\.0\.0 is listening on stdio/)
  })

  test.each([
    ['content-length', 'frames its messages with Content-Length'],
    ['unended', 'answered initialize without a line break at its end'],
    ['echo', "an echo of the bridge's own request: a terminal stands between"],
  ])('a tool that has its framing wrong (%s) is told so', async (how, words) => {
    const command = fixture('odd-framing', how)
    const run = await runBridge(['check', '--start-timeout', '2s', '--', ...command])
    expect([run.code, run.stdout]).toEqual([1, ''])
    expect(run.stderr).toContain(words)
  })

  test('deaf to EOF is odd, deaf to SIGTERM too', async () => {
    const found = ['deaf-to-eof', 'deaf-to-sigterm'].map((name) => warnings(...fixture(name)))
    expect(await Promise.all(found)).toEqual([[deaf('SIGTERM')], [deaf('SIGKILL')]])
  })

  test('a second process that cannot run beside the first is odd', async () => {
    const lock = join(tempDir(), 'lock')
    const { code, stdout } = await check(...fixture('refuses-second', lock))
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^odd:\n {2}- a second process cannot run beside the first: .*exited with code 1.*\(locked\)$/m,
    )
    expect(await warnings(...fixture('refuses-second', lock))).toHaveLength(1)
  })

  test('what cannot start or does not answer exits with 1 and the reason', async () => {
    const missing = await check('no-such-tool')
    expect([missing.code, missing.stdout]).toEqual([1, ''])
    expect(missing.stderr).toMatch(/^mcp-bridge: command not found: no-such-tool$/m)
    const dead = await check(...fixture('dies-at-start', '4', 'no database'))
    expect([dead.code, dead.stdout]).toEqual([1, ''])
    expect(dead.stderr).toMatch(/^mcp-bridge: the tool exited with code 4\n {2}\| no database$/m)
    const mute = await runBridge([
      'check',
      '--start-timeout',
      '500ms',
      '--',
      ...fixture('ignores-initialize'),
    ])
    expect(mute.code).toBe(1)
    expect(mute.stderr).toMatch(/^mcp-bridge: the tool did not answer initialize within 500 ms$/m)
    expect((await runBridge(['check'])).code).toBe(2)
  })

  test('variables and folder are given as to the bridge itself', async () => {
    const run = await runBridge([
      'check',
      '--env',
      'NEEDED=x',
      '--',
      ...fixture('dies-at-start', '--needs', 'NEEDED'),
    ])
    expect([run.code, run.stdout]).toEqual([0, expect.stringContaining('dies-at-start 1.0.0')])
  })
})

test('cli.check: 20 MB on stderr block nothing', async () => {
  expect(await warnings(...fixture('floods-stderr'))).toEqual([])
})

describe('cli.healthcheck', () => {
  test('0 when ready, 1 with the reason when not', async () => {
    const ready = await bridged(['--', ...fixture('echo')])
    await ready.until(({ msg }) => msg === 'tool answers')
    const port = String(ready.port)
    expect(await runBridge(['healthcheck', '--port', port])).toMatchObject({
      code: 0,
      stdout: '{"status":"ready"}\n',
    })
    expect(await runBridge(['healthcheck'], { env: { MCP_BRIDGE_PORT: port } })).toMatchObject({ code: 0 })
    expect(await runBridge(['healthcheck', '--url', ready.url('/readyz')])).toMatchObject({ code: 0 })

    const starting = await bridged(['--', ...fixture('slow-start', '600000')])
    const run = await runBridge(['healthcheck', '--port', String(starting.port)])
    expect(run.code).toBe(1)
    expect(run.stdout).toMatch(/"status":"starting","reason":"waiting for .* to answer initialize"/)
  })

  test('1 when nobody answers, in time', async () => {
    const gone = await bridged(['--', ...fixture('echo')])
    await gone.stop()
    const run = await runBridge(['healthcheck', '--port', String(gone.port)])
    expect(run).toMatchObject({ code: 1, stdout: expect.stringContaining('ECONNREFUSED') })
    const stopped = await bridged(['--', ...fixture('echo')])
    process.kill(stopped.pid, 'SIGSTOP')
    const late = await runBridge(['healthcheck', '--timeout', '300ms', '--port', String(stopped.port)])
    process.kill(stopped.pid, 'SIGCONT')
    expect(late.code).toBe(1)
    expect(late.durationMs).toBeLessThan(15_000)
  })

  test('2 for what it does not understand', async () => {
    expect(await runBridge(['healthcheck', '--url', 'nonsense'])).toMatchObject({ code: 2 })
    expect(await runBridge(['healthcheck', '--port', '0'])).toMatchObject({ code: 2 })
  })
})
