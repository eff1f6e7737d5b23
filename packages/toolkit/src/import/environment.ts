// import/environment: the variables of an entry, from wherever the file takes them.
import { readFileSync } from 'node:fs'
import { dockerEnvFile, dotenv, type Entry } from '@mcp-bridge/client-file'
import { readText, type Question, type Reading } from './asked.ts'
import type { ParsedCommand } from './command.ts'
import type { Mounts } from './mounts.ts'
import { absolutePath } from './place.ts'

/** Of Docker's own variables only those reach the tool that its flags name. */
export function environment(
  { env }: Entry,
  { env: inFront, run }: ParsedCommand,
  fromFiles: Record<string, string>,
  notes: string[],
): Record<string, string> {
  if (run === undefined) return { ...fromFiles, ...env, ...inFront }
  const named = run.env.map(({ name, value }): [string, string] => [
    name,
    value ?? (Object.hasOwn(env, name) ? (env[name] ?? '') : `\${env:${name}}`),
  ])
  const unnamed = Object.keys(env).filter((name) => !run.env.some((each) => each.name === name))
  if (unnamed.length > 0) notes.push(`${unnamed.join(', ')} is for docker itself: no -e hands it on`)
  return { ...fromFiles, ...Object.fromEntries(named) }
}

interface EnvironmentFiles {
  variables: Record<string, string>
  missing: string[]
  questions: Question[]
  notes: string[]
}

/** Variables in files: read where they are here, and else insisted on. */
export function environmentFiles(
  { envFile }: Entry,
  parsed: ParsedCommand,
  options: Reading,
  mounts: Mounts,
): EnvironmentFiles {
  const { place } = options
  const found: EnvironmentFiles = { variables: {}, missing: [], questions: [], notes: [] }
  for (const raw of [...(envFile === undefined ? [] : [envFile]), ...parsed.envFiles]) {
    const read = readText(raw, options)
    const path =
      read.text === undefined
        ? undefined
        : absolutePath(read.text, place.workspace ?? place.folder, place.home)
    if (path !== undefined && place.look(path)?.is === 'file') {
      const content = readFileSync(path, 'utf8')
      const lines = dockerEnvFile(content).map((line) => line.split(/=(.*)/s))
      const variables =
        parsed.run === undefined
          ? dotenv(content)
          : Object.fromEntries(lines.map(([name = '', value]) => [name, value ?? `\${env:${name}}`]))
      Object.assign(found.variables, variables)
      found.notes.push(`${Object.keys(variables).length} variables from ${path}`)
      continue
    }
    mounts.expectOwner()
    found.questions.push(...read.questions)
    found.missing.push(path ?? read.compose)
    found.notes.push(`${path ?? raw} is not here: Compose starts nothing until it is; then run this again`)
  }
  return found
}
