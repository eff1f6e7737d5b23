// help: short enough for a screen, grouped, and true.
import { readFileSync } from 'node:fs'
import { runBridge } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { nothingLeftAfterEach } from '../bridges.ts'

nothingLeftAfterEach()

test('cli.help: --help fits 84 lines of 120 columns, on stdout', async () => {
  const { code, stdout, stderr } = await runBridge(['--help'])
  expect([code, stderr]).toEqual([0, ''])
  const lines = stdout.trimEnd().split('\n')
  expect(lines.length).toBeLessThanOrEqual(84)
  expect(lines.filter((line) => line.length > 120)).toEqual([])
  expect(lines[0]).toBe('Usage: mcp-bridge [options] -- <command> [args...]')
  for (const group of ['Listening', 'Tool', 'Sessions and limits', 'Access', 'Running', 'Commands:'])
    expect(lines).toContain(group)
})

const FLAGS =
  `--host --port --sse-path --message-path --mcp-path --replica --replicas --replica-key-file --children --warm --max-sessions --max-children --idle
  --start-timeout --call-timeout --progress-every --max-body --max-line --max-buffer --max-replay --max-calls --max-memory --drain --token --token-file
  --allow-origin --allow-host --cors --insecure --env --env-file --pass-env --header-env --cwd --on-crash --era --log-level
  --log-format --recycle-after --tools-allow --tools-deny --read-only --one-page --compat --metrics --metrics-port --metrics-host --audit --audit-required --audit-arguments --servers --tools-lock --on-tool-change --config --print-config --version --help`.split(
    /\s+/,
  )

test('cli.help: names every flag, with its default', async () => {
  const { stdout } = await runBridge(['--help'])
  const shown = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag)
  expect(shown).toHaveLength(FLAGS.length)
  expect(new Set(shown)).toEqual(new Set(FLAGS))
  for (const [flag, value] of [
    ['--host', '127.0.0.1'],
    ['--port', '8000'],
    ['--warm', '1'],
    ['--max-sessions', '1000'],
    ['--max-children', '64'],
    ['--idle', '5m'],
    ['--drain', '5s'],
    ['--max-line', '64MiB'],
  ])
    expect(stdout).toMatch(new RegExp(`^ {2}${flag} .*\\[${value}\\]$`, 'm'))
})

test('cli.help: the commands have one of their own; -h and help work too', async () => {
  const [long, short, word, check, healthcheck] = await Promise.all(
    [['--help'], ['-h'], ['help'], ['check', '--help'], ['healthcheck', '--help']].map((args) =>
      runBridge(args),
    ),
  )
  expect([short?.stdout, word?.stdout]).toEqual([long?.stdout, long?.stdout])
  expect(check?.stdout).toMatch(/^Usage: mcp-bridge check [^]*--format/)
  expect(healthcheck?.stdout).toMatch(/^Usage: mcp-bridge healthcheck [^]*--url/)
})

test.each(['--version', '-v'])('cli.help: %s is the one of the package', async (flag) => {
  const { version } = JSON.parse(
    readFileSync(new URL('../../../packages/bridge/package.json', import.meta.url), 'utf8'),
  ) as { version: string }
  expect(await runBridge([flag])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
})
