// config/print: the configuration in force, with who set what and no secret.
import type { Config } from './config.ts'
import { OPTIONS, formatValue, type OptionRow } from './options.ts'
import type { Origin } from './source.ts'

/** Unquoted on purpose: `***` is no YAML, so a pasted print cannot become a configuration with a known token. */
const MASK = '***'

/** One aligned line `key: value   # origin` for each option that has a value, under the keys of a config file. */
export function printConfig(config: Config, origins: Readonly<Record<string, Origin>>): string {
  const lines: [text: string, origin: Origin][] = [
    [`command: ${flow(config.command)}`, origins['command'] ?? 'default'],
  ]
  for (const option of OPTIONS) {
    if (config[option.key] === undefined || option.key === 'servers') continue
    lines.push([`${option.fileKey}: ${show(option, config)}`, origins[option.key] ?? 'default'])
  }
  const servers = Object.keys(config.servers ?? {})
  if (servers.length > 0) lines.push([`servers: ${flow(servers)}`, origins['servers'] ?? 'default'])
  const names = Object.keys(config.clients)
  // Of clients only the names: what is set for them are tokens and credentials.
  if (names.length > 0) lines.push([`clients: ${flow(names)}`, origins['clients'] ?? 'default'])
  const width = Math.min(60, Math.max(...lines.map(([text]) => text.length)))
  return lines.map(([text, origin]) => `${text.padEnd(width)}   # ${origin}\n`).join('')
}

function show({ key, kind }: OptionRow, config: Config): string {
  if (key === 'token') return MASK
  if (key === 'env')
    return `{ ${Object.keys(config.env)
      .map((name) => `${name}: ${MASK}`)
      .join(', ')} }`.replace('{  }', '{}')
  if (key === 'headerEnv') return flow(config.headerEnv.map(({ header, name }) => `${header}=${name}`))
  if (key === 'replicas')
    return flow(Object.entries(config.replicas).map(([name, url]) => (name === '*' ? url : `${name}=${url}`)))
  const value = config[key]
  return Array.isArray(value) ? flow(value) : scalar(formatValue(kind, value))
}

function flow(items: readonly string[]): string {
  return `[${items.map(scalar).join(', ')}]`
}

function scalar(text: string): string {
  return /^[A-Za-z0-9_./][\w./=@-]*$/.test(text) ? text : JSON.stringify(text)
}
