// tools/litellm-config: the entries of LiteLLM's configuration; comments and all that others wrote stay.
import { isMap, parseDocument, type Document } from 'yaml'

const SERVERS = 'mcp_servers'
/** Of a value that LiteLLM takes from a variable. */
const FROM_ENVIRONMENT = 'os.environ/'

export interface Server {
  service: string
  alias: string
  /** The variable with the token. */
  token: string
  description: string
}

/** One `mcp_servers` entry: HTTP+SSE, because 1.77.3 sends a header twice over Streamable HTTP. */
export function withServer(text: string, { service, alias, token, description }: Server): string {
  const document = parseDocument(text)
  const entry = {
    alias,
    url: `http://${service}:8000/sse`,
    // Never left out: 1.77.3 takes http otherwise.
    transport: 'sse',
    auth_type: 'bearer_token',
    auth_value: `${FROM_ENVIRONMENT}${token}`,
    description,
  }
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
  const servers = (parseDocument(text).toJS() as Record<string, unknown> | null)?.[SERVERS] ?? {}
  return Object.entries(servers as Record<string, { alias?: string } | null>).flatMap(([name, server]) => [
    name,
    server?.alias ?? name,
  ])
}

/** The variable with the token that LiteLLM shows to the tool of this alias; undefined if its entry names none. */
export function tokenVariableOf(text: string, alias: string): string | undefined {
  const servers = (parseDocument(text).toJS() as Record<string, unknown> | null)?.[SERVERS] ?? {}
  const found = Object.entries(servers as Record<string, Written | null>).find(
    ([name, server]) => (server?.alias ?? name) === alias,
  )
  const value = found?.[1]?.auth_value
  return value?.startsWith(FROM_ENVIRONMENT) === true ? value.slice(FROM_ENVIRONMENT.length) : undefined
}

interface Written {
  alias?: string
  auth_value?: string
}

function textOf(document: Document): string {
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}
