// tools/litellm-config: the entries of LiteLLM's configuration; comments and everything that others wrote stay.
import { isMap, parseDocument, type Document } from 'yaml'
import { FROM_ENVIRONMENT, litellmEntry, type Registration } from '../../render/litellm.ts'

/** Its path in the folder of the stack. */
export const LITELLM_CONFIG = ['config', 'litellm.yaml'] as const
const SERVERS = 'mcp_servers'
/** 1.77.3 ignores both: it opens every server to every key, and knows no limit for a call. */
const OF_NEWER_VERSIONS = { allow_all_keys: true, timeout: 600 }

export function withServer(text: string, registration: Registration): string {
  const document = parseDocument(text)
  const { alias } = registration
  const entry = { ...litellmEntry(registration), ...OF_NEWER_VERSIONS }
  if (isMap(document.get(SERVERS))) document.setIn([SERVERS, alias], entry)
  else document.set(SERVERS, { [alias]: entry })
  return textOf(document)
}

export function withoutServer(text: string, alias: string): string {
  const document = parseDocument(text)
  const servers = document.get(SERVERS)
  if (!isMap(servers) || !servers.has(alias)) return text
  document.deleteIn([SERVERS, alias])
  return textOf(document)
}

/** Names and aliases that are taken. */
export function aliasesOf(text: string): string[] {
  return entriesOf(text).flatMap(([name, server]) => [name, server?.alias ?? name])
}

/** The variable with the token that LiteLLM sends to the tool of this alias; undefined if its entry names none. */
export function tokenVariableOf(text: string, alias: string): string | undefined {
  const found = entriesOf(text).find(([name, server]) => (server?.alias ?? name) === alias)
  const value = found?.[1]?.auth_value
  return value?.startsWith(FROM_ENVIRONMENT) === true ? value.slice(FROM_ENVIRONMENT.length) : undefined
}

interface WrittenEntry {
  alias?: string
  auth_value?: string
}

function entriesOf(text: string): [string, WrittenEntry | null][] {
  const config = parseDocument(text).toJS() as { [SERVERS]?: Record<string, WrittenEntry | null> } | null
  return Object.entries(config?.[SERVERS] ?? {})
}

function textOf(document: Document): string {
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}
