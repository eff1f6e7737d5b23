// config/config: what a bridge is told, as types for those who write it; the schema is checked against them.
import type { Origin } from './source.ts'

/** Clients that need more than the protocol says, or less. */
export const COMPAT = ['litellm', 'claude-ai'] as const
export type Compat = (typeof COMPAT)[number]

/** Checked, complete and deeply frozen: what every module receives its slice of. Times are in ms, sizes in bytes. */
export interface Config {
  /** The tool: a program and its arguments, started without a shell; empty where there are `servers`. */
  readonly command: readonly string[]
  /** Several tools in place of one, by name: each at `/NAME/mcp`, `/NAME/sse` and `/NAME/messages`. */
  readonly servers?: Readonly<Record<string, Server>> | undefined
  /** Folder to start the command in; default: that of the bridge. */
  readonly cwd?: string | undefined
  /** Address to listen on; default `127.0.0.1`. Any other wants `token`, `tokenFile`, `clients` or `insecure`. */
  readonly host: string
  /** Port to listen on, 0 for a free one; default 8000. */
  readonly port: number
  /** Path of the HTTP+SSE stream; default `/sse`. */
  readonly ssePath: string
  /** Path of HTTP+SSE messages; default `/messages`. */
  readonly messagePath: string
  /** Path of Streamable HTTP; default `/mcp`. */
  readonly mcpPath: string
  /** Name of this bridge among its replicas: session ids begin with it. */
  readonly replica?: string | undefined
  /** Where the replicas are, by name; `*` is one address for all that are numbered as this one is: `http://*.tools:8000`. */
  readonly replicas: Readonly<Record<string, string>>
  /** File of the secret that the replicas share. */
  readonly replicaKeyFile?: string | undefined
  /** Who shares a process: nobody, everybody, or one request after the other; default `session`. */
  readonly children: 'session' | 'shared' | 'pool'
  /** Processes kept started ahead; default 0 with `shared`, 1 otherwise. */
  readonly warm?: number | undefined
  /** Replace a process of the pool after so many requests; default 0: never. */
  readonly recycleAfter: number
  /** Sessions open at once; default 1000. */
  readonly maxSessions: number
  /** Processes running at once; default 64. */
  readonly maxChildren: number
  /** End a session that nobody uses for so long; default 5 minutes. */
  readonly idleMs: number
  /** Longest wait for the command to answer at first; default 2 minutes. */
  readonly startTimeoutMs: number
  /** Longest wait for an answer; default 0: no limit. */
  readonly callTimeoutMs: number
  /** How often a client that gave a progress token hears that its silent call goes on; default 0: never. */
  readonly progressEveryMs: number
  /** Largest request; default 16 MiB. */
  readonly maxBodyBytes: number
  /** Largest message of the command; default 64 MiB. */
  readonly maxLineBytes: number
  /** Most bytes waiting on one stream; default 8 MiB. */
  readonly maxBufferBytes: number
  /** Most bytes kept per session for a resume; default 1 MiB. */
  readonly maxReplayBytes: number
  /** Calls of one session in flight at once; default 1024. */
  readonly maxCalls: number
  /** Most bytes kept for all clients; default: half of what the process may have. */
  readonly maxMemoryBytes?: number | undefined
  /** How long calls may finish when the bridge is closed; default 5 seconds. */
  readonly drainMs: number
  /** Token that every client must send. */
  readonly token?: string | undefined
  /** File of `name:token` lines, one per client. */
  readonly tokenFile?: string | undefined
  /** Origins of web pages that may call, or `*`. */
  readonly allowOrigin: readonly string[]
  /** Host names that clients may use, or `*`. */
  readonly allowHost: readonly string[]
  /** Answer browsers with CORS headers; default false. */
  readonly cors: boolean
  /** Serve beyond this machine without a token; default false. */
  readonly insecure: boolean
  /** Variables for the command. */
  readonly env: Readonly<Record<string, string>>
  /** Files of `KEY=VALUE` lines, for the command. */
  readonly envFile: readonly string[]
  /** Names of variables, or globs of them, that are handed on to the command. */
  readonly passEnv: readonly string[]
  /** Variables for the command from headers of each client. */
  readonly headerEnv: readonly Readonly<{ header: string; name: string }>[]
  /** Globs of the tools that clients see and call; default: all. */
  readonly toolsAllow: readonly string[]
  /** Globs of the tools that they do not. */
  readonly toolsDeny: readonly string[]
  /** Only tools that say they change nothing; default false. */
  readonly readOnly: boolean
  /** File of the tools as they were accepted (`mcp-bridge check --lock`). */
  readonly toolsLock?: string | undefined
  /** What comes of a tool that is not as it was accepted: it is kept from clients, or only told; default `refuse`. */
  readonly onToolChange: 'refuse' | 'report'
  /** Clients whose habits are met. */
  /** Lists on one page, for clients that read the first only. */
  readonly onePage: boolean
  readonly compat: readonly Compat[]
  /** Who may come, by name: each a token, an environment and the tools they may use. */
  readonly clients: Readonly<Record<string, ClientConfig>>
  /** What a crash of the command leads to; default `restart`. */
  readonly onCrash: 'restart' | 'exit'
  /** Which revisions the command speaks: found out, those that begin with `initialize`, or 2026-07-28. */
  readonly era: 'auto' | 'legacy' | 'modern'
  /** Count for Prometheus, at `/metrics`; default false. */
  readonly metrics: boolean
  /** Port of a listener for `/metrics` alone, 0 for a free one: implies `metrics`, and takes it off the port of the tools. */
  readonly metricsPort?: number | undefined
  /** Address of that listener; default `127.0.0.1`. */
  readonly metricsHost?: string | undefined
  /** Write a line for each call, session, process and refusal to this file; `-` is stdout, `syslog+udp://host:port` a receiver. */
  readonly audit?: string | undefined
  /** Carry out and answer no call that cannot be written; default false. */
  readonly auditRequired: boolean
  /** Globs of tools whose arguments stand in the line too, without what looks like a secret; default none. */
  readonly auditArguments: readonly string[]
  /** Of the command line; a library logs to the `logger` that it is given. */
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Of the command line. */
  readonly logFormat?: 'json' | 'pretty' | undefined
}

