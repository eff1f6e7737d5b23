// config/cross-check: what no field can see alone.
import type { Config } from './config.ts'
import { isLoopback } from './loopback.ts'
import { OPTIONS } from './options.ts'

const NO_COMMAND = 'name the command after "--", or a file with --servers'

export interface Problem {
  key: string
  message: string
}

/** `config` is partial if fields have problems of their own. */
export function crossCheck(config: Partial<Config>, hasToken: boolean): Problem[] {
  const problems: Problem[] = toolProblems(config)
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
    else if (config[key] !== undefined) paths.set(config[key].toLowerCase(), flagOf(key))
  }
  problems.push(...auditProblems(config))
  problems.push(...replicaProblems(config))
  if (config.metricsHost !== undefined && config.metricsPort === undefined)
    problems.push({ key: 'metricsHost', message: 'is for a listener of its own: set --metrics-port, too' })
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

/** Looked at where both are sound. */
function toolProblems({ command, servers, onCrash }: Partial<Config>): Problem[] {
  if (command === undefined) return []
  if (servers === undefined) return command.length > 0 ? [] : [{ key: 'command', message: NO_COMMAND }]
  const problems: Problem[] = []
  if (command.length > 0)
    problems.push({ key: 'servers', message: 'are served in place of a command: name one or the other' })
  if (onCrash === 'exit')
    problems.push({
      key: 'onCrash',
      message: 'exit is for one command: one of several servers ends no other',
    })
  return problems
}

function auditProblems({ audit, auditRequired, auditArguments = [] }: Partial<Config>): Problem[] {
  if (audit !== undefined) return []
  const message = 'say where the lines go, too: --audit'
  return [
    ...(auditRequired === true ? [{ key: 'auditRequired', message }] : []),
    ...(auditArguments.length > 0 ? [{ key: 'auditArguments', message }] : []),
  ]
}

function replicaProblems({ replica, replicas = {}, replicaKeyFile }: Partial<Config>): Problem[] {
  const hasPeers = Object.keys(replicas).length > 0
  if (replica === undefined)
    return hasPeers || replicaKeyFile !== undefined
      ? [{ key: hasPeers ? 'replicas' : 'replicaKeyFile', message: 'name this replica, too: --replica' }]
      : []
  if (replicas['*'] !== undefined && !/-\d+$/.test(replica))
    return [
      { key: 'replica', message: `${replica} has no number at its end, such as tools-0: * is for those` },
    ]
  if (hasPeers === (replicaKeyFile !== undefined)) return []
  const problem = hasPeers
    ? { key: 'replicas', message: 'replicas know each other by a secret: --replica-key-file' }
    : { key: 'replicaKeyFile', message: 'is for requests between replicas: say where they are, --replicas' }
  return [problem]
}

function flagOf(key: string): string {
  return OPTIONS.find((option) => option.key === key)?.flag ?? key
}
