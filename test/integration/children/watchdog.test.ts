// watchdog: a bridge that was killed leaves neither children nor the process that ended them.
import { cmdline, descendantsOf, fixture, isAlive, type RunningBridge } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { allGone, bridged, nothingLeft, openStreamable, treeOf } from './session.ts'

nothingLeft()

test.each(['echo', 'deaf-to-eof', 'deaf-to-sigterm'])(
  'children.watchdog: ends %s after the bridge was killed, then itself',
  async (name) => {
    const bridge = await bridged(['--', ...fixture(name)])
    const tree = await treeOf(await openStreamable(bridge))
    const watchdog = watchdogOf(bridge)
    expect(await bridge.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
    await allGone([...tree, ...bridge.childPids, watchdog])
  },
)

test('children.watchdog: is there once for all children, and survives what kills the group of the bridge', async () => {
  const bridge = await bridged(['--warm', '0', '--', ...fixture('deaf-to-eof')])
  const trees = await Promise.all(
    [openStreamable(bridge), openStreamable(bridge)].map(async (it) => treeOf(await it)),
  )
  const watchdog = watchdogOf(bridge)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(watchdog, signal)
  expect(await bridge.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
  expect(isAlive(watchdog)).toBe(true)
  await allGone([...trees.flat(), watchdog])
})

test('children.watchdog: ends with a bridge that ends in order', async () => {
  const bridge = await bridged(['--', ...fixture('echo')])
  await openStreamable(bridge)
  const watchdog = watchdogOf(bridge)
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  expect(isAlive(watchdog)).toBe(false)
})

function watchdogOf(bridge: RunningBridge): number {
  const found = descendantsOf(bridge.pid).filter((pid) => cmdline(pid).includes('mcp-bridge-orphans'))
  expect(found).toHaveLength(1)
  return found[0] ?? 0
}
