// started: every process a test has started, so that none outlives it.
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { dirname } from 'node:path'
import { descendantsOf } from './processes.ts'
import { SESSION_VARIABLE, sessionId } from './temp.ts'

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A process that `stopAll` knows of. */
export interface Started<P extends ChildProcess = ChildProcess> {
  process: P
  pid: number
  /** Settles when the process has ended and its pipes are empty. */
  exited: Promise<Exit>
}

const running = new Set<Started>()

/** Starts a process with exactly this environment; rejects when it cannot be started. */
export async function start(command: readonly string[], options: SpawnOptions): Promise<Started> {
  const [file = '', ...args] = command
  const process = spawn(file, args, options)
  const exited = new Promise<Exit>((resolve) => {
    process.once('close', (code, signal) => resolve({ code, signal }))
  })
  await new Promise<void>((resolve, reject) => {
    process.once('spawn', resolve)
    process.once('error', reject)
  })
  // A kill that comes too late emits it; nobody minds.
  process.on('error', () => {})
  const started: Started = { process, pid: process.pid ?? 0, exited }
  running.add(started)
  void exited.then(() => running.delete(started))
  return started
}

/** The variables without which nothing starts, and what is given: no setting of the developer's leaks into a test. */
export function cleanEnv(given: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { PATH = '', HOME = '/', TMPDIR } = process.env
  // The Node that runs the tests, whichever other is first on the PATH.
  const path = `${dirname(process.execPath)}:${PATH}`
  const own = { PATH: path, HOME, [SESSION_VARIABLE]: sessionId() }
  return { ...own, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...given }
}

/** Kills what is left of all that was started, with everything below it; for `afterEach`. */
export async function stopAll(): Promise<void> {
  const left = [...running]
  // Its children live in groups of their own and would be orphans as soon as it is gone: look first.
  for (const pid of left.flatMap((started) => [started.pid, ...descendantsOf(started.pid)])) kill(pid)
  await Promise.all(left.map((started) => started.exited))
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}
