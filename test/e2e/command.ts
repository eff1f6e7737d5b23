// e2e/command: runs a program to its end, and gives what it wrote.
import { cleanEnv, start, type Exit } from '@mcp-bridge/testkit'

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

/** Runs it, whatever its exit code; kills it and throws when it does not end. */
export async function outcomeOf(
  command: readonly string[],
  { env, cwd, withinMs = 120_000 }: CommandOptions = {},
): Promise<Outcome> {
  const { process, exited } = await start(command, {
    env: cleanEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  const output = { stdout: '', stderr: '' }
  process.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  process.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    process.kill('SIGKILL')
  }, withinMs)
  const exit = await exited
  clearTimeout(timer)
  if (isLate) throw new Error(`not within ${withinMs} ms: ${command.join(' ')}\n${textOf(output)}`)
  return { ...exit, ...output }
}

/** Runs it and gives its stdout; throws with all it wrote unless it ends with 0. */
export async function run(command: readonly string[], options?: CommandOptions): Promise<string> {
  const outcome = await outcomeOf(command, options)
  if (outcome.code === 0) return outcome.stdout
  throw new Error(
    `${command.join(' ')} ended with ${outcome.code ?? outcome.signal}:\n${textOf(outcome)}`,
  )
}

function textOf({ stdout, stderr }: { stdout: string; stderr: string }): string {
  return `${stdout.slice(-8000)}\n${stderr.slice(-8000)}`
}
