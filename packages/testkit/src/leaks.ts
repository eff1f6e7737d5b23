// leaks: what a test has left running.
import { setTimeout as delay } from 'node:timers/promises'
import { cmdline, descendantsOf, isAlive, processesWithEnv } from './processes.ts'
import { SESSION_VARIABLE, sessionId } from './temp.ts'

export interface LeftoverOptions {
  /** Processes that may live on, with everything below them. */
  known?: readonly number[]
  /** What the environment of every child contains. */
  mark?: string
  /** How the session of what is looked for begins; this test file's unless given. */
  session?: string
  /** How long they have to go. */
  withinMs?: number
}

export interface Leftover {
  pid: number
  cmdline: string
}

export const CHILD_MARK = 'MCP_BRIDGE_CHILD='

/**
 * Living processes below this one, and orphans of this test file that carry the mark, once they have had `withinMs`
 * (default 20,000) to go: `expect(await leftovers()).toEqual([])`. Call `stopAll` after it, not before.
 */
export async function leftovers(options: LeftoverOptions = {}): Promise<Leftover[]> {
  const deadline = performance.now() + (options.withinMs ?? 20_000)
  for (;;) {
    const left = look(options)
    if (left.length === 0 || performance.now() > deadline) return left
    await delay(20)
  }
}

function look({ known = [], mark = CHILD_MARK, session = `${sessionId()}\0` }: LeftoverOptions): Leftover[] {
  const allowed = new Set(known.flatMap((pid) => [pid, ...descendantsOf(pid)]))
  const left = new Set([...descendantsOf(process.pid), ...orphans(mark, session)])
  return (
    [...left]
      .filter((pid) => !allowed.has(pid))
      .map((pid) => ({ pid, cmdline: cmdline(pid) }))
      // It may have ended while the others were looked at.
      .filter(({ pid }) => isAlive(pid))
  )
}

/**
 * An orphan has lost its parents, but not its environment: what another test file or another run has left for a moment
 * on the same machine bears another session. A bridge inside this process has none; its pid is in the mark.
 */
function orphans(mark: string, session: string): number[] {
  const ours = processesWithEnv(`${SESSION_VARIABLE}=${session}`)
  const marked = new Set(processesWithEnv(mark))
  return [...ours.filter((pid) => marked.has(pid)), ...processesWithEnv(`${CHILD_MARK}${process.pid}-`)]
}
