// Whether a tool speaks 2026-07-28 is found out on a process of its own, and whatever that does, its clients are served.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixture, ModernClient, runBridge, tempDir } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeftAfterEach } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()

test.each(['exits', 'silent', 'noise', 'odd'])(
  'features.probe: a tool that is %s when it is asked is one of before',
  async (how) => {
    const bridge = await embedded({ command: fixture('odd-probed', how) }, {})
    const client = new ModernClient(bridge)
    expect(textOf(await client.call('echo', { text: 'hi' }))).toBe('hi')
    // It is no crash of the tool, and nobody is held back for it.
    expect(bridge.logs.filter(({ level }) => level === 'error')).toEqual([])
    expect(textOf(await (await openStreamable(bridge)).call('echo', { text: 'hi' }))).toBe('hi')
  },
)

test('nobody pays for the question who has no such clients, and no process is spoken to in both ways', async () => {
  const file = join(tempDir(), 'lines')
  const bridge = await embedded({ command: fixture('records-calls', file) }, {})
  const lines = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes('server/discover'))
  await (await openStreamable(bridge)).call('echo', {})
  expect(lines()).toEqual([])
  await new ModernClient(bridge).call('echo', {})
  await new ModernClient(bridge).call('echo', {})
  expect(lines()).toHaveLength(1)
})

test('--era legacy never asks, and neither is a tool asked that cannot run twice', async () => {
  const file = join(tempDir(), 'lines')
  const command = fixture('records-calls', file)
  for (const config of [{ era: 'legacy' }, { children: 'shared', warm: 0 }] as const) {
    const client = new ModernClient(await embedded({ command, ...config }, {}))
    expect(textOf(await client.call('echo', { text: 'hi' }))).toBe('hi')
  }
  expect(readFileSync(file, 'utf8')).not.toContain('server/discover')
})

test('--era modern needs a tool that speaks it', async () => {
  const { code, stderr } = await runBridge(['--port', '0', '--era', 'modern', '--', ...fixture('echo')])
  expect(code).toBe(1)
  expect(stderr).toContain('server/discover')
})

test('a tool that takes both ways serves each client in its own', async () => {
  const bridge = await embedded({ command: fixture('speaks-modern', 'dual') }, {})
  const session = await openStreamable(bridge)
  const client = new ModernClient(bridge)
  expect(textOf(await client.call('echo', { text: 'new' }))).toBe('new')
  expect(textOf(await session.call('echo', { text: 'old' }))).toBe('old')
  expect(textOf(await client.call('pid'))).not.toBe(textOf(await session.call('pid')))
})
