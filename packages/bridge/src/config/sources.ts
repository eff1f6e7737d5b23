// config/sources: reads flags, env, file, remembers who said what.
import { dirname, resolve } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { BridgeError } from '../errors.ts'
import { readTextFile } from '../encoding.ts'
import { configSchema, crossCheck, OPTIONS, type Config, type ConfigInput, type Problem } from './schema.ts'
import { splitList } from './units.ts'

/** `flag --idle`, `variable MCP_BRIDGE_IDLE`, `file bridge.yaml`, `default`, or `option idleMs` of the library. */
export type Origin = `${'flag' | 'variable' | 'file' | 'option'} ${string}` | 'default'

export interface LoadOptions {
  /** By config key, only those given. */
  flags?: Readonly<Record<string, unknown>>
  /** What stands after `--`. */
  command?: readonly string[]
  env?: Readonly<Record<string, string | undefined>>
  /** Of `--config`; else MCP_BRIDGE_CONFIG. */
  configFile?: string | undefined
}

export interface Loaded {
  config: Config
  /** Who set each key of the config. */
  origins: Record<string, Origin>
  /** What is odd but no reason to stop. */
  warnings: string[]
  /** Whether npx, or `npm exec`, has started us. */
  isUnderNpx: boolean
}

const ALIAS = 'text that begins with * must be put in quotes'

/** What stands in a file beside the options. */
const UNFLAGGED = ['command', 'clients']

/** Raw values with who said so; `problems` are about what has no place among them. */
interface Source {
  values: Map<string, [value: unknown, origin: Origin]>
  problems: string[]
}

/**
 * flags > variables > file > defaults; a list or map replaces the one below, it is not added to it.
 *
 * @throws BridgeError `config_invalid`, with all problems, one a line
 */
export function loadConfig({ flags = {}, command = [], env = process.env, configFile }: LoadOptions): Loaded {
  const path = configFile ?? (env['MCP_BRIDGE_CONFIG'] || undefined)
  const file = path === undefined ? { values: new Map(), problems: [] } : readConfigFile(path)
  const values: Source['values'] = new Map([...file.values, ...variables(env)])
  for (const [key, value] of Object.entries(flags)) {
    const option = OPTIONS.find((row) => row.key === key)
    if (value !== undefined) values.set(key, [value, `flag ${option?.flag ?? key}`])
  }
  if (command.length > 0) values.set('command', [[...command], 'flag --'])
  const { config, origins } = settle(values, file.problems)
  // npm says in the environment which of its commands it runs.
  return { config, origins, warnings: unknownVariables(env), isUnderNpx: env['npm_command'] === 'exec' }
}

/**
 * The same defaults and checks for the library: neither variables nor files are read.
 *
 * @throws BridgeError `config_invalid`, with all problems, one a line
 */
export function parseConfig(options: ConfigInput): Config {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const unknown = given.filter(([key]) => !(key in configSchema.shape))
  const values: Source['values'] = new Map(given.map(([key, value]) => [key, [value, `option ${key}`]]))
  for (const [key] of unknown) values.delete(key)
  const names = Object.keys(configSchema.shape)
  return settle(
    values,
    unknown.map(([key]) => `option ${key}: there is no such option${suggestion(key, names)}`),
  ).config
}

function settle(values: Source['values'], problems: readonly string[]): Pick<Loaded, 'config' | 'origins'> {
  const raw = Object.fromEntries([...values].map(([key, [value]]) => [key, value]))
  const parsed = configSchema.safeParse(raw)
  const own: Problem[] = (parsed.error?.issues ?? []).map(({ path: [key, index], message }) => ({
    key: String(key),
    message: typeof index === 'number' ? `item ${index + 1}: ${message}` : message,
  }))
  const broken = new Set(own.map(({ key }) => key))
  const sound = parsed.success ? parsed.data : soundPart(raw, broken)
  // What is broken was meant to be there: the other complaint is enough.
  const hasToken =
    ['token', 'tokenFile'].some((key) => raw[key] !== undefined) ||
    broken.has('clients') ||
    Object.keys(sound.clients ?? {}).length > 0
  const crossed = crossCheck(sound, hasToken)
  const all = [
    ...problems,
    ...[...own, ...crossed].map((problem) => describe(problem, values.get(problem.key)?.[1])),
  ]
  if (!parsed.success || all.length > 0) {
    const title =
      all.length === 1 ? 'the configuration has a problem:' : `the configuration has ${all.length} problems:`
    throw new BridgeError('config_invalid', [title, ...all].join('\n  '))
  }
  const origins = Object.keys(configSchema.shape).map((key): [string, Origin] => [
    key,
    values.get(key)?.[1] ?? 'default',
  ])
  return { config: deepFreeze(parsed.data), origins: Object.fromEntries(origins) }
}

/** The fields without a problem, with defaults: enough to look at them together. */
function soundPart(raw: Record<string, unknown>, broken: ReadonlySet<string>): Partial<Config> {
  const sound = Object.entries(configSchema.shape).filter(([key]) => !broken.has(key))
  return Object.fromEntries(sound.map(([key, field]) => [key, field.safeParse(raw[key]).data]))
}

