// tool/trial: one throw-away child shows that the command works, and which tools it has.
import { isImage } from '../place.ts'
import { BridgeError } from '../errors.ts'
import type { Child } from '../child/child.ts'
import { missingVariables } from '../child/environment.ts'
import type { ChildDescription } from '../relay/describe.ts'
import type { Logger } from '../telemetry/logger.ts'
import { SoleClient } from './sole-client.ts'

export interface TrialOptions {
  startTimeoutMs: number
  start(): Promise<Child>
}

/** Runs the trial. Throws BridgeError, `child_…`, with the last words of the child. */
export async function runTrial(
  options: TrialOptions,
  signal: AbortSignal,
  log: Logger,
): Promise<ChildDescription> {
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

/** The error with what its last words suggest to do. */
export function withHint(error: BridgeError, { env }: Told): BridgeError {
  const stderr = error.data?.['stderr']
  const missing = missingVariables(Array.isArray(stderr) ? stderr.map(String) : [], env)
  const hint =
    missing.length > 0
      ? `its stderr names ${missing.join(', ')}, set here but not handed on: ${handOn(missing)}`
      : (error.hint ?? lastResort(error))
  return new BridgeError(error.code, error.message, {
    cause: error,
    hint,
    ...(error.data !== undefined && { data: error.data }),
  })
}

function lastResort({ code }: BridgeError): string {
  if (code === 'child_timeout')
    return 'raise --start-timeout if it only needs longer, for a download for example'
  if (isImage) return 'its documents say what it needs to start: variables, arguments, folders'
  // The command is not repeated: this crosses the wire, and its arguments may hold a key.
  return 'run the same command alone to see what it does'
}

function handOn(names: readonly string[]): string {
  return isImage
    ? "docker run -e 'MCP_BRIDGE_PASS_ENV=*'"
    : `add ${names.map((name) => `--pass-env ${name}`).join(' ')}`
}
