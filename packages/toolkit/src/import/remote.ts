// import/remote: a server that runs elsewhere → its entry of LiteLLM; what is secret stands in LiteLLM's environment.
import { holdsSecret, type Entry } from '@mcp-bridge/client-file'
import { ToolkitError } from '../errors.ts'
import { FROM_ENVIRONMENT } from '../render/litellm.ts'
import { litellmName, toolVariable } from '../render/names.ts'
import { readText, type Reading } from './asked.ts'
import { envLine } from './values.ts'

export interface Remote {
  server: Record<string, unknown>
  /** Lines for LiteLLM's environment; one that somebody has to fill in ends with its "=". */
  environment: string
  /** Whether its address is among them. */
  isAddressSecret: boolean
  notes: string[]
}

/** The kinds of authorization that LiteLLM 1.77.3 sends with every request; it knows no other headers. */
const SCHEMES: readonly { scheme: RegExp; type: string }[] = [
  { scheme: /^Bearer +/i, type: 'bearer_token' },
  { scheme: /^/, type: 'authorization' },
]

/** @throws ToolkitError for an address that is none */
export function remoteOf(entry: Entry, name: string, reading: Reading): Remote {
  const alias = litellmName({ name })
  const remote: Remote = { server: {}, environment: '', isAddressSecret: false, notes: [...entry.notes] }
  const keep = (variable: string, raw: string): string => {
    const { filled, questions, literal } = readText(raw, reading)
    if (filled === undefined) {
      const names = questions.map(({ description }) => description).join(', ')
      const wanted = literal === '' ? names : `the whole text, with ${names} in it`
      remote.notes.push(`fill in ${variable} in litellm.env: ${wanted}`)
      remote.environment += `# ${wanted.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')}\n${variable}=\n`
    } else remote.environment += envLine(variable, filled)
    return `${FROM_ENVIRONMENT}${variable}`
  }
  const url = entry.url ?? ''
  const read = readText(url, reading)
  if (!/^https?:\/\//i.test(url) && !(read.questions.length > 0 && url.startsWith('${')))
    throw new ToolkitError('its url is no address of http')
  if (read.text !== undefined && !URL.canParse(read.text))
    throw new ToolkitError('its url is no address of http')
  remote.isAddressSecret = read.text === undefined || holdsSecret(read.text)
  remote.server['url'] = remote.isAddressSecret ? keep(toolVariable(alias, 'URL'), url) : read.text
  remote.server['transport'] = entry.wire ?? (/\/sse\/?([?#]|$)/.test(url) ? 'sse' : 'http')
  headers(entry, alias, remote, keep)
  const dropped = [
    ...entry.dropped,
    ...(entry.allow.length + entry.deny.length > 0 ? ['the list of its tools'] : []),
  ]
  if (dropped.length > 0) remote.notes.push(`not carried over: ${dropped.join(', ')}`)
  return remote
}

function headers(
  entry: Entry,
  alias: string,
  remote: Remote,
  keep: (variable: string, raw: string) => string,
): void {
  const further: Record<string, string> = {}
  for (const [header, raw] of Object.entries(entry.headers)) {
    const lower = header.toLowerCase()
    const isFree = remote.server['auth_type'] === undefined
    if (lower === 'authorization') {
      const { scheme, type } = SCHEMES.find((each) => each.scheme.test(raw)) ?? {
        scheme: /^/,
        type: 'authorization',
      }
      remote.server['auth_type'] = type
      remote.server['auth_value'] = keep(toolVariable(alias, 'AUTH'), raw.replace(scheme, ''))
    } else if (lower === 'x-api-key' && isFree && !hasAuthorization(entry)) {
      remote.server['auth_type'] = 'api_key'
      remote.server['auth_value'] = keep(toolVariable(alias, 'AUTH'), raw)
    } else if (!/^(accept|content-type|user-agent)$/.test(lower))
      further[header] = keep(toolVariable(alias, lower.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')), raw)
  }
  const names = Object.keys(further)
  if (names.length === 0) return
  remote.server['static_headers'] = further
  remote.notes.push(
    `LiteLLM 1.77.3 does not send ${names.join(', ')}: a version that knows static_headers does`,
  )
}

function hasAuthorization({ headers }: Entry): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')
}
