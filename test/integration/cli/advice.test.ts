// advice: which mode it is and what that means is said at the start; which one fits is found out by `check`.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fixture, runBridge, StreamableClient, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { openStreamable } from '../clients.ts'

nothingLeft()

test.each([
  ['session', 'one process per session; what a client does there is its own'],
  ['shared', 'one process for all; what one client does there, all see'],
  ['pool', "a process per request; what a request leaves there may be gone or another's"],
])('advice.start: %s: the mode and what it means for state', async (mode, meaning) => {
  const bridge = await bridged(['--children', mode, '--', ...fixture('echo')])
  await openStreamable(bridge)
  expect(bridge.stdout).toContain(`${mode}: ${meaning}`)
})

/** A server of the workspace, by its own program. */
function server(name: string, ...args: string[]): string[] {
  const manifest = createRequire(import.meta.url).resolve(`@modelcontextprotocol/server-${name}/package.json`)
  return [process.execPath, join(dirname(manifest), 'dist/index.js'), ...args]
}

const PLAIN = server('sequential-thinking')

const recommended = async (command: readonly string[]): Promise<{ options: string; why: string }> => {
  const { code, stdout } = await runBridge(['check', '--format', 'json', '--', ...command])
  expect(code).toBe(0)
  return JSON.parse(stdout).recommended
}

test.each([
  [
    'a tool without peculiarities',
    PLAIN,
    '--children session',
    /it keeps clients apart; for clients that open a session per call/,
  ],
  ['a tool with subscriptions', fixture('odd-tools'), '--children session', /subscribe/],
  [
    'a tool that starts slowly',
    ['sh', '-c', 'sleep 1.5; exec "$@"', 'sh', ...PLAIN],
    '--children session',
    /--children shared spares them \d+ ms/,
  ],
])('advice.check: %s', async (_, command, options, why) => {
  expect(await recommended(command)).toEqual({ options, why: expect.stringMatching(why) })
})

test('advice.check: a tool that offers more to a client that can be asked', async () => {
  expect(await recommended(server('everything', 'stdio'))).toEqual({
    options: '--children session',
    why: expect.stringContaining('asks its client'),
  })
})

test('advice.check: a tool that holds a lock cannot run twice', async () => {
  const command = fixture('refuses-second', join(tempDir(), 'lock'))
  expect(await recommended(command)).toEqual({
    options: '--children shared --warm 0',
    why: 'it cannot run twice',
  })
  const { stdout } = await runBridge(['check', '--', ...command])
  expect(stdout).toContain('recommended: --children shared --warm 0')
  expect(stdout).toContain('a second process cannot run beside the first')
})

test('advice.later: that a tool holds a lock shows with the second client, and is told', async () => {
  const bridge = await bridged(['--warm', '0', '--', ...fixture('refuses-second', join(tempDir(), 'lock'))])
  await openStreamable(bridge)
  const { error } = await new StreamableClient(bridge).initialize()
  expect(error?.data.code).toBe('child_exited')
  expect(error?.data.hint).toContain('--children shared --warm 0')
})

test('advice.later: with standbys it shows in the log', async () => {
  const bridge = await bridged(['--', ...fixture('refuses-second', join(tempDir(), 'lock'))])
  await openStreamable(bridge)
  const { advice } = await bridge.until(({ msg }) => msg.startsWith('standbys end unused'))
  expect(advice).toContain('--children shared --warm 0')
})
