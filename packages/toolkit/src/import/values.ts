// import/values: the variables of a client's configuration: which are secrets, and which somebody has to fill in.
import { parseEnv } from 'node:util'
import { holdsSecret, isSecretVariable } from '@mcp-bridge/client-file'
import { ToolkitError } from '../errors.ts'
import { insisted, readText, type Question, type Reading } from './asked.ts'

export interface Value {
  name: string
  /** Undefined: a person has to give it. */
  value: string | undefined
  /** With which text compose.yaml asks for it. */
  asked: string | undefined
  isSecret: boolean
  description: string
}

export interface ValueOptions extends Reading {
  /** The file says that these are secrets. */
  secretNames: readonly string[]
  /** The name of a variable of `.env` for one of this tool. */
  own(name: string): string
}

/** A value that may be a secret counts as one. */
export function valuesOf(
  env: Readonly<Record<string, string>>,
  options: ValueOptions,
): { values: Value[]; questions: Question[] } {
  const questions: Question[] = []
  const values = Object.entries(env).map(([name, raw]): Value => {
    const read = readText(raw, options)
    const [only] = read.questions
    const isWhole = only !== undefined && read.questions.length === 1 && read.literal === ''
    const isAsked = read.questions.some((each) => each.name.startsWith('INPUT_'))
    const value = read.text ?? (isAsked ? undefined : read.filled)
    const isSecret =
      options.secretNames.includes(name) ||
      read.questions.some((each) => each.isSecret || isSecretVariable(each.name, '')) ||
      isSecretVariable(name, value ?? raw) ||
      // A URL that is asked for as a whole may hold a password. Other placeholders are judged by the name of their variable.
      (isWhole && /UR[IL]$/i.test(name))
    const isEmpty = value === '' && isSecret
    if (value !== undefined && !isEmpty)
      return { name, value, asked: undefined, isSecret, description: `For ${name}` }
    const wanted = read.questions.map((each) => each.description).join(', ')
    const isHidden = isEmpty || holdsSecret(read.literal)
    const description = isEmpty
      ? `${name}, empty in the client's file`
      : `${name}: ${isHidden ? `the whole, with ${wanted} in it` : wanted}`
    // A secret beside a placeholder must not stand in compose.yaml: the whole is asked for.
    const whole: Question = { name: options.own(name), description, fallback: undefined, isSecret }
    const asked = isHidden ? [whole] : read.questions.map((each) => ({ ...each, isSecret }))
    questions.push(...asked)
    return { name, value: undefined, asked: isHidden ? insisted(whole) : read.compose, isSecret, description }
  })
  return { values, questions }
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
