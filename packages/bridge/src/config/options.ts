// config/options: every option under all its names: flag, variable, key of the config file; and how it is explained.
import { formatDuration } from './duration.ts'
import { kindOf, type Kind } from './fields.ts'
import type { ConfigKey } from './config.ts'
import { configSchema } from './schema.ts'
import { formatSize } from './size.ts'

/** What has no flag. */
type Unflagged = 'command' | 'clients'
type OptionKey = Exclude<ConfigKey, Unflagged>

interface Row {
  /** Placeholder in the help; a switch has none. */
  value?: string
  /** An asterisk at its end: may be repeated. */
  help: string
}

/** By group and key of `Config`, in the order of the help. Names, kinds and defaults follow from key and schema. */
const TABLE = {
  Listening: {
    host: { value: 'address', help: 'Address to listen on' },
    port: { value: 'number', help: 'Port to listen on; 0 takes a free one' },
    mcpPath: { value: 'path', help: 'Path of Streamable HTTP' },
    ssePath: { value: 'path', help: 'Path of the HTTP+SSE stream' },
    messagePath: { value: 'path', help: 'Path of HTTP+SSE messages' },
    replica: { value: 'name', help: 'Name of this one of several replicas: begins its session ids' },
    replicas: { value: 'NAME=URL', help: 'Where the replicas are; http://*.host:8000 for numbered ones *' },
    replicaKeyFile: { value: 'file', help: 'File of the secret that the replicas share' },
  },
  Tool: {
    servers: { value: 'file', help: "Serve the tools of an MCP client's file in place of a command *" },
    cwd: { value: 'folder', help: 'Folder to start the command in' },
    env: { value: 'KEY=VALUE', help: 'Set a variable for the command *' },
    envFile: { value: 'file', help: 'Set the variables in a file of KEY=VALUE lines *' },
    passEnv: { value: 'NAME', help: 'Hand on a variable that is set here; globs too *' },
    headerEnv: { value: 'HEADER=NAME', help: 'Set a variable from a header of each client *' },
    startTimeoutMs: { value: 'time', help: 'Longest wait for the command to answer at first' },
    era: { value: 'auto|legacy|modern', help: 'Which revisions the command speaks, if not found out' },
    onCrash: { value: 'restart|exit', help: 'What a crash of the command leads to' },
  },
  'Sessions and limits': {
    children: { value: 'mode', help: 'A process for each session, one shared, or a pool' },
    warm: { value: 'number', help: 'Processes kept started ahead; shared: 0 [1]' },
    maxSessions: { value: 'number', help: 'Sessions open at once' },
    maxChildren: { value: 'number', help: 'Processes running at once' },
    recycleAfter: { value: 'number', help: 'Replace a process of the pool after so many requests' },
    idleMs: { value: 'time', help: 'End a session that nobody uses for so long' },
    callTimeoutMs: { value: 'time', help: 'Longest wait for an answer; 0: no limit' },
    progressEveryMs: { value: 'time', help: 'Tell clients so often that a silent call goes on' },
    maxBodyBytes: { value: 'size', help: 'Largest request' },
    maxLineBytes: { value: 'size', help: 'Largest message of the command' },
    maxBufferBytes: { value: 'size', help: 'Most bytes waiting on one stream' },
    maxReplayBytes: { value: 'size', help: 'Most bytes kept per session for a resume' },
    maxCalls: { value: 'number', help: 'Calls of one session in flight at once' },
    maxMemoryBytes: { value: 'size', help: 'Most bytes kept for all clients [half of the memory]' },
  },
  Access: {
    token: { value: 'secret', help: 'Token that every client must send' },
    tokenFile: { value: 'file', help: 'File of name:token lines, one per client' },
    allowOrigin: { value: 'origin', help: 'Web pages that may call *' },
    allowHost: { value: 'name', help: 'Host names that clients may use *' },
    cors: { help: 'Answer browsers with CORS headers' },
    toolsAllow: { value: 'glob', help: 'Tools that clients see and call; none: all *' },
    toolsDeny: { value: 'glob', help: 'Tools that they do not *' },
    readOnly: { help: 'Only tools that say they change nothing' },
    toolsLock: { value: 'file', help: 'Only tools that are as in this file: see check --lock' },
    onToolChange: { value: 'refuse|report', help: 'What comes of a tool that is not' },
    insecure: { help: 'Serve beyond this machine without a token' },
  },
  Running: {
    drainMs: { value: 'time', help: 'How long calls may finish after SIGTERM' },
    onePage: { help: 'Lists on one page, for clients that read the first only' },
    compat: { value: 'litellm|claude-ai', help: 'What these clients survive, or need *' },
    metrics: { help: 'Count for Prometheus, at /metrics' },
    metricsPort: { value: 'number', help: 'The same at a port of its own; 0 takes a free one' },
    metricsHost: { value: 'address', help: 'Address to listen on with that port [127.0.0.1]' },
    audit: { value: 'file', help: 'A line for each call: to a file, - (stdout), syslog+udp://host:port' },
    auditArguments: { value: 'glob', help: 'Tools whose arguments stand in it too, masked *' },
    auditRequired: { help: 'Answer no call whose line cannot be written' },
    logLevel: { value: 'level', help: 'trace, debug, info, warn, error, silent' },
    logFormat: { value: 'json|pretty', help: 'Default: pretty on a terminal' },
  },
} as const satisfies Record<string, Partial<Record<OptionKey, Row>>>

export type Group = keyof typeof TABLE

/** One option under all its names. */
export interface OptionRow {
  key: OptionKey
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
  Object.entries<Row>(rows).map(([name, row]) => optionRow(name as OptionKey, group as Group, row)),
)

function optionRow(key: OptionKey, group: Group, { value = '', help }: Row): OptionRow {
  const name = nameOf(key)
  const kind = kindOf(configSchema.shape[key])
  return {
    key,
    flag: `--${name}`,
    env: `MCP_BRIDGE_${name.toUpperCase().replaceAll('-', '_')}`,
    fileKey: name,
    kind,
    value,
    group,
    help,
    default: defaultText(key, kind),
  }
}

/** `maxBodyBytes` is written max-body: its unit is part of the value. */
function nameOf(key: OptionKey): string {
  return key.replace(/(Ms|Bytes)$/, '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function defaultText(key: OptionKey, kind: Kind): string | undefined {
  if (kind === 'boolean' || kind === 'list' || kind === 'pairs') return undefined
  const { data } = configSchema.shape[key].safeParse(undefined)
  return data === undefined ? undefined : formatValue(kind, data)
}

/** A value of `Config` as its option would be written. */
export function formatValue(kind: Kind, value: unknown): string {
  if (kind === 'duration') return formatDuration(Number(value))
  return kind === 'size' ? formatSize(Number(value)) : String(value)
}
