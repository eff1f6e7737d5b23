// diagnosis: a tool that is no stdio server as it is called is told why, in the same words by the bridge and by `check`.
import { fixture, runBridge, type BridgeRun } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeft({ anyExit: true })

/** Lines for a person: the log, which is JSON, is left out. */
function told({ stderr }: BridgeRun): string {
  return stderr
    .split('\n')
    .filter((line) => !line.startsWith('{'))
    .join('\n')
}

const serve = (options: readonly string[], command: readonly string[]) =>
  runBridge(['--port', '0', ...options, '--', ...command])
const check = (options: readonly string[], command: readonly string[]) =>
  runBridge(['check', ...options, '--', ...command])

const SAYS: [what: string, lines: string[], hint: string][] = [
  ['a browser', ["Error: browserType.launch: Executable doesn't exist at /x/chrome"], 'it drives a browser'],
  ['native code', ['Error: Could not locate the bindings file. Tried:'], 'a part of it that is built'],
  ['an older package', ["ImportError: cannot import name 'x' from 'mcp.server'"], "--with 'mcp<2'"],
  ['a folder', ["Error: EROFS: read-only file system, mkdir '/srv/logs'"], 'it may not write to /srv/logs'],
  ['a program', ['Error: spawn git ENOENT'], 'it starts the program git, which is not here'],
  [
    'an argument',
    ['tool: error: the following arguments are required: transport'],
    'it wants an argument: transport: "stdio" makes it speak stdio',
  ],
  ['a variable', ['API_BASE_URL environment variable is required'], 'it asks for API_BASE_URL'],
  ['a login', ['Please visit https://example.com/authorize to log in'], 'it wants a login'],
  ['a usage', ['Usage: tool [options]', '  --stdio  speak on stdio'], '"--stdio" makes it speak stdio'],
  ['a way out', ['Error: getaddrinfo ENOTFOUND api.example.com'], 'it cannot reach api.example.com'],
]

describe.concurrent('children.diagnosis', () => {
  test.each(SAYS)('ends and wants %s', async (_, lines, hint) => {
    const command = fixture('no-stdio', 'ends', ...lines)
    const [served, checked] = await Promise.all([serve([], command), check([], command)])
    expect([served.code, checked.code, checked.stdout]).toEqual([1, 1, ''])
    expect(told(served)).toMatch(new RegExp(`^  → .*${hint.replaceAll(/[()[\]|]/g, '\\$&')}`, 'm'))
    expect(told(checked)).toBe(told(served))
  })

  test('waits for a login: reported at --start-timeout, once', async () => {
    const command = fixture('no-stdio', 'waits', 'To sign in, open https://example.com/device')
    const run = await serve(['--start-timeout', '1s'], command)
    expect(run.code).toBe(1)
    expect(told(run)).toContain('the tool did not answer initialize within 1000 ms')
    expect(told(run)).toContain('→ it wants a login')
  })

  test('serves HTTP itself: not waited for, and told, whoever shares a process', async () => {
    const runs = await Promise.all(
      ['session', 'shared', 'pool'].map((mode) =>
        serve(['--children', mode], fixture('no-stdio', 'listens')),
      ),
    )
    for (const run of runs) {
      expect(run.code).toBe(1)
      expect(told(run)).toMatch(
        /^mcp-bridge: the tool speaks no MCP on stdio as it is called\n {2}\| HTTP server listening on port (\d+)\n {2}→ it serves HTTP itself on port \1, and says nothing on stdio: .*--stdio or stdio/m,
      )
      // The default of --start-timeout is two minutes.
      expect(run.durationMs).toBeLessThan(45_000)
    }
  })

  test('prints its usage and waits: not waited for', async () => {
    const run = await check([], fixture('no-stdio', 'waits', 'usage: tool [-h] {stdio,sse}'))
    expect(run.code).toBe(1)
    expect(told(run)).toContain('"stdio" makes it speak stdio: mcp-bridge -- COMMAND stdio')
    expect(run.durationMs).toBeLessThan(45_000)
  })

  test('prints its usage to stdout and ends: that is told, too', async () => {
    const run = await check([], fixture('no-stdio', 'prints', 'Usage: tool <folder>'))
    expect(told(run)).toContain('  | Usage: tool <folder>\n  → it wants an argument: <folder>')
  })

  test('has a page of its own and speaks stdio late: is served', async () => {
    const bridge = await bridged(['--', ...fixture('no-stdio', 'listens-too')])
    const client = await openStreamable(bridge)
    expect(textOf(await client.call('echo', { text: 'served' }))).toBe('served')
  })

  test('what complains is told, however much is printed after it', async () => {
    const examples = Array.from({ length: 30 }, (_, n) => `  tool --access-token=TOKEN ${n}`)
    const run = await check(
      [],
      fixture('no-stdio', 'ends', 'Error: No access token was provided', ...examples),
    )
    expect(told(run)).toMatch(/^ {2}\| Error: No access token was provided$/m)
    expect(told(run).split('\n').length).toBeLessThan(15)
  })
})
