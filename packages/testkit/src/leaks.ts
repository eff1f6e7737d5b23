// leaks: what a test has left running.
import { setTimeout as delay } from 'node:timers/promises'
import { ancestorsOf, bridgeOf, cmdline, descendantsOf, isAlive, processesWithEnv } from './processes.ts'

export interface LeftoverOptions {
  /** Processes that may live on, with everything below them. */
  known?: readonly number[]
  /** What the environment of every child contains. */
  mark?: string
  /** How long they have to go. */
  withinMs?: number
}

export interface Leftover {
  pid: number
  cmdline: string
}

export const CHILD_MARK = 'MCP_BRIDGE_CHILD='

/**
 * Living processes below this one, and orphans that carry the mark, once they have had `withinMs` (default 20,000) to
 * go: `expect(await leftovers()).toEqual([])`. Call `stopAll` after it, not before.
 */
export async function leftovers(options: LeftoverOptions = {}): Promise<Leftover[]> {
  const deadline = performance.now() + (options.withinMs ?? 20_000)
  for (;;) {
    const left = look(options)
    if (left.length === 0 || performance.now() > deadline) return left
    await delay(20)
  }
}

function look({ known = [], mark = CHILD_MARK }: LeftoverOptions): Leftover[] {
  const allowed = new Set(known.flatMap((pid) => [pid, ...descendantsOf(pid)]))
  const left = new Set([...descendantsOf(process.pid), ...orphansWith(mark)])
  return [...left].filter((pid) => !allowed.has(pid)).map((pid) => ({ pid, cmdline: cmdline(pid) }))
}

/** What detached itself is an orphan too while its bridge lives, in a test file that runs beside this one. */
function isAnothers(pid: number): boolean {
  const bridge = bridgeOf(pid)
  if (bridge === undefined || bridge === process.pid || !isAlive(bridge)) return false
  return !descendantsOf(process.pid).includes(bridge)
}

/**
 * An orphan is adopted by init or a sub-reaper, which is an ancestor of ours too; a child of the bridge in the test
 * file that runs beside this one has a parent that is none.
 */
function orphansWith(mark: string): number[] {
  const marked = new Set(processesWithEnv(mark))
  const ours = new Set(ancestorsOf(process.pid))
  return [...marked].filter((pid) => {
    if (isAnothers(pid)) return false
    const adopter = ancestorsOf(pid).find((ancestor) => !marked.has(ancestor))
    return adopter === undefined || ours.has(adopter)
  })
}
