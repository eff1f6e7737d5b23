// child/trial: one throw-away child shows that the command works, and which tools it has.
import { BridgeError, toBridgeError } from '../errors.ts'
import type { Logger } from '../log/logger.ts'
import type { Child } from './child.ts'
import { missingVariables } from './environment.ts'
import { Interview, type ChildReport } from './interview.ts'

export interface TrialOptions {
  command: readonly string[]
  /** The environment the child gets: what its stderr asks for is looked up in it. */
  env: Readonly<Record<string, string>>
  startTimeoutMs: number
  version: string
  start(): Promise<Child>
}

/** How long a silent start is watched before the log says what is awaited. */
const SLOW_START_MS = 5000

/** Runs the trial. Throws BridgeError, `child_…`, with what is known of the cause. */
export async function runTrial(
  options: TrialOptions,
  log: Logger,
  signal: AbortSignal,
): Promise<ChildReport> {
  const child = await options.start()
  const slow = setTimeout(() => {
    const lastLines = child.stderrTail.slice(-3)
    log.info(
      { childPid: child.pid, lastLines },
      'still waiting for the tool to answer initialize; the first start may download it',
    )
  }, SLOW_START_MS)
  const abort = () => void child.stop()
  signal.addEventListener('abort', abort)
  const gone = new Promise<never>((_resolve, reject) => {
    // A child that is stopped tells its listener nothing.
    signal.addEventListener('abort', () =>
      reject(new BridgeError('shutting_down', 'the bridge is shutting down')),
    )
  })
  try {
    return await Promise.race([new Interview(child).run(options.version, options.startTimeoutMs), gone])
  } catch (error) {
    throw withAdvice(toBridgeError(error), child.stderrTail, options)
  } finally {
    clearTimeout(slow)
    signal.removeEventListener('abort', abort)
    // Its end is awaited: a tool that holds a lock has to let go of it before the first session.
    await child.stop()
  }
}

/** The error with the last lines of stderr, and what they suggest to do. */
export function withAdvice(
  error: BridgeError,
  stderr: readonly string[],
  { env }: Pick<TrialOptions, 'env'>,
): BridgeError {
  const missing = missingVariables(stderr, env)
  const hint =
    missing.length > 0
      ? `its stderr names ${missing.join(', ')}, set here but not handed on: add ${missing.map((name) => `--pass-env ${name}`).join(' ')}`
      : error.code === 'child_timeout'
        ? 'raise --start-timeout if it only needs longer, for a download for example'
        : // The command is not repeated: this crosses the wire, and its arguments may hold a key.
          'run the same command alone to see what it does'
  return new BridgeError(error.code, error.message, {
    cause: error,
    hint,
    data: { ...error.data, stderr: stderr.slice(-10) },
  })
}
