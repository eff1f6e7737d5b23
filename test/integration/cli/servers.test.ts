// servers, and check of servers: what becomes of each entry of a file; only check starts anything.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixture, runBridge, tempDir } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { nothingLeftAfterEach } from '../bridges.ts'

nothingLeftAfterEach()

const [program = '', ...args] = fixture('echo')
const ECHO = { command: program, args }
const DEAD = { command: program, args: ['-e', 'console.error("Error: no licence"); process.exit(3)'] }
const REMOTE = { type: 'http', url: 'https://mcp.example/mcp' }

function fileOf(mcpServers: object): string {
  const path = join(tempDir(), 'mcp.json')
  writeFileSync(path, JSON.stringify({ mcpServers }))
  return path
}

describe('cli.servers', () => {
  test('a table: each by name, with its state, its address, and what is to be done', async () => {
    const path = fileOf({
      echo: ECHO,
      ...{
        asked: { command: 'npx', args: ['tool', '--key', '${THE_KEY}'] },
        wrong: { command: 'x', args: {} },
      },
      ...{ off: { ...ECHO, disabled: true }, away: REMOTE },
      secret: { command: 'npx', args: ['tool', '--api-key', 'hunter2hunter2'], env: { A: 'hunter2hunter2' } },
    })
    const { code, stdout, stderr } = await runBridge(['servers', path])
    expect([code, stderr]).toEqual([1, ''])
    expect(stdout).toMatch(/^name +state +address +command\necho +on +\/echo\/mcp +\S+/)
    expect(stdout).toMatch(/^asked +off +- +npx tool --key \$\{THE_KEY\}\n {4}set THE_KEY$/m)
    expect(stdout).toMatch(/^wrong +wrong +-\n {4}args is no list$/m)
    expect(stdout).toMatch(/^away +remote +https:\/\/mcp\.example\/mcp$/m)
    expect(stdout).toMatch(/^secret +on +\/secret\/mcp +npx tool --api-key …$/m)
    expect(stdout).toMatch(
      /^2 of 6 served, 1 to be completed, 1 wrong, 1 switched off, 1 left to the clients$/m,
    )
    expect(stdout).not.toContain('hunter2')
  })

  test('what is a part of the client is said to be, and is nothing to mend', async () => {
    const goose = join(tempDir(), 'config.yaml')
    writeFileSync(
      goose,
      'extensions:\n  developer: { type: builtin, name: developer, enabled: true, bundled: true }\n' +
        '  todo: { type: platform, enabled: true }\n  script: { type: inline_python, code: x }\n' +
        `  echo: { type: stdio, cmd: ${program}, args: ${JSON.stringify(args)} }\n`,
    )
    const { code, stdout } = await runBridge(['servers', goose])
    expect(stdout).toMatch(
      /^developer +client-only +-\n {4}it is built into the client: there is no program/m,
    )
    expect(stdout).toMatch(/^1 of 4 served, 3 part of the client$/m)
    expect(code).toBe(0)
    const zed = join(tempDir(), 'settings.json')
    const context_servers = {
      postgres: { source: 'extension', settings: { url: 'x' } },
      older: { settings: {} },
      neither: {},
    }
    writeFileSync(zed, JSON.stringify({ context_servers }))
    const run = await runBridge(['servers', '--format', 'json', zed])
    expect(JSON.parse(run.stdout).servers).toMatchObject([
      { name: 'postgres', state: 'client-only', reason: expect.stringContaining('extension of the client') },
      { name: 'older', state: 'client-only' },
      { name: 'neither', state: 'wrong' },
    ])
    const checked = await runBridge(['check', '--servers', goose])
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining('todo       client-only: ')])
  })

  test('as JSON; exit code 0 if nothing is to be done', async () => {
    const path = fileOf({ echo: ECHO, off: { ...ECHO, disabled: true }, away: REMOTE })
    const { code, stdout } = await runBridge(['servers', '--format', 'json', path])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      servers: [
        {
          name: 'echo',
          state: 'on',
          paths: { mcp: '/echo/mcp', sse: '/echo/sse', messages: '/echo/messages' },
        },
        { name: 'off', state: 'off', reason: 'it is switched off in the file' },
        { name: 'away', state: 'remote', url: REMOTE.url },
      ],
      warnings: [],
    })
  })

  test('a file that cannot be read is named', async () => {
    const { code, stderr } = await runBridge(['servers', '/no/such.json'])
    expect(code).toBe(2)
    expect(stderr).toContain('flag --servers: /no/such.json cannot be read: ENOENT')
  })
})

describe('cli.check.servers', () => {
  test('a line for each entry; one that fails stops no other', async () => {
    const path = fileOf({ dead: DEAD, echo: ECHO, gone: { command: 'no-such-tool' }, away: REMOTE, bad: 1 })
    const { code, stdout, stderr } = await runBridge(['check', '--servers', path])
    expect([code, stderr]).toEqual([1, ''])
    expect(stdout).toMatch(/^dead +failed: .*code 3\n {4}\| Error: no licence$/m)
    expect(stdout).toMatch(/^echo +echo 1\.0\.0, \d+ tools, 2025-11-25, start \d+ ms, memory [1-9]\d* MiB$/m)
    expect(stdout).toMatch(/^gone +failed: command not found: no-such-tool\n {4}→ /m)
    expect(stdout).toMatch(/^away +remote: https:\/\/mcp\.example\/mcp$/m)
    expect(stdout).toMatch(/^bad +wrong: it is no object$/m)
    expect(stdout).toMatch(/^1 of 5 answered, 2 failed, 1 wrong, 1 left to the clients$/m)
  })

  test('as JSON, with exit code 0 if all answer', async () => {
    const path = fileOf({ one: ECHO, two: ECHO, three: ECHO, four: ECHO, away: REMOTE })
    const { code, stdout } = await runBridge(['check', '--format', 'json', '--servers', path])
    expect(code).toBe(0)
    const { servers } = JSON.parse(stdout) as { servers: object[] }
    expect(servers).toHaveLength(5)
    expect(servers[3]).toMatchObject({ name: 'four', state: 'on', report: { name: 'echo', warnings: [] } })
  })

  test('one of them in full; one that is not there, or not served, is answered with what is known', async () => {
    const path = fileOf({ echo: ECHO, asked: { command: '${THE_TOOL}' } })
    const one = await runBridge(['check', '--servers', path, 'echo'])
    expect([one.code, one.stdout]).toEqual([0, expect.stringMatching(/^echo 1\.0\.0, protocol/)])
    const asked = await runBridge(['check', '--servers', path, 'asked'])
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('asked is off: set THE_TOOL')])
    const none = await runBridge(['check', '--servers', path, 'ehco'])
    expect(none.stderr).toMatch(/there is no server "ehco"\n {2}→ there are echo, asked/)
  })
})
