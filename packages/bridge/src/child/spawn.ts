// child/spawn: starts a process, or fails with every pipe closed.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { BridgeError } from '../errors.ts'
import { MARK } from './environment.ts'

export interface SpawnOptions {
  /** Argv; never goes through a shell. */
  command: readonly string[]
  cwd: string | undefined
  /** The whole environment of the process. */
  env: Readonly<Record<string, string>>
  /** Goes into the environment: what daemonises is recognised by it. */
  mark: string
}

/** How a process ended: by itself with a code, or by a signal. */
export interface Exit {
  code: number | undefined
  signal: string | undefined
}

/** A process that leads a session, and so a process group, of its own. */
export interface ChildProcess {
  readonly pid: number
  readonly mark: string
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly exited: Promise<Exit>
  readonly exit: Exit | undefined
  readonly hasExited: boolean
  closeStdin(): void
  /** To every process of its group. */
  signalGroup(signal: 'SIGTERM' | 'SIGKILL'): void
}

/** Throws BridgeError `child_spawn_failed`. */
export async function spawnProcess({ command, cwd, env, mark }: SpawnOptions): Promise<ChildProcess> {
  const [file = '', ...args] = command
  let child: ChildProcessWithoutNullStreams
  try {
    child = spawn(file, args, {
      cwd,
      env: { ...env, [MARK]: mark },
      // A session of its own: a signal reaches `npx` and the server under it, and a Ctrl-C in our terminal neither.
      detached: true,
    })
  } catch (error) {
    // Node throws what it does not tell with an event: too many arguments, for example.
    throw await spawnError(file, cwd, error)
  }
  const { pid, stdin, stdout, stderr } = child
  if (pid === undefined) {
    const [error] = (await once(child, 'error')) as [unknown]
    throw await spawnError(file, cwd, error)
  }
  let exit: Exit | undefined
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code: code ?? undefined, signal: signal ?? undefined }
      resolve(exit)
    })
  })
  // Of a process that runs it is a signal that could not be sent.
  child.on('error', () => {})
  // EPIPE of a child that has gone is told by its exit.
  stdin.on('error', () => {})
  stdout.on('error', () => {})
  stderr.on('error', () => {})
  return {
    pid,
    mark,
    stdin,
    stdout,
    stderr,
    exited,
    get exit() {
      return exit
    },
    get hasExited() {
      return exit !== undefined
    },
    closeStdin: () => stdin.end(),
    signalGroup: (signal) => {
      try {
        process.kill(-pid, signal)
      } catch {
        // The whole group has gone.
      }
    },
  }
}

async function spawnError(file: string, cwd: string | undefined, cause: unknown): Promise<BridgeError> {
  const { code } = cause as { code?: unknown }
  const fail = (text: string, hint: string) => new BridgeError('child_spawn_failed', text, { hint, cause })
  if (cwd !== undefined && !(await isDirectory(cwd))) {
    return fail(`the working directory ${cwd} does not exist`, 'correct --cwd')
  }
  if (code === 'EACCES')
    return fail(
      `${file} is not executable`,
      `make it executable (chmod +x ${file}), or name its interpreter first`,
    )
  if (code !== 'ENOENT')
    return fail(`${file} cannot be started (${String(code)})`, 'try the same command in a shell')
  if (file.includes('/') && (await exists(file))) {
    return fail(
      `${file} is there, but the interpreter in its first line is not`,
      'install the interpreter, or name another one first',
    )
  }
  const [, variable] = /^([A-Za-z_]\w*)=/.exec(file) ?? []
  if (variable !== undefined) {
    // Its value may be a secret.
    return fail(
      `command not found: ${variable}=…`,
      `no shell reads the command: write --env ${variable}=… before the "--"`,
    )
  }
  if (/^[~$]/.test(file))
    return fail(`command not found: ${file}`, 'no shell reads the command: write the whole path')
  const hint = file.includes(' ')
    ? 'name the command and each of its arguments separately, not in one pair of quotes'
    : 'check its spelling, and that it is installed and in PATH'
  return fail(`command not found: ${file}`, hint)
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
