// audit/arguments: what a tool was called with, for those tools that the operator names, without what looks like a secret.
import { holdsSecret, isNamedSecret, secretArguments } from '@mcp-bridge/client-file'
import { namesOf } from '../globs.ts'
import { masker } from '../lease/disclosure.ts'
import { isRecord, type Members } from '../rpc/content.ts'
import { keptNumber } from '../rpc/exact.ts'

/** Of JSON; of what is longer its beginning is told, as text. */
const MAX_LENGTH = 4000
const MASK = '***'
/** Whatever stands under the name of a secret: one may look like a path, a placeholder or a word. */
const SOME = 'something'

export class AuditedArguments {
  /** Whether those of this tool are told. */
  readonly means: (tool: string) => boolean
  readonly #tokens: () => readonly string[]
  readonly #given: (text: string) => string

  /**
   * @param tokens of those who may come
   * @param given takes out what was given to processes
   */
  constructor(globs: readonly string[], tokens: () => readonly string[], given: (text: string) => string) {
    this.means = namesOf(globs)
    this.#tokens = tokens
    this.#given = given
  }

  /**
   * JSON.
   *
   * @param args undefined where they are too long to be looked into
   * @param own what the caller has brought as variables
   */
  masked(args: unknown, own: readonly string[]): string {
    if (args === undefined) return '"…"'
    const known = masker([...this.#tokens(), ...own])
    const json = JSON.stringify(maskedValue('', args, (text) => this.#given(known(text))))
    return json.length <= MAX_LENGTH ? json : JSON.stringify(`${json.slice(0, MAX_LENGTH)}…`)
  }
}

/** @param name what it is called; empty for what has no name */
function maskedValue(name: string, value: unknown, known: (text: string) => string): unknown {
  if (typeof value === 'string')
    return value !== '' && isNamedSecret(name, SOME) ? MASK : maskedText(value, known)
  if (Array.isArray(value)) {
    if (isNamedSecret(name, SOME)) return MASK
    const secrets = new Set(
      secretArguments(value.filter((each) => typeof each === 'string')).map(({ secret }) => secret),
    )
    return value.map((each) => (secrets.has(each as string) ? MASK : maskedValue('', each, known)))
  }
  if (isRecord(value) && keptNumber(value) === undefined) {
    if (isNamedSecret(name, SOME)) return MASK
    const pair = secretNameIn(value)
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        maskedText(key, known),
        maskedValue(key === 'value' ? (pair ?? key) : key, each, known),
      ]),
    )
  }
  return (typeof value === 'number' || isRecord(value)) && isNamedSecret(name, SOME) ? MASK : value
}

/** Headers and variables are often lists of such: `{ "name": "Authorization", "value": "…" }`. */
function secretNameIn({ name, key }: Members): string | undefined {
  return [name, key].filter((each) => typeof each === 'string').find((each) => isNamedSecret(each, SOME))
}

function maskedText(text: string, known: (text: string) => string): string {
  const shown = known(text)
  return holdsSecret(shown) ? MASK : shown
}
