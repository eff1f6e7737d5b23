// tool/trial: one throw-away child shows that the command works, and which tools it has.
import { BridgeError, toBridgeError } from '../errors.ts'
import type { Child } from '../child/child.ts'
import { missingVariables } from '../child/environment.ts'
import type { ChildReport } from '../relay/describe.ts'
import type { Logger } from '../telemetry/logger.ts'
import { SoleClient } from './sole-client.ts'

export interface TrialOptions {
  startTimeoutMs: number
  start(): Promise<Child>
}

/** Runs the trial. Throws BridgeError, `child_…`, with the last lines of stderr. */
export async function runTrial(
  options: TrialOptions,
  signal: AbortSignal,
  log: Logger,
): Promise<ChildReport> {
  const child = await options.start()
  const abort = () => void child.stop()
  signal.addEventListener('abort', abort)
  const gone = new Promise<never>((_resolve, reject) => {
    // A child that is stopped tells its listener nothing.
    signal.addEventListener('abort', () =>
      reject(new BridgeError('shutting_down', 'the bridge is shutting down')),
    )
  })
  try {
    return await Promise.race([new SoleClient(child, options.startTimeoutMs, log).describe(), gone])
  } catch (thrown) {
    const error = toBridgeError(thrown)
    const stderr = child.stderrTail.slice(-10)
    throw new BridgeError(error.code, error.message, {
      cause: error,
      ...(error.hint !== undefined && { hint: error.hint }),
      data: { stderr, ...error.data },
    })
  } finally {
    signal.removeEventListener('abort', abort)
    // Its end is awaited: a tool that holds a lock has to let go of it before the first session.
    await child.stop()
  }
}

export interface Told {
  /** The environment the child was given. */
  env: Readonly<Record<string, string>>
}

/** The error with the last lines of stderr, and what they suggest to do. */
export function withHint(error: BridgeError, stderr: readonly string[], { env }: Told): BridgeError {
  const missing = missingVariables(stderr, env)
  const hint =
    missing.length > 0
      ? `its stderr names ${missing.join(', ')}, set here but not handed on: add ${missing.map((name) => `--pass-env ${name}`).join(' ')}`
      : error.code === 'child_timeout'
        ? 'raise --start-timeout if it only needs longer, for a download for example'
        : // The command is not repeated: this crosses the wire, and its arguments may hold a key.
          (error.hint ?? 'run the same command alone to see what it does')
  return new BridgeError(error.code, error.message, {
    cause: error,
    hint,
    data: { ...error.data, stderr: stderr.slice(-10) },
  })
}
