// stack/stack: the running stack as an operator has it: its commands, its files, and LiteLLM by the published port.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '@mcp-bridge/testkit'
import { Gateway, type Finding } from '@mcp-bridge/toolkit/stack'
import { expect, inject } from 'vitest'
import { outcomeOf, run, type Outcome } from '../e2e/command.ts'

export interface Verdict {
  code: number | null
  ok: boolean
  findings: Finding[]
  text: string
}

/** Everything in the stack is bounded by this, however busy the machine. */
export const PATIENCE_MS = 420_000

const place = inject('place')
/** Runs a command in the folder of the stack and gives its stdout; throws with all it wrote unless it ends with 0. */
export function sh(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
  withinMs = PATIENCE_MS,
): Promise<string> {
  return run(command, { cwd: place.folder, env: { ...place.env, ...env }, withinMs })
}

/** The same, whatever its exit code. */
export function tried(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return outcomeOf(command, { cwd: place.folder, env: { ...place.env, ...env }, withinMs: PATIENCE_MS })
}

export function compose(...args: readonly string[]): Promise<string> {
  return sh(['docker', 'compose', ...args])
}

export async function verify(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Verdict> {
  const { code, stdout, stderr } = await tried(['./verify', '--json', ...args], env)
  try {
    return { code, ...(JSON.parse(stdout) as { ok: boolean; findings: Finding[] }), text: stdout }
  } catch {
    throw new Error(`verify ended with ${code}:\n${stdout}\n${stderr}`)
  }
}

/** What verify has to say of what is not well. */
export function failures({ findings }: Verdict): string[] {
  return findings
    .filter(({ isOk }) => !isOk)
    .map(({ check, subject, detail, fix, because }) =>
      because === undefined
        ? `${check} ${subject}: ${detail} → ${fix}`
        : `${check} ${subject}: because of ${because}`,
    )
}

/** The command of a remedy, which may ask for something by hand before it. */
export function commandOf(fix: string): string {
  const command = /(?:then|reason): (.*)$/.exec(fix)?.[1] ?? fix
  expect(command).toMatch(/^(docker compose|\.\/\w+) /)
  return command
}

/** Nobody helps: it becomes well by itself, or the test fails with what verify said last. */
export async function becomesWell(): Promise<Verdict> {
  let last: string[] = []
  return eventually(
    async () => {
      const verdict = await verify()
      last = failures(verdict)
      if (last.length > 0) throw new Error(last.join('\n'))
      return verdict
    },
    { what: 'verify to pass', withinMs: PATIENCE_MS },
  )
}

/** When the container of this service was started last. */
export async function startedAt(service: string): Promise<string> {
  const id = (await compose('ps', '--all', '--quiet', service)).trim()
  return (await sh(['docker', 'inspect', '--format', '{{.State.StartedAt}}', id])).trim()
}

/** A LiteLLM as a client on the LAN has it. */
export function gateway(key: string = setting('LITELLM_MASTER_KEY')): Gateway {
  return new Gateway(`http://${place.address}:${place.port}`, key)
}

/** A variable of `.env`. */
export function setting(name: string): string {
  const value = new RegExp(`^${name}=(.*)$`, 'm').exec(read('.env'))?.[1]
  if (value === undefined) throw new Error(`.env has no ${name}`)
  return value
}

export function read(path: string): string {
  return readFileSync(join(place.folder, path), 'utf8')
}

/** Changes a file of the stack in its place, and gives what puts it back. */
export function change(path: string, from: string, to: string): () => void {
  const before = read(path)
  expect(before).toContain(from)
  writeFileSync(join(place.folder, path), before.replaceAll(from, to))
  return () => writeFileSync(join(place.folder, path), before)
}

export { place }
