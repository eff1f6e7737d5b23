// config/environment: options in variables, and variables that look like one.
import { OPTIONS } from './options.ts'
import type { Values } from './source.ts'
import { suggestion } from './suggestion.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** `VAR=` of a compose file means "not set", but for a token: nobody wants to serve without by an empty variable. */
export function readVariables(env: Environment): Values {
  const values: Values = new Map()
  for (const { key, env: name } of OPTIONS) {
    const value = env[name]
    if (value === undefined || isServiceLink(name, value)) continue
    if (value !== '' || key === 'token' || key === 'tokenFile') values.set(key, [value, `variable ${name}`])
  }
  return values
}

export function unknownVariables(env: Environment): string[] {
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
