// env-file: a file of variables → its variables.
import { parseEnv } from 'node:util'

/** With quotes and comments, as clients read `envFile`. */
export function dotenv(content: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parseEnv(content.replace(/^\uFEFF/, ''))).map(([name, value]) => [name, value ?? '']),
  )
}

/** As `docker run --env-file` reads it: the rest of a line is the value, quotes included; a bare name is taken from the environment. */
export function dockerEnvFile(content: string): string[] {
  return content
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'))
}
