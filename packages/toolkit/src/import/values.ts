// import/values: the variables of a client's configuration: which are secrets, and what a placeholder stands for.
import { parseEnv } from 'node:util'
import { ToolkitError } from '../errors.ts'
import { isSecretVariable } from '../recipe/credential.ts'
import type { Input } from './client-file.ts'

export interface Value {
  name: string
  /** Undefined: a person has to give it. */
  value: string | undefined
  isSecret: boolean
  description: string
}

const PLACEHOLDER = /\$\{(input|env):([^}]+)\}|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/

/** A value that may be a secret counts as one. */
export function valuesOf(env: Readonly<Record<string, string>>, inputs: readonly Input[]): Value[] {
  return Object.entries(env).map(([name, raw]) => {
    const [whole, kind, id, variable, fallback] = PLACEHOLDER.exec(raw) ?? []
    const input = kind === 'input' ? inputs.find((each) => each.id === id) : undefined
    const isSecret =
      input?.isSecret === true ||
      isSecretVariable(name, fallback ?? raw) ||
      // A URL that is asked for as a whole may hold a password. Other placeholders are judged by the name of their variable.
      (raw === whole && /UR[IL]$/i.test(name)) ||
      (kind !== 'input' && isSecretVariable(variable ?? id ?? '', ''))
    if (whole === undefined) return { name, value: raw, isSecret, description: `For ${name}` }
    if (fallback !== undefined && whole === raw)
      return { name, value: fallback, isSecret, description: `For ${name}` }
    const from = input?.description || (kind === 'input' ? `input ${id}` : `variable ${variable ?? id}`)
    return { name, value: undefined, isSecret, description: `${name}: ${from}` }
  })
}

/**
 * A line of an env file from which Node's parser reads the same value.
 *
 * @throws ToolkitError if no quote can hold the value: cut short, its rest would be a variable of its own
 */
export function envLine(name: string, value: string): string {
  const line = ['', "'", '"', '`']
    .filter((quote) => quote !== '' || /^[\w./:@+=,-]*$/.test(value))
    .map((quote) => `${name}=${quote}${value}${quote}\n`)
    .find((each) => !/[\n\r\0]/.test(value) && isReadAs(each, name, value))
  if (line !== undefined) return line
  throw new ToolkitError(
    `the value of ${name} has a line break, or all of ' " and \` in it: no line of a file holds it; write it in another form, as base64 or with \\n`,
  )
}

function isReadAs(line: string, name: string, value: string): boolean {
  const read = parseEnv(line)
  return Object.keys(read).length === 1 && read[name] === value
}
