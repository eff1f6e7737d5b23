// child/stop: EOF, SIGTERM, SIGKILL: the whole tree.
import { monotonicMs } from '../clock.ts'
import { signalProcess, snapshotProcesses, type ProcessInfo } from './process-tree.ts'
import type { ChildProcess } from './spawn.ts'

/** What it took: it had ended by itself, stdin EOF was enough, or a signal was needed. */
export type StopStep = 'exited' | 'eof' | 'SIGTERM' | 'SIGKILL'

const POLL_MS = 25

/**
 * Ends a process and everything under it; resolves when all of it is gone.
 *
 * @param graceMs how long each of EOF and SIGTERM is given to work
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle#shutdown
 */
export async function stop(child: ChildProcess, graceMs: number): Promise<StopStep> {
  if (child.hasExited) {
    await killLeftovers(child, graceMs)
    return 'exited'
  }
  // Look up descendants first: once the parent has gone, those with a session of their own cannot be told from strangers.
  const known = await descendantsOf(child)
  child.closeStdin()
  let step: StopStep = 'eof'
  if (!(await exits(child, graceMs))) {
    step = 'SIGTERM'
    known.push(...(await signalAll(child, 'SIGTERM')))
    if (!(await exits(child, graceMs))) {
      step = 'SIGKILL'
      known.push(...(await signalAll(child, 'SIGKILL')))
      await child.exited
    }
  }
  await killLeftovers(child, graceMs, known)
  return step
}

/** Ends what a process left behind that has ended itself. */
export async function killLeftovers(
  child: ChildProcess,
  graceMs: number,
  known: readonly ProcessInfo[] = [],
): Promise<void> {
  const deadline = monotonicMs() + graceMs
  let signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'
  const signalled = new Set<string>()
  // What was seen once is ours also when the process that started it is gone, and it carries no mark.
  let left = known
  for (;;) {
    left = await survivors(child, left)
    if (left.length === 0) return
    if (monotonicMs() >= deadline) signal = 'SIGKILL'
    for (const info of left) {
      const key = `${signal} ${info.pid} ${info.startedAt}`
      if (signal === 'SIGKILL' || !signalled.has(key)) signalProcess(info, signal)
      signalled.add(key)
    }
    await pause(POLL_MS)
  }
}

async function descendantsOf(child: ChildProcess): Promise<ProcessInfo[]> {
  return (await snapshotProcesses()).under(child.pid, child.mark)
}

async function survivors(child: ChildProcess, known: readonly ProcessInfo[]): Promise<ProcessInfo[]> {
  const snapshot = await snapshotProcesses()
  const found = new Map(snapshot.under(child.pid, child.mark).map((each) => [each.pid, each]))
  for (const each of known) if (snapshot.has(each)) found.set(each.pid, each)
  return [...found.values()]
}

/** To its group, and to descendants in groups of their own, which are returned. */
async function signalAll(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<ProcessInfo[]> {
  const others = (await descendantsOf(child)).filter(({ group }) => group !== child.pid)
  if (!child.hasExited) child.signalGroup(signal)
  for (const info of others) signalProcess(info, signal)
  return others
}

async function exits(child: ChildProcess, withinMs: number): Promise<boolean> {
  const timer = new AbortController()
  await Promise.race([child.exited, pause(withinMs, timer.signal)])
  timer.abort()
  return child.hasExited
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
