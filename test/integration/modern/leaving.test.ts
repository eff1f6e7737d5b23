// Whoever leaves, asks too much or is never answered: everything is given back, and nobody else notices.
import { eventually, fixture, isAlive, ModernClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { embedded, nothingLeftAfterEach } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()

test('a process of one environment ends when nobody of it has come for --idle', async () => {
  const bridge = await embedded(
    { command: fixture('speaks-modern', 'only'), headerEnv: ['x-key=KEY'], idleMs: 300, era: 'modern' },
    {},
  )
  const pid = Number(textOf(await new ModernClient({ ...bridge, headers: { 'x-key': 'a' } }).call('pid')))
  await eventually(() => !bridge.childPids.some(isAlive), { what: 'the end of all of them' })
  expect(isAlive(pid)).toBe(false)
})

test('a process that has only been asked what it is makes room', async () => {
  const bridge = await embedded(
    { command: fixture('speaks-modern', 'dual'), maxChildren: 1, idleMs: 300 },
    {},
  )
  await new ModernClient(bridge).request('server/discover')
  const open = () => openStreamable(bridge).catch(() => undefined)
  const session = await eventually(open, { what: 'a session' })
  expect(textOf(await session.call('echo', { text: 'here' }))).toBe('here')
  session.close()
})
