// config/schema: every option once: what it accepts, its default, how it is named and explained.
import { isIP } from 'node:net'
import { z } from 'zod'
import { clients } from './clients.ts'
import { isLoopback } from './loopback.ts'
import { isOrigin, normalOrigin } from './origins.ts'
import {
  boolean,
  duration,
  files,
  formatDuration,
  formatSize,
  globs,
  headerEnv,
  int,
  list,
  pairs,
  size,
  text,
} from './units.ts'
import { isOwnVariable } from '../variables.ts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

/** Who shares a process: nobody, everybody, or one request after the other. */
export const CHILDREN = ['session', 'shared', 'pool'] as const

const NO_COMMAND = 'name the command after "--"'
const MIB = 1024 ** 2
/** Raw values are text from flags and variables, whatever YAML has from a file; the output is `Config`. */
export const configSchema = z.strictObject({
  command: z
    .array(z.union([z.string(), z.number(), z.boolean()]).transform(String), {
      error: ({ input }) => (input === undefined ? NO_COMMAND : 'write a list: [npx, -y, server]'),
    })
    .min(1, NO_COMMAND)
    .refine(([program]) => program !== '', 'the command is empty')
    .readonly(),
  cwd: text().optional(),
  host: text()
    .transform((host) => host.replace(/^\[(.*)\]$/, '$1'))
    .refine(
      (host) => isIP(host) !== 0 || /^[\w.-]+$/.test(host),
      'write an address without port, such as 0.0.0.0',
    )
    .default('127.0.0.1'),
  port: int(0, 65_535).default(8000),
  ssePath: path().default('/sse'),
  messagePath: path().default('/messages'),
  mcpPath: path().default('/mcp'),
  children: z.enum(CHILDREN, `write ${CHILDREN.join(', ')}`).default('session'),
  /** In effect 0 with `shared` and 1 otherwise, unless set. */
  warm: int(0, 64).optional(),
  recycleAfter: int(0, 1_000_000_000).default(0),
  maxSessions: int(1, 1_000_000).default(1000),
  maxChildren: int(1, 100_000).default(64),
  idleMs: duration(1).default(5 * 60_000),
  startTimeoutMs: duration(1).default(120_000),
  callTimeoutMs: duration().default(0),
  maxBodyBytes: size().default(16 * MIB),
  maxLineBytes: size().default(64 * MIB),
  maxBufferBytes: size().default(8 * MIB),
  maxReplayBytes: size(0).default(MIB),
  maxCalls: int(1, 1_000_000).default(1024),
  /** In effect half of what the process may have, unless set. */
  maxMemoryBytes: size(MIB).optional(),
  drainMs: duration().default(5000),
  token: text().regex(/^\S*$/, 'holds white space').optional(),
  tokenFile: text().optional(),
  allowOrigin: list()
    .refine((all) => all.every((it) => it === '*' || isOrigin(normalOrigin(it))), {
      error: 'write origins such as https://app.example:8443, without a path, or *',
    })
    .default([]),
  allowHost: list()
    .refine(
      (all) => all.every((it) => it === '*' || /^[\w.:[\]-]+$/.test(it)),
      'write host names such as tools.example, or *',
    )
    .default([]),
  cors: boolean().default(false),
  insecure: boolean().default(false),
  env: pairs().default({}),
  envFile: files().default([]),
  passEnv: globs()
    .refine((all) => !all.some(isOwnVariable), 'variables of the bridge (MCP_BRIDGE_*) are not handed on')
    .default([]),
  headerEnv: headerEnv().default([]),
  toolsAllow: globs().default([]),
  toolsDeny: globs().default([]),
  readOnly: boolean().default(false),
  compat: z.literal('litellm', 'write litellm').optional(),
  /** Only in a file or the library: see config/clients. */
  clients: clients().default({}),
  onCrash: z.enum(['restart', 'exit'], 'write restart or exit').default('restart'),
  logLevel: z.enum(LOG_LEVELS, `write ${LOG_LEVELS.join(', ')}`).default('info'),
  logFormat: z.enum(['json', 'pretty'], 'write json or pretty').optional(),
})

/** Checked, complete and deeply frozen: what every module receives its slice of. */
export type Config = Readonly<z.output<typeof configSchema>>
/** What `createBridge` takes: all but `command` may be left out; durations and sizes as numbers (ms, bytes) or text. */
export type ConfigInput = z.input<typeof configSchema>
export type ConfigKey = keyof Config
/** What has no flag. */
type Unflagged = 'command' | 'clients'

