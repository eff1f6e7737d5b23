// session: what the tests of children share: a bridge that must end in order, a client that has a session, a tree of pids.
import {
  cleanTemp,
  eventually,
  isAlive,
  leftovers,
  SseClient,
  startBridge,
  stopAll,
  StreamableClient,
  type BridgeOptions,
  type RunningBridge,
} from '@mcp-bridge/testkit'
import { afterEach, expect } from 'vitest'
import { textOf } from '../wires/wire.ts'

export { openSse, openStreamable, textOf } from '../wires/wire.ts'

/** Longer than a watchdog takes from the death of its bridge to the last SIGKILL. */
const GRACE_MS = 10_000
const bridges: RunningBridge[] = []

/** A bridge that is asked to end after the test; see `nothingLeft`. */
export async function bridged(args: readonly string[], options?: BridgeOptions): Promise<RunningBridge> {
  const bridge = await startBridge(args, options)
  bridges.push(bridge)
  return bridge
}

/** After each test all bridges are asked to end, and then no process below us, and none of theirs, may be left. */
export function nothingLeft(): void {
  afterEach(async () => {
    try {
      await Promise.all(bridges.splice(0).map((bridge) => bridge.stop()))
      expect(await leftovers({ withinMs: GRACE_MS })).toEqual([])
    } finally {
      await stopAll()
      cleanTemp()
    }
  })
}

/** The child of this session and what it has started, all alive. */
export async function treeOf(client: StreamableClient | SseClient): Promise<number[]> {
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
