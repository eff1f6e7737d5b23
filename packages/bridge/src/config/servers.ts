// config/servers: several tools by name: each entry is checked by itself, and what is wrong with one stops no other.
import { SERVER_KEYS, type Config, type Server } from './config.ts'
import { crossCheck } from './cross-check.ts'
import { configSchema } from './schema.ts'
import type { Origin } from './source.ts'
import { suggestion } from './suggestion.ts'

/** One entry before it is checked: its options, or why there are none. */
export interface RawServer {
  origin: Origin
  /** By key of `Config`, raw as in a config file; besides these `start` and `disabled`. */
  options?: Readonly<Record<string, unknown>>
  /** It is switched off, or a variable is missing. */
  off?: string
  wrong?: string
  /** Where it runs, if not here. */
  remote?: string
  /** It lives in the client, and cannot be bridged. */
  clientOnly?: string
  /** Its command for people: placeholders as they stand, without what looks like a secret. */
  shown?: string
  notes?: readonly string[]
}

/** Parts of a path as they stand, whatever client or proxy handles it. */
export const SERVER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
export const SWITCHED_OFF = 'it is switched off in the file'
/** What of the whole is added to by an entry; all else of an entry replaces it. */
const ADDED = ['envFile', 'passEnv'] as const
/** The whole's own hold for every server beside these. */
const FILTERS: ReadonlySet<string> = new Set(['toolsAllow', 'toolsDeny', 'readOnly'])

export function resolveServers(
  raw: Readonly<Record<string, RawServer>>,
  whole: Config,
  hasToken: boolean,
): Record<string, Server> {
  const names = new Map<string, string>()
  return Object.fromEntries(
    Object.entries(raw).map(([name, entry]) => {
      const server = resolve(name, entry, whole, hasToken)
      // Express does not tell /GIT from /git.
      const other = names.get(name.toLowerCase())
      names.set(name.toLowerCase(), name)
      return [name, other === undefined ? server : wrong(entry, `${other} has the same path`)]
    }),
  )
}

function resolve(name: string, raw: RawServer, whole: Config, hasToken: boolean): Server {
  const { origin, options, off, remote, clientOnly, notes = [], shown } = raw
  const base = { origin, start: 'lazy', notes, shown } as const
  if (raw.wrong !== undefined) return wrong(raw, raw.wrong)
  if (!SERVER_NAME.test(name)) return wrong(raw, 'a name has letters, digits and . _ - only')
  if (off !== undefined) return { ...base, state: 'off', reason: off }
  if (clientOnly !== undefined) return { ...base, state: 'client-only', reason: clientOnly }
  if (options === undefined) return { ...base, state: 'remote', url: remote }
  const { start = 'lazy', disabled = false, ...given } = options
  if (disabled === true) return { ...base, state: 'off', reason: SWITCHED_OFF }
  const problems: string[] = []
  if (disabled !== false) problems.push('disabled: write true or false')
  if (start !== 'lazy' && start !== 'eager') problems.push('start: write lazy or eager')
  const config = configOf(name, given, whole, hasToken, problems)
  if (config === undefined || problems.length > 0) return wrong(raw, problems.join('; '))
  return { ...base, state: 'on', config, start: start === 'eager' ? 'eager' : 'lazy' }
}

function configOf(
  name: string,
  given: Readonly<Record<string, unknown>>,
  whole: Config,
  hasToken: boolean,
  problems: string[],
): Config | undefined {
  const allowed: readonly string[] = ['command', ...SERVER_KEYS]
  for (const key of Object.keys(given).filter((each) => !allowed.includes(each))) {
    const isWholes = Object.hasOwn(configSchema.shape, key)
    problems.push(
      isWholes
        ? `${key}: is for all servers together`
        : `${key}: there is no such option${suggestion(key, allowed)}`,
    )
  }
  const known = Object.fromEntries(Object.entries(given).filter(([key]) => allowed.includes(key)))
  const parsed = configSchema.safeParse(known)
  problems.push(
    ...(parsed.error?.issues ?? []).map(({ path: [key], message }) => `${String(key)}: ${message}`),
  )
  if (!parsed.success) return undefined
  const own = parsed.data
  if (own.command.length === 0) problems.push('command: name a program')
  problems.push(...crossCheck({ headerEnv: own.headerEnv }, hasToken).map(({ message }) => message))
  const inherited = SERVER_KEYS.filter((key) => known[key] === undefined && !FILTERS.has(key))
  return {
    ...whole,
    servers: undefined,
    clients: clientsAt(name, whole.clients),
    command: own.command,
    ...Object.fromEntries(SERVER_KEYS.map((key) => [key, own[key]])),
    ...Object.fromEntries(inherited.map((key) => [key, whole[key]])),
    ...Object.fromEntries(ADDED.map((key) => [key, [...whole[key], ...own[key]]])),
    env: { ...whole.env, ...own.env },
    mcpPath: `/${name}/mcp`,
    ssePath: `/${name}/sse`,
    messagePath: `/${name}/messages`,
    onCrash: 'restart',
  }
}

/** What is set for clients at this server alone. */
function clientsAt(name: string, clients: Config['clients']): Config['clients'] {
  return Object.fromEntries(
    Object.entries(clients).flatMap(([client, { servers }]) => {
      const here = servers !== undefined && Object.hasOwn(servers, name) ? servers[name] : undefined
      return here === undefined ? [] : [[client, here]]
    }),
  )
}

function wrong({ origin, notes = [], shown }: RawServer, reason: string): Server {
  return { origin, state: 'wrong', reason, start: 'lazy', notes, shown }
}