function describe({ key, message }: Problem, origin: Origin | undefined): string {
  if (origin === undefined) return message
  if (message.startsWith(`${origin.replace('flag ', '')} `)) return message
  const row = OPTIONS.find((option) => option.key === key)
  return `${origin}${origin.startsWith('file') ? `, ${row?.fileKey ?? key}` : ''}: ${message}`
}

/** Paths in a file are meant from where the file is. */
function readConfigFile(path: string): Source {
  const origin: Origin = `file ${path}`
  const source: Source = { values: new Map(), problems: [] }
  const complain = (what: string) => source.problems.push(`${origin}${what}`)
  let content: unknown
  try {
    content = parseYaml(readTextFile(path), complain)
  } catch (error) {
    complain(` cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
  }
  if (source.problems.length > 0) return source
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    complain(' is not a map of options, such as "port: 8000"')
    return source
  }
  const known = [...UNFLAGGED, ...OPTIONS.map(({ fileKey }) => fileKey)]
  for (const [name, value] of Object.entries(content)) {
    const option = OPTIONS.find((row) => [row.fileKey, row.key, camelCase(row.fileKey)].includes(name))
    const key = UNFLAGGED.includes(name) ? name : option?.key
    if (key === undefined) complain(`, ${name}: there is no such option${suggestion(name, known)}`)
    else if (source.values.has(key)) complain(`, ${name}: is there twice, under two names`)
    else if (value !== null) source.values.set(key, [fromFolder(dirname(path), key, value), origin])
  }
  return source
}

/** JSON too: the complaints of JSON.parse quote the text, which may hold a token; so do some of YAML's, at their end. */
function parseYaml(text: string, complain: (what: string) => void): unknown {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  for (const { code, message, pos } of document.errors) {
    const what = code === 'BAD_ALIAS' ? ALIAS : message.replace(/: ".*$/s, '')
    complain(`, line ${lineCounter.linePos(pos[0]).line}: ${what}`)
  }
  if (document.errors.length > 0) return undefined
  try {
    return document.toJS() ?? {}
  } catch {
    // An alias of nothing, or one of the bombs made of aliases.
    complain(`: ${ALIAS}`)
  }
}

function fromFolder(folder: string, key: string, value: unknown): unknown {
  if (key === 'clients' && typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, clientFromFolder(folder, each)]),
    )
  }
  if (key === 'envFile') {
    const files: unknown[] =
      typeof value === 'string' ? splitList(value) : Array.isArray(value) ? value : [value]
    return files.map((file) => (typeof file === 'string' ? resolve(folder, file) : file))
  }
  const isPath = (key === 'cwd' || key === 'tokenFile') && typeof value === 'string' && value !== ''
  return isPath ? resolve(folder, value) : value
}

function clientFromFolder(folder: string, client: unknown): unknown {
  if (typeof client !== 'object' || client === null) return client
  return Object.fromEntries(
    Object.entries(client).map(([key, value]) => [
      key,
      /^env[-_]?file$/i.test(key) ? fromFolder(folder, 'envFile', value) : value,
    ]),
  )
}

/** `VAR=` of a compose file means "not set", but for a token: nobody wants to serve without by an empty variable. */
function variables(env: NonNullable<LoadOptions['env']>): Source['values'] {
  const values: Source['values'] = new Map()
  for (const { key, env: name } of OPTIONS) {
    const value = env[name]
    if (value === undefined || isServiceLink(name, value)) continue
    if (value !== '' || key === 'token' || key === 'tokenFile') values.set(key, [value, `variable ${name}`])
  }
  return values
}

function unknownVariables(env: NonNullable<LoadOptions['env']>): string[] {
  const known = ['MCP_BRIDGE_CONFIG', ...OPTIONS.map((option) => option.env)]
  return Object.entries(env)
    .filter(
      ([name, value]) =>
        name.startsWith('MCP_BRIDGE_') && !known.includes(name) && !isServiceLink(name, value),
    )
    .filter(([name]) => !name.startsWith('MCP_BRIDGE_CHILD')) // the mark that children carry
    .map(([name]) => `variable ${name} is not an option${suggestion(name, known)}`)
}

/** Kubernetes sets these in every pod for a service called mcp-bridge, or mcp-bridge-something. */
function isServiceLink(name: string, value = ''): boolean {
  if (/_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$/.test(name)) return true
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value)
}

function camelCase(name: string): string {
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

function suggestion(word: string, known: readonly string[]): string {
  const [best] = known
    .map((name) => ({ name, edits: distance(word, name) }))
    .toSorted((a, b) => a.edits - b.edits)
  return best !== undefined && best.edits <= Math.max(2, word.length / 4)
    ? `; did you mean ${best.name}?`
    : ''
}

/** Levenshtein. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1]
    for (const [j, other] of b.split('').entries()) {
      const same = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(same, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
