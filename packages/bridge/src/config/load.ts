// config/load: flags, variables, file and defaults become one checked configuration, which knows who said what.
import type * as z from 'zod'
import { BridgeError } from '../errors.ts'
import type { Config, ConfigInput, ServerInput } from './config.ts'
import { crossCheck, type Problem } from './cross-check.ts'
import { readVariables, unknownVariables, type Environment } from './environment.ts'
import { readConfigFile } from './file.ts'
import { OPTIONS } from './options.ts'
import { configSchema } from './schema.ts'
import { resolveServers, type RawServer } from './servers.ts'
import type { Origin, Source, Values } from './source.ts'
import { suggestion } from './suggestion.ts'

export interface LoadOptions {
  /** By config key, only those given. */
  flags?: Readonly<Record<string, unknown>>
  /** What stands after `--`. */
  command?: readonly string[]
  env?: Environment
  /** Of `--config`; else MCP_BRIDGE_CONFIG. */
  configFile?: string | undefined
}

export interface Loaded {
  config: Config
  /** Who set each key of the config. */
  origins: Record<string, Origin>
  /** What is odd but no reason to stop. */
  warnings: string[]
  /** All that was read: the config file, and those of servers. */
  files: string[]
  /** Whether npx, or `npm exec`, has started us. */
  isUnderNpx: boolean
}

interface Gathered extends Source {
  /** Of the config file. */
  path: string | undefined
}

/**
 * flags > variables > file > defaults; a list or map replaces the one below, it is not added to it.
 *
 * @throws BridgeError `config_invalid`, with all problems, one a line
 */
export async function loadConfig(options: LoadOptions): Promise<Loaded> {
  const { env = process.env } = options
  const { values, problems, path } = gather({ ...options, env })
  const files = path === undefined ? [] : [path]
  const warnings = unknownVariables(env)
  const given = values.get('servers')
  if (given !== undefined) {
    // Most bridges serve one command, and need nothing of it.
    const { readServers } = await import('./server-files.ts')
    const read = readServers(given, { env, configFile: path })
    values.set('servers', [read.servers, given[1]])
    problems.push(...read.problems)
    files.push(...read.files)
    warnings.push(...read.warnings)
  }
  const { config, origins } = settle(values, problems)
  // npm says in the environment which of its commands it runs.
  return { config, origins, warnings, files, isUnderNpx: env['npm_command'] === 'exec' }
}

/**
 * Where a bridge with these options listens, whatever it serves.
 *
 * @throws BridgeError `config_invalid`
 */
export function loadAddress(options: LoadOptions): Pick<Config, 'host' | 'port'> {
  const { values, problems } = gather(options)
  values.delete('servers')
  values.set('command', [['any'], 'default'])
  return settle(values, problems).config
}

function gather({ flags = {}, command = [], env = process.env, configFile }: LoadOptions): Gathered {
  const path = configFile ?? (env['MCP_BRIDGE_CONFIG'] || undefined)
  const file: Source = path === undefined ? { values: new Map(), problems: [] } : readConfigFile(path)
  const values: Values = new Map([...file.values, ...readVariables(env)])
  for (const [key, value] of Object.entries(flags)) {
    const option = OPTIONS.find((row) => row.key === key)
    if (value !== undefined) values.set(key, [value, `flag ${option?.flag ?? key}`])
  }
  if (command.length > 0) values.set('command', [[...command], 'flag --'])
  return { values, problems: [...file.problems], path }
}

/**
 * The same defaults and checks for the library: neither variables nor files are read.
 *
 * @throws BridgeError `config_invalid`, with all problems, one a line
 */
export function parseConfig({ servers, ...options }: ConfigInput): Config {
  const given = Object.entries(options satisfies z.input<typeof configSchema>).filter(
    ([, value]) => value !== undefined,
  )
  const unknown = given.filter(([key]) => !(key in configSchema.shape))
  const values: Values = new Map(given.map(([key, value]) => [key, [value, `option ${key}`]]))
  for (const [key] of unknown) values.delete(key)
  const names = Object.keys(configSchema.shape)
  if (servers !== undefined) values.set('servers', [fromLibrary(servers), 'option servers'])
  return settle(
    values,
    unknown.map(([key]) => `option ${key}: there is no such option${suggestion(key, names)}`),
  ).config
}

function fromLibrary(servers: Readonly<Record<string, ServerInput>>): Record<string, RawServer> {
  return Object.fromEntries(
    Object.entries(servers).map(([name, options]) => [
      name,
      { origin: `option servers.${name}`, options: { ...options } },
    ]),
  )
}

function settle(values: Values, problems: readonly string[]): Pick<Loaded, 'config' | 'origins'> {
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
  const { data } = parsed
  const servers = data.servers as Readonly<Record<string, RawServer>> | undefined
  const config = servers === undefined ? data : { ...data, servers: resolveServers(servers, data, hasToken) }
  return { config: deepFreeze(config), origins: Object.fromEntries(origins) }
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

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
