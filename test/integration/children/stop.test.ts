// stop: EOF first, then SIGTERM, then SIGKILL, and no step more than it takes.
import { fixture, type RunningBridge } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeft } from '../bridges.ts'
import { allGone, treeOf } from './tree.ts'
import { openSse, openStreamable } from '../clients.ts'

nothingLeft()

const STEPS = [
  ['echo', 'eof'],
  ['deaf-to-eof', 'SIGTERM'],
  ['deaf-to-sigterm', 'SIGKILL'],
] as const

// Side by side: what is deaf takes seconds to end.
describe.concurrent.each(STEPS)('children.stop: %s', (name, step) => {
  const command = ['--warm', '0', '--', ...fixture(name)]

  test(`is ended by ${step} after DELETE and after the SSE client has gone`, async () => {
    const bridge = await bridged(command)
    const [deleted, cut] = await Promise.all([openStreamable(bridge), openSse(bridge)])
    const trees = (await Promise.all([treeOf(deleted), treeOf(cut)])).flat()
    expect((await deleted.del()).status).toBe(204)
    cut.close()
    await allGone(trees)
    for (const pid of trees) expect(await stepOf(bridge, pid)).toBe(step)
  })

  test(`is ended by ${step} when the bridge gets SIGTERM`, async () => {
    const bridge = await bridged(command)
    const [pid = 0] = await treeOf(await openStreamable(bridge))
    expect(await bridge.stop()).toEqual({ code: 0, signal: null })
    await allGone([pid], 0)
    expect(await stepOf(bridge, pid)).toBe(step)
  })
})

async function stepOf(bridge: RunningBridge, pid: number): Promise<unknown> {
  const { step } = await bridge.until(({ msg, childPid }) => msg === 'child stopped' && childPid === pid)
  return step
}
