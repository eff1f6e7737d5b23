// people/files: the two files by which a bridge of the stack knows people: `tokens` and `bridge.yaml`.
import { parseDocument, isMap } from 'yaml'
import { GATEWAY } from '../../render/names.ts'

/** A name goes into both files and into LiteLLM; the same letters as the bridge admits. */
const NAME = /^[A-Za-z0-9._@-]{1,64}$/

/** As people write it: no line is broken, `[a, b]` has no space inside. */
const STYLE = { lineWidth: 0, flowCollectionPadding: false }

/** `default` is what a bridge calls whoever has the token of its own options. */
const RESERVED = new Set([GATEWAY, 'default', 'anonymous'])

/** @throws Error if no person can be called so */
export function checkName(name: string): void {
  if (!NAME.test(name))
    throw new Error(`"${name}" is no name: up to 64 letters, digits and . _ @ -, no spaces`)
  if (RESERVED.has(name)) throw new Error(`"${name}" is no person: the bridges use this name themselves`)
}

/** The token file with a line for this person in place of an older one. */
export function withToken(text: string, name: string, token: string): string {
  const rest = withoutToken(text, name)
  return `${rest}${rest === '' || rest.endsWith('\n') ? '' : '\n'}${name}:${token}\n`
}

export function withoutToken(text: string, name: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith(`${name}:`))
    .join('\n')
}

export function tokenOf(text: string, name: string): string | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${name}:`))
  return line?.slice(name.length + 1).trim()
}

/** Names in a token file. */
export function namesOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.includes(':') && !line.startsWith('#'))
    .map((line) => line.slice(0, line.indexOf(':')))
}

/** The bridge's configuration with a filter for this person; comments and the order of the rest stay. */
export function withFilter(text: string, name: string, toolsAllow: readonly string[]): string {
  const document = parseDocument(text)
  document.setIn(['clients', name], { 'tools-allow': [...toolsAllow] })
  return document.toString(STYLE)
}

/** The same text if there is none for this person. */
export function withoutFilter(text: string, name: string): string {
  const document = parseDocument(text)
  const clients = document.get('clients')
  if (!isMap(clients) || !clients.has(name)) return text
  document.deleteIn(['clients', name])
  return document.toString(STYLE)
}

/** Globs of the tools that this client may use; none: all. */
export function filterOf(text: string, name: string): string[] {
  const found = parseDocument(text).getIn(['clients', name, 'tools-allow'])
  const json: unknown = found === undefined ? [] : (found as { toJSON(): unknown }).toJSON()
  return Array.isArray(json) ? json.map(String) : [String(json)]
}

/** Whether this client may only use tools that say they change nothing: which they are, only the tool knows. */
export function isReadOnly(text: string, name: string): boolean {
  return parseDocument(text).getIn(['clients', name, 'read-only']) === true
}
