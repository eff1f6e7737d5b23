// bridges: the bridges of a test, as processes or within the test's own, and the check that nothing is left of them.
import { cleanTemp, eventually, leftovers, startBridge, stopAll } from '@mcp-bridge/testkit'
import type { BridgeOptions as ProcessOptions, LogLine, RunningBridge } from '@mcp-bridge/testkit'
import { createBridge, type BridgeOptions, type ConfigInput } from 'mcp-bridge'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'

/** What a test sees of a bridge within its own process; see `RunningBridge`. */
export type Embedded = Pick<RunningBridge, 'port' | 'logs' | 'childPids' | 'until'> & {
  close(): Promise<void>
  reload(config: ConfigInput): void
}

/** Longer than the orphan reaper takes from the death of its bridge to the last SIGKILL. */
const GRACE_MS = 10_000
const running: RunningBridge[] = []
const closers: (() => Promise<void>)[] = []

/**
 * Once per file: afterwards every bridge must end with 0 when asked, and leave no process. For files whose tests share
 * bridges, or run side by side.
 *
 * @param options.anyExit where tests end their bridges themselves: how each ends is up to the test
 */
export function nothingLeft({ anyExit = false } = {}): void {
  afterAll(() =>
    ended((exits) => {
      for (const exit of anyExit ? [] : exits) expect(exit).toEqual({ code: 0, signal: null })
    }),
  )
}

/** The same after each test, for files whose tests end their bridges themselves, one test after the other. */
export function nothingLeftAfterEach(): void {
  afterEach(() => ended())
}

async function ended(
  judge: (exits: readonly Awaited<RunningBridge['exited']>[]) => void = () => {},
): Promise<void> {
  try {
    await Promise.all(closers.splice(0).map((close) => close()))
    judge(await Promise.all(running.splice(0).map((bridge) => bridge.stop())))
    expect(await leftovers({ withinMs: GRACE_MS })).toEqual([])
  } finally {
    await stopAll()
    cleanTemp()
  }
}

/** The real program as a process; it ends with the test or the file. */
export async function bridged(args: readonly string[], options?: ProcessOptions): Promise<RunningBridge> {
  const bridge = await startBridge(args, options)
  running.push(bridge)
  return bridge
}

/** One bridge for the whole file; its port is known when the first test begins. */
export function useBridge(args: readonly string[]): {
  readonly port: number
  readonly running: RunningBridge
} {
  let bridge: RunningBridge | undefined
  beforeAll(async () => {
    bridge = await bridged(args)
  })
  const started = (): RunningBridge => {
    if (bridge === undefined) throw new Error('not started yet')
    return bridge
  }
  return {
    get running() {
      return started()
    },
    get port() {
      return started().port
    },
  }
}

/** A bridge within the test's own process, whose long waits are short: real children, a real port. */
export async function embedded(
  config: ConfigInput,
  timings: NonNullable<BridgeOptions['timings']> = {},
): Promise<Embedded> {
  const logs: LogLine[] = []
  const logger = pino(
    { base: null },
    { write: (line: string) => void logs.push(JSON.parse(line) as LogLine) },
  )
  const bridge = createBridge({ port: 0, ...config }, { timings, logger })
  const close = () => bridge.close({ drainMs: 0 })
  closers.push(close)
  const { port } = await bridge.listen()
  return {
    port,
    logs,
    close,
    reload: (next) => bridge.reload({ port: 0, ...next }),
    get childPids() {
      return logs.filter(({ msg }) => msg === 'child started').map((line) => Number(line['childPid']))
    },
    until: (predicate, withinMs = 20_000) =>
      eventually(() => logs.find(predicate), {
        what: `a log line for which ${String(predicate)}`,
        withinMs,
      }),
  }
}