type Kind = 'string' | 'int' | 'duration' | 'size' | 'boolean' | 'list' | 'pairs' | 'enum'
type Row = readonly [
  key: Exclude<ConfigKey, Unflagged>,
  name: string,
  kind: Kind,
  value: string,
  help: string,
]

/** Key in `Config`, name as a flag, kind, placeholder, explanation. The defaults are the schema's. */
const TABLE = {
  Listening: [
    ['host', 'host', 'string', 'address', 'Address to listen on'],
    ['port', 'port', 'int', 'number', 'Port to listen on; 0 takes a free one'],
    ['mcpPath', 'mcp-path', 'string', 'path', 'Path of Streamable HTTP'],
    ['ssePath', 'sse-path', 'string', 'path', 'Path of the HTTP+SSE stream'],
    ['messagePath', 'message-path', 'string', 'path', 'Path of HTTP+SSE messages'],
  ],
  Tool: [
    ['cwd', 'cwd', 'string', 'folder', 'Folder to start the command in'],
    ['env', 'env', 'pairs', 'KEY=VALUE', 'Set a variable for the command *'],
    ['envFile', 'env-file', 'list', 'file', 'Set the variables in a file of KEY=VALUE lines *'],
    ['passEnv', 'pass-env', 'list', 'NAME', 'Hand on a variable that is set here; globs too *'],
    ['headerEnv', 'header-env', 'list', 'HEADER=NAME', 'Set a variable from a header of each client *'],
    [
      'startTimeoutMs',
      'start-timeout',
      'duration',
      'time',
      'Longest wait for the command to answer at first',
    ],
    ['onCrash', 'on-crash', 'enum', 'restart|exit', 'What a crash of the command leads to'],
  ],
  'Sessions and limits': [
    ['children', 'children', 'enum', 'mode', 'A process for each session, one shared, or a pool'],
    ['warm', 'warm', 'int', 'number', 'Processes kept started ahead; shared: 0 [1]'],
    ['maxSessions', 'max-sessions', 'int', 'number', 'Sessions open at once'],
    ['maxChildren', 'max-children', 'int', 'number', 'Processes running at once'],
    [
      'recycleAfter',
      'recycle-after',
      'int',
      'number',
      'Replace a process of the pool after so many requests',
    ],
    ['idleMs', 'idle', 'duration', 'time', 'End a session that nobody uses for so long'],
    ['callTimeoutMs', 'call-timeout', 'duration', 'time', 'Longest wait for an answer; 0: no limit'],
    ['maxBodyBytes', 'max-body', 'size', 'size', 'Largest request'],
    ['maxLineBytes', 'max-line', 'size', 'size', 'Largest message of the command'],
    ['maxBufferBytes', 'max-buffer', 'size', 'size', 'Most bytes waiting on one stream'],
    ['maxReplayBytes', 'max-replay', 'size', 'size', 'Most bytes kept per session for a resume'],
    ['maxCalls', 'max-calls', 'int', 'number', 'Calls of one session in flight at once'],
    ['maxMemoryBytes', 'max-memory', 'size', 'size', 'Most bytes kept for all clients [half of the memory]'],
  ],
  Access: [
    ['token', 'token', 'string', 'secret', 'Token that every client must send'],
    ['tokenFile', 'token-file', 'string', 'file', 'File of name:token lines, one per client'],
    ['allowOrigin', 'allow-origin', 'list', 'origin', 'Web pages that may call *'],
    ['allowHost', 'allow-host', 'list', 'name', 'Host names that clients may use *'],
    ['cors', 'cors', 'boolean', '', 'Answer browsers with CORS headers'],
    ['toolsAllow', 'tools-allow', 'list', 'glob', 'Tools that clients see and call; none: all *'],
    ['toolsDeny', 'tools-deny', 'list', 'glob', 'Tools that they do not *'],
    ['readOnly', 'read-only', 'boolean', '', 'Only tools that say they change nothing'],
    ['insecure', 'insecure', 'boolean', '', 'Serve beyond this machine without a token'],
  ],
  Running: [
    ['drainMs', 'drain', 'duration', 'time', 'How long calls may finish after SIGTERM'],
    ['compat', 'compat', 'enum', 'litellm', 'Failures as LiteLLM 1.77 survives them'],
    ['logLevel', 'log-level', 'enum', 'level', 'trace, debug, info, warn, error, silent'],
    ['logFormat', 'log-format', 'enum', 'json|pretty', 'Default: pretty on a terminal'],
  ],
} as const satisfies Record<string, readonly Row[]>

