// people/bridge-config: the tools that a client of a bridge may use, in the `bridge.yaml` of that bridge.
import { parseDocument, isMap } from 'yaml'

/** As people write it: long lines are not broken, `[a, b]` has no spaces inside its brackets. */
const STYLE = { lineWidth: 0, flowCollectionPadding: false }

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

/** Whether this client may only use tools that say they are read-only. */
export function isReadOnly(text: string, name: string): boolean {
  return parseDocument(text).getIn(['clients', name, 'read-only']) === true
}