export interface ClientConfig {
  /** May stand in the token file instead, under the same name. */
  readonly token?: string | undefined
  /** Variables for this client's processes, beside those for all. */
  readonly env: Readonly<Record<string, string>>
  readonly envFile: readonly string[]
  /** What the bridge allows to all is narrowed further by these. */
  readonly toolsAllow: readonly string[]
  readonly toolsDeny: readonly string[]
  readonly readOnly: boolean
  /** The servers that this client may use, with what is narrowed there alone; without it all of them. */
  readonly servers?: Readonly<Record<string, ClientServer>> | undefined
}

export type ClientServer = Omit<ClientConfig, 'token' | 'servers'>

/** One tool of several: what its file, or the library, says of it. */
export interface Server {
  /** Where it stands. */
  readonly origin: Origin
  readonly state: 'on' | 'off' | 'wrong' | 'remote' | 'client-only'
  /** Why it is not served: switched off, a variable to set, a part of the client, what is wrong. Never shows a value. */
  readonly reason?: string | undefined
  /** Of one that runs elsewhere, and is left to the clients. */
  readonly url?: string | undefined
  /** Of one that is on: complete, with its own paths, and with the options of the whole where it has none. */
  readonly config?: Config | undefined
  /** Its command for people, of a file: placeholders as they stand, without what looks like a secret. */
  readonly shown?: string | undefined
  /** When its first process starts: with the bridge, or with the first request. */
  readonly start: 'lazy' | 'eager'
  /** What its file says and nothing comes of, and the like. */
  readonly notes: readonly string[]
}

/**
 * What `createBridge` takes: a `command` or `servers`, and whatever else is not to be as by default. Durations may be text
 * (`30s`), sizes too (`16MiB`), lists one text with commas, pairs `KEY=VALUE` lines.
 */
export type ConfigInput = { servers?: Record<string, ServerInput> | undefined } & Partial<Command> &
  Inputs<Omit<Config, 'command' | 'servers'>>
/** One of `servers`: an option that it does not have is that of the whole. */
export type ServerInput = { start?: 'lazy' | 'eager'; disabled?: boolean } & Command &
  Inputs<Pick<Config, ServerKey>>
export type ConfigKey = keyof Config

interface Command {
  command: (string | number | boolean)[]
}

/** What each of several tools may have otherwise; all else belongs to the listener and to the whole. */
export const SERVER_KEYS = [
  'cwd',
  'env',
  'envFile',
  'passEnv',
  'headerEnv',
  'startTimeoutMs',
  'era',
  'children',
  'warm',
  'recycleAfter',
  'maxSessions',
  'maxChildren',
  'idleMs',
  'callTimeoutMs',
  'maxBodyBytes',
  'maxLineBytes',
  'maxBufferBytes',
  'maxReplayBytes',
  'maxCalls',
  'toolsAllow',
  'toolsDeny',
  'readOnly',
  'toolsLock',
  'onToolChange',
  'onePage',
  'compat',
  'drainMs',
] as const satisfies readonly ConfigKey[]
type ServerKey = (typeof SERVER_KEYS)[number]

type Inputs<T> = { -readonly [K in keyof T]?: Input<T[K]> | undefined }

type ClientInput = Inputs<Omit<ClientConfig, 'servers'>> & {
  servers?: string[] | Record<string, Inputs<ClientServer>> | undefined
}

type Input<T> = T extends number
  ? number | string
  : T extends boolean
    ? boolean | string | number
    : T extends string
      ? T
      : T extends readonly string[]
        ? string | string[]
        : T extends Config['headerEnv']
          ? string | (string | { header: string; name: string })[] | Record<string, string>
          : T extends Config['env']
            ? string | string[] | Record<string, string | number | boolean>
            : T extends Config['clients']
              ? Record<string, ClientInput>
              : never
