// config/schema: every option once: what it accepts and its default.
import { isIP } from 'node:net'
import * as z from 'zod'
import { auditPlaceOf } from './audit.ts'
import { clients } from './clients.ts'
import { COMPAT, type Config } from './config.ts'
import { boolean, duration, files, globs, headerEnv, int, list, pairs, size, text, whole } from './fields.ts'
import { isOrigin, normalOrigin } from './origins.ts'
import { replicaName, replicas } from './replicas.ts'
import { isOwnVariable } from '../variables.ts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

/** Who shares a process: nobody, everybody, or one request after the other. */
export const CHILDREN = ['session', 'shared', 'pool'] as const

const MIB = 1024 ** 2

/** Raw values are text from flags and variables, whatever YAML has from a file; the output is `Config`. */
export const configSchema = z.strictObject({
  command: z
    .array(
      z.union([z.string(), z.number(), z.boolean()]).transform(String),
      'write a list: [npx, -y, server]',
    )
    .refine(([program]) => program !== '', 'the command is empty')
    .readonly()
    .default([]),
  /** Checked one by one, when the rest is known: see config/servers. */
  servers: whole<Config['servers']>().optional(),
  cwd: text().optional(),
  host: address().default('127.0.0.1'),
  port: int(0, 65_535).default(8000),
  ssePath: path().default('/sse'),
  messagePath: path().default('/messages'),
  mcpPath: path().default('/mcp'),
  replica: replicaName().optional(),
  replicas: replicas().default({}),
  replicaKeyFile: text().optional(),
  children: z.enum(CHILDREN, `write ${CHILDREN.join(', ')}`).default('session'),
  /** In effect 0 with `shared` and 1 otherwise, unless set. */
  warm: int(0, 64).optional(),
  recycleAfter: int(0, 1_000_000_000).default(0),
  maxSessions: int(1, 1_000_000).default(1000),
  maxChildren: int(1, 100_000).default(64),
  idleMs: duration(1).default(5 * 60_000),
  startTimeoutMs: duration(1).default(120_000),
  callTimeoutMs: duration().default(0),
  progressEveryMs: duration().default(0),
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
  toolsLock: text().optional(),
  onToolChange: z.enum(['refuse', 'report'], 'write refuse or report').default('refuse'),
  onePage: boolean().default(false),
  compat: list()
    .pipe(z.array(z.enum(COMPAT, `write ${COMPAT.join(' or ')}`)))
    .default([]),
  /** Only in a file or the library: see config/clients. */
  clients: clients().default({}),
  era: z.enum(['auto', 'legacy', 'modern'], 'write auto, legacy or modern').default('auto'),
  metrics: boolean().default(false),
  metricsPort: int(0, 65_535).optional(),
  /** In effect 127.0.0.1, unless set. */
  metricsHost: address().optional(),
  audit: auditPlace().optional(),
  auditRequired: boolean().default(false),
  auditArguments: globs().default([]),
  onCrash: z.enum(['restart', 'exit'], 'write restart or exit').default('restart'),
  logLevel: z.enum(LOG_LEVELS, `write ${LOG_LEVELS.join(', ')}`).default('info'),
  logFormat: z.enum(['json', 'pretty'], 'write json or pretty').optional(),
} satisfies { [K in keyof Config]-?: z.ZodType<Config[K]> })

function address() {
  return text()
    .transform((host) => host.replace(/^\[(.*)\]$/, '$1'))
    .refine(
      (host) => isIP(host) !== 0 || /^[\w.-]+$/.test(host),
      'write an address without port, such as 0.0.0.0',
    )
}

function path() {
  return text()
    .regex(/^\/$|^(\/[\w.~%!$&'+,;=@-]+)+\/?$/, 'write a path such as /mcp: no query, no white space')
    .refine((raw) => !/\/\.\.?(?:\/|$)/.test(raw), 'clients leave out what is /. or /..')
    .transform((raw) => (raw === '/' ? raw : raw.replace(/\/$/, '')))
    .refine((raw) => !/^\/(healthz|readyz)$/i.test(raw), '/healthz and /readyz are taken')
}

function auditPlace() {
  return text().superRefine((raw, ctx) => {
    try {
      auditPlaceOf(raw)
    } catch (error) {
      ctx.addIssue({ code: 'custom', message: (error as Error).message })
    }
  })
}
