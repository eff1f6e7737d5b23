// tree: whatever a tool has started is gone with its session, its client or its bridge.
import { fixture } from '@mcp-bridge/testkit'
import { describe, expect, test } from 'vitest'
import { bridged, nothingLeftAfterEach } from '../bridges.ts'
import { allGone, treeOf } from './tree.ts'
import { openSse, openStreamable } from '../clients.ts'

nothingLeftAfterEach()

const TREES: [name: string, ...args: string[]][] = [
  ['grandchild'],
  ['grandchild', '--holds-stdout'],
  ['detached-grandchild'],
  ['daemonised-grandchild'],
]

/** Known only as long as its parent lives: a bridge that was killed could not tell it from a stranger. */
const UNMARKED = ['detached-grandchild', '--unmarked'] as const

describe.each(TREES.map((tree) => [tree.join(' '), tree] as const))('children.tree: %s', (_title, tree) => {
  const command = ['--warm', '0', '--', ...fixture(...tree)]

  test('is gone after DELETE and after the SSE client has gone, and the neighbour lives on', async () => {
    const bridge = await bridged(command)
    const [deleted, cut, neighbour] = await Promise.all([
      openStreamable(bridge),
      openSse(bridge),
      openStreamable(bridge),
    ])
    const [deletedTree, cutTree, neighbours] = await Promise.all([deleted, cut, neighbour].map(treeOf))
    expect(deletedTree).toHaveLength(2)
    expect((await deleted.del()).status).toBe(204)
    cut.close()
    await allGone([...(deletedTree ?? []), ...(cutTree ?? [])])
    expect(await treeOf(neighbour)).toEqual(neighbours)
  })

  test('is gone when a bridge ended by SIGTERM has exited, the idle standby too', async () => {
    const bridge = await bridged(['--', ...fixture(...tree)])
    const client = await openStreamable(bridge)
    const own = await treeOf(client)
    expect(await bridge.stop()).toEqual({ code: 0, signal: null })
    await allGone([...own, ...bridge.childPids], 0)
  })

  test('is gone, its watcher too, seconds after the bridge was killed', async () => {
    const bridge = await bridged(command)
    const client = await openStreamable(bridge)
    const own = await treeOf(client)
    expect(await bridge.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
    await allGone(own)
  })
})

test('children.tree: what left the session and dropped the mark is gone with the process that started it', async () => {
  const bridge = await bridged(['--warm', '0', '--', ...fixture(...UNMARKED)])
  const client = await openStreamable(bridge)
  const tree = await treeOf(client)
  expect(tree).toHaveLength(2)
  expect((await client.del()).status).toBe(204)
  await allGone(tree)
})
