// refusals: what cannot work ends within a second with one clear line, what to do, and a non-zero exit code.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fixture, runBridge, tempDir, type BridgeRun } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeftAfterEach } from '../bridges.ts'

nothingLeftAfterEach()

/** A second where nothing else runs; here it tells an immediate end from one that waited for something. */
const SOON_MS = 10_000

/** What is for a person: not the log. */
const linesOf = ({ stderr }: BridgeRun) =>
  stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))

const seen = (run: BridgeRun) => ({
  code: run.code,
  lines: linesOf(run),
  isSoon: run.durationMs < SOON_MS,
})

const refused = (problem: RegExp, hint: RegExp): ReturnType<typeof seen> => ({
  code: 1,
  lines: [expect.stringMatching(problem), expect.stringMatching(hint)],
  isSoon: true,
})

describe('cli.refusals: a command', () => {
  test('that is not there', async () => {
    const run = await runBridge(['--port', '0', '--', 'no-such-tool', '--flag'])
    expect(seen(run)).toEqual(
      refused(/^mcp-bridge: command not found: no-such-tool$/, /^ {2}→ .*spelling.*PATH$/),
    )
  })

  test('and its arguments in one pair of quotes', async () => {
    const run = await runBridge(['--port', '0', '--', 'npx -y some-server'])
    expect(seen(run)).toEqual(
      refused(/command not found: npx -y some-server$/, /^ {2}→ .*separately, not in one pair of quotes$/),
    )
  })

  test('with a variable in front, whose value is not repeated', async () => {
    const run = await runBridge(['--port', '0', '--', 'API_KEY=s3cret', 'npx', 'some-server'])
    expect(seen(run)).toEqual(
      refused(
        /^mcp-bridge: command not found: API_KEY=…$/,
        /^ {2}→ .*no shell.*--env API_KEY=… before the "--"$/,
      ),
    )
    expect(run.stderr).not.toContain('s3cret')
  })

  test('as only a shell understands it', async () => {
    const run = await runBridge(['--port', '0', '--', '~/bin/tool'])
    expect(seen(run)).toEqual(
      refused(/^mcp-bridge: command not found: ~\/bin\/tool$/, /^ {2}→ no shell.*whole path$/),
    )
  })

  test('that is not executable', async () => {
    const path = join(tempDir(), 'tool.py')
    writeFileSync(path, '#!/usr/bin/env python3\n', { mode: 0o644 })
    const run = await runBridge(['--port', '0', '--', path])
    expect(seen(run)).toEqual(
      refused(/^mcp-bridge: .*tool\.py is not executable$/, /^ {2}→ .*chmod \+x .*tool\.py/),
    )
  })

  test('whose interpreter is missing', async () => {
    const path = join(tempDir(), 'tool')
    writeFileSync(path, '#!/no/such/interpreter\n', { mode: 0o755 })
    const run = await runBridge(['--port', '0', '--', path])
    expect(seen(run)).toEqual(
      refused(/^mcp-bridge: .*interpreter in its first line is not$/, /^ {2}→ install the interpreter/),
    )
  })

  test('in a folder that is not there', async () => {
    const run = await runBridge(['--port', '0', '--cwd', '/no/such/folder', '--', ...fixture('echo')])
    expect(seen(run)).toEqual(
      refused(
        /^mcp-bridge: the working directory \/no\/such\/folder does not exist$/,
        /^ {2}→ correct --cwd$/,
      ),
    )
  })

  test('that is a folder', async () => {
    const path = join(tempDir(), 'tool')
    mkdirSync(path)
    const run = await runBridge(['--port', '0', '--', path])
    expect(seen(run)).toEqual(refused(/^mcp-bridge: .*tool is not executable$/, /^ {2}→ /))
  })
})

describe('cli.refusals: an address', () => {
  test('in use, by something else', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const run = await runBridge(['--port', String(port), '--', ...fixture('echo')])
    other.close()
    expect(seen(run)).toEqual(
      refused(new RegExp(`^mcp-bridge: 127.0.0.1:${port} is in use$`), /^ {2}→ choose another --port/),
    )
    expect(run.logs.filter(({ msg }) => msg === 'child started')).toEqual([])
  })

  test('in use, by another bridge, which goes on', async () => {
    const first = await bridged(['--', ...fixture('echo')])
    const run = await runBridge(['--port', String(first.port), '--', ...fixture('echo')])
    expect(seen(run)).toEqual(refused(/is in use$/, /^ {2}→ /))
    expect((await fetch(first.url('/healthz'))).status).toBe(200)
  })

  test('that is not of this machine', async () => {
    const run = await runBridge([
      '--host',
      '192.0.2.1',
      '--insecure',
      '--port',
      '0',
      '--',
      ...fixture('echo'),
    ])
    expect(seen(run)).toEqual(
      refused(/^mcp-bridge: 192\.0\.2\.1 is not an address of this machine$/, /^ {2}→ correct --host$/),
    )
  })

  test('that others can reach, without a token', async () => {
    const run = await runBridge(['--host', '0.0.0.0', '--port', '0', '--', ...fixture('echo')])
    expect(run.code).toBe(2)
    expect(run.stderr).toMatch(
      /--host 0\.0\.0\.0 is reachable by others: set --token or --token-file, or --insecure/,
    )
    expect(run.logs).toEqual([])
  })
})
