// tree: the processes of one session, alive or gone.
import { eventually, isAlive } from '@mcp-bridge/testkit'
import { expect } from 'vitest'
import { textOf, type Client } from '../clients.ts'

/** Longer than the orphan reaper takes from the death of its bridge to the last SIGKILL. */
const GRACE_MS = 10_000

/** The child of this session and what it has started, all alive. */
export async function treeOf(client: Client): Promise<number[]> {
  const own = Number(textOf(await client.call('pid')))
  const pids = await client.call('pids')
  const below = pids.error === undefined ? JSON.parse(textOf(pids) ?? '').grandchildren : []
  const tree = [own, ...below]
  expect(tree.filter((pid) => !isAlive(pid))).toEqual([])
  return tree
}

export async function allGone(pids: readonly number[], withinMs = GRACE_MS): Promise<void> {
  await eventually(
    () => {
      expect(pids.filter(isAlive)).toEqual([])
      return true
    },
    { what: `${pids.join(', ')} to be gone`, withinMs },
  )
}
