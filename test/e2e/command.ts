// e2e/command: programs that are no part of this repository, and what they write.
import { cleanEnv, eventually, start, type Exit, type Started } from '@mcp-bridge/testkit'

export interface CommandOptions {
  /** Added to a small clean environment. */
  env?: Readonly<Record<string, string>>
  cwd?: string
  withinMs?: number
}

export interface Outcome extends Exit {
  stdout: string
  stderr: string
}

export interface Program {
  started: Started
  /** All so far. */
  output: { stdout: string; stderr: string }
  /** The first match in its stdout, past or to come. */
  until(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>
}

/** Starts it as the leader of a process group, as a shell does. */
export async function launch(
  command: readonly string[],
  { env, cwd }: CommandOptions = {},
): Promise<Program> {
  const started = await start(command, {
    env: cleanEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
  })
  const output = { stdout: '', stderr: '' }
  started.process.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  started.process.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  let hasExited = false
  void started.exited.then(() => (hasExited = true))
  const until = async (pattern: RegExp, withinMs = 60_000): Promise<RegExpExecArray> => {
    const what = `${pattern} in the output of ${command.join(' ')}`
    const found = await eventually(() => pattern.exec(output.stdout) ?? hasExited, { what, withinMs }).catch(
      () => false,
    )
    if (typeof found === 'object') return found
    throw new Error(`${hasExited ? 'it ended' : `not within ${withinMs} ms`}: ${what}\n${textOf(output)}`)
  }
  return { started, output, until }
}

/** Runs it, whatever its exit code; kills it and throws when it does not end. */
export async function outcomeOf(command: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const { withinMs = 120_000 } = options
  const { started, output } = await launch(command, options)
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    process.kill(-started.pid, 'SIGKILL')
  }, withinMs)
  const exit = await started.exited
  clearTimeout(timer)
  if (isLate) throw new Error(`not within ${withinMs} ms: ${command.join(' ')}\n${textOf(output)}`)
  return { ...exit, ...output }
}

/** Runs it and gives its stdout; throws with all it wrote unless it ends with 0. */
export async function run(command: readonly string[], options?: CommandOptions): Promise<string> {
  const outcome = await outcomeOf(command, options)
  if (outcome.code === 0) return outcome.stdout
  throw new Error(`${command.join(' ')} ended with ${outcome.code ?? outcome.signal}:\n${textOf(outcome)}`)
}

/** What npm, pip and uv need to reach their registries from here; what they fetch stays in `cache`. */
export function registryEnv(cache: string): Record<string, string> {
  const names =
    /^(npm_config_registry|pip_index_url|pip_cert|uv_default_index|node_extra_ca_certs|ssl_cert_(file|dir)|requests_ca_bundle|(https?|no|all)_proxy)$/i
  const passed = Object.entries(process.env).filter((entry): entry is [string, string] => {
    return names.test(entry[0]) && entry[1] !== undefined
  })
  return { ...Object.fromEntries(passed), npm_config_cache: cache, npm_config_update_notifier: 'false' }
}

function textOf({ stdout, stderr }: { stdout: string; stderr: string }): string {
  return `${stdout.slice(-8000)}\n${stderr.slice(-8000)}`
}
