// orphans: a bridge that was killed leaves neither children nor the process that ended them.
import { cmdline, descendantsOf, fixture, isAlive, type RunningBridge } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { allGone, treeOf } from './tree.ts'
import { openStreamable } from '../clients.ts'

// Side by side: the reaper takes seconds.
nothingLeft({ anyExit: true })

test.concurrent.each(['echo', 'deaf-to-eof', 'deaf-to-sigterm'])(
  'children.orphans: ends %s after the bridge was killed, then itself',
  async (name) => {
    const bridge = await bridged(['--', ...fixture(name)])
    const tree = await treeOf(await openStreamable(bridge))
    const reaper = reaperOf(bridge)
    expect(await bridge.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
    await allGone([...tree, ...bridge.childPids, reaper])
  },
)

test.concurrent('children.orphans: is there once for all children, and survives what kills the group of the bridge', async () => {
  const bridge = await bridged(['--warm', '0', '--', ...fixture('deaf-to-eof')])
  const trees = await Promise.all(
    [openStreamable(bridge), openStreamable(bridge)].map(async (it) => treeOf(await it)),
  )
  const reaper = reaperOf(bridge)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(reaper, signal)
  expect(await bridge.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
  expect(isAlive(reaper)).toBe(true)
  await allGone([...trees.flat(), reaper])
})

test.concurrent('children.orphans: ends with a bridge that ends in order', async () => {
  const bridge = await bridged(['--', ...fixture('echo')])
  await openStreamable(bridge)
  const reaper = reaperOf(bridge)
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  expect(isAlive(reaper)).toBe(false)
})

function reaperOf(bridge: RunningBridge): number {
  const found = descendantsOf(bridge.pid).filter((pid) => cmdline(pid).includes('mcp-bridge-orphans'))
  expect(found).toHaveLength(1)
  return found[0] ?? 0
}