export type Group = keyof typeof TABLE

/** One option under all its names. */
export interface OptionRow {
  key: Exclude<ConfigKey, Unflagged>
  flag: `--${string}`
  /** Its variable. */
  env: `MCP_BRIDGE_${string}`
  /** Its key in a config file; `key` is understood there too. */
  fileKey: string
  kind: Kind
  /** Placeholder in the help; empty for a switch. */
  value: string
  group: Group
  help: string
  /** As text; undefined if there is none. */
  default: string | undefined
}

export const OPTIONS: readonly OptionRow[] = Object.entries(TABLE).flatMap(([group, rows]) =>
  (rows as readonly Row[]).map(([key, name, kind, value, help]) => ({
    key,
    flag: `--${name}` as const,
    env: `MCP_BRIDGE_${name.toUpperCase().replaceAll('-', '_')}` as const,
    fileKey: name,
    kind,
    value,
    group: group as Group,
    help,
    default: defaultText(key, kind),
  })),
)

export interface Problem {
  key: string
  message: string
}

/** What no field can see alone. `config` is partial if fields have problems of their own. */
export function crossCheck(config: Partial<Config>, hasToken: boolean): Problem[] {
  const problems: Problem[] = []
  const { host = '127.0.0.1', insecure, headerEnv: mapped = [] } = config
  if (!isLoopback(host) && !hasToken && insecure !== true) {
    const remedy =
      'set --token or --token-file, or --insecure to serve without (variables: MCP_BRIDGE_TOKEN, MCP_BRIDGE_TOKEN_FILE)'
    problems.push({ key: 'host', message: `--host ${host} is reachable by others: ${remedy}` })
  }
  const paths = new Map<string, string>()
  for (const key of ['ssePath', 'messagePath', 'mcpPath'] as const) {
    // Express does not tell /SSE from /sse.
    const taken = config[key] === undefined ? undefined : paths.get(config[key].toLowerCase())
    if (taken !== undefined) problems.push({ key, message: `${config[key]} is the path of ${taken} already` })
    else if (config[key] !== undefined) paths.set(config[key].toLowerCase(), optionOf(key).flag)
  }
  for (const [name, { token }] of Object.entries(config.clients ?? {})) {
    if (token === undefined && config.tokenFile === undefined) {
      problems.push({
        key: 'clients',
        message: `${name}: has no token, and there is no token file that could hold it`,
      })
    }
  }
  for (const { header } of hasToken ? mapped : []) {
    if (header !== 'authorization' && header !== 'x-api-key') continue
    const message = `${header} carries the token of the bridge: choose another header, such as X-Tool-Token`
    problems.push({ key: 'headerEnv', message })
  }
  return problems
}

function path() {
  return text()
    .regex(/^\/$|^(\/[\w.~%!$&'+,;=@-]+)+\/?$/, 'write a path such as /mcp: no query, no white space')
    .refine((raw) => !/\/\.\.?(?:\/|$)/.test(raw), 'clients leave out what is /. or /..')
    .transform((raw) => (raw === '/' ? raw : raw.replace(/\/$/, '')))
    .refine((raw) => !/^\/(healthz|readyz)$/i.test(raw), '/healthz and /readyz are taken')
}

/** The row of a key. */
export function optionOf(key: string): OptionRow {
  const row = OPTIONS.find((option) => option.key === key)
  if (row === undefined) throw new TypeError(`no option ${key}`)
  return row
}

/** A value of `Config` as its option would be written. */
export function formatValue(kind: Kind, value: unknown): string {
  if (kind === 'duration') return formatDuration(Number(value))
  return kind === 'size' ? formatSize(Number(value)) : String(value)
}

function defaultText(key: keyof Config, kind: Kind): string | undefined {
  if (kind === 'boolean' || kind === 'list' || kind === 'pairs') return undefined
  const { data } = configSchema.shape[key].safeParse(undefined)
  return data === undefined ? undefined : formatValue(kind, data)
}
