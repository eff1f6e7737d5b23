// cli/banner: what a person sees at the start: where it listens, what it serves, how to connect.
import { networkInterfaces } from 'node:os'
import type { Config, Server } from '../config/config.ts'
import type { ChildReport } from '../relay/describe.ts'
import { isImage } from '../place.ts'
import { MODERN_REVISION } from '../rpc/revisions.ts'
import type { Listening } from '../server/listening.ts'
import { clientKeyOf } from '../status/connect.ts'
import { excerpt, visible } from '../visible.ts'

const MAX_TOOLS = 12

/** Who shares a process, and what that means for the state of the tool. */
const MODES = {
  session: 'session: one process per session; what a client does there is its own',
  shared: 'shared: one process for all; what one client does there, all see',
  pool: "pool: a process per request; what a request leaves there may be gone or another's",
} as const

/** Printed as soon as the bridge listens. */
export function listeningLines(config: Config, listening: Listening, version: string): string {
  if (config.servers !== undefined) return serversLines(config.servers, config, listening, version)
  return block([
    [`mcp-bridge ${version}`],
    ...(isImage ? placesInContainer(config, listening) : addresses(config, listening)),
    ['  tool', visible(config.command.join(' '))],
    ['  mode', MODES[config.children]],
    ...metrics(listening),
    ['  access', access(config)],
    ['  waiting for', `${visible(config.command[0] ?? '')} to answer initialize …`],
  ])
}

/** One line for each; what is wrong with one is said beside it. */
function serversLines(
  servers: NonNullable<Config['servers']>,
  config: Config,
  listening: Listening,
  version: string,
): string {
  const at = { ...config, mcpPath: '/NAME/mcp', ssePath: '/NAME/sse' }
  const names = Object.keys(servers)
  const width = Math.max(0, ...names.map(({ length }) => length))
  return block([
    [`mcp-bridge ${version}`],
    ...(isImage ? placesInContainer(at, listening) : addresses(at, listening)),
    ...metrics(listening),
    ['  access', access(config)],
    [`  ${names.length} servers`, 'each starts when it is first asked for, unless it says `start: eager`'],
    ...Object.entries(servers).map(([name, server]) => [`    ${name.padEnd(width)}  ${stateOf(server)}`]),
  ])
}

function metrics({ metricsUrl }: Listening): string[][] {
  if (metricsUrl === undefined) return []
  const { port, pathname } = new URL(metricsUrl)
  return [['  metrics', isImage ? `${pathname} on port ${port} of this container` : metricsUrl]]
}

function stateOf({ state, reason = '', url = '', config, shown, start }: Server): string {
  if (state === 'on')
    return `${excerpt(shown ?? config?.command[0] ?? '')}${start === 'eager' ? ', eager' : ''}`
  if (state === 'remote') return `runs elsewhere (${visible(url)}): left to the clients`
  if (state === 'client-only') return `left to the client: ${visible(reason)}`
  return `${state === 'off' ? 'off' : 'WRONG'}: ${visible(reason)}`
}

function addresses({ mcpPath }: Config, { mcpUrl, sseUrl, host, port }: Listening): string[][] {
  const others = lanAddresses(host).map((address) => `http://${address}:${port}${mcpPath}`)
  return [
    ['  Streamable HTTP', mcpUrl],
    ['  HTTP+SSE', sseUrl],
    ...others.map((url) => ['  from the LAN', url]),
  ]
}

/** A container does not know under which address it is reached: that is decided outside. */
function placesInContainer({ mcpPath, ssePath }: Config, { port }: Listening): string[][] {
  return [
    ['  Streamable HTTP', `${mcpPath} on port ${port} of this container`],
    ['  HTTP+SSE', `${ssePath} on the same port`],
    [
      '  reached from',
      `where the port is published (docker run -p 127.0.0.1:${port}:${port}), and from its networks`,
    ],
  ]
}

/** Printed once the tool has answered. */
export function toolLines(config: Config, { mcpUrl }: Listening, report: ChildReport): string {
  const names = report.tools.map(({ name }) => excerpt(name))
  const shown =
    names.length > MAX_TOOLS
      ? [...names.slice(0, MAX_TOOLS - 1), `and ${names.length - MAX_TOOLS + 1} more`]
      : names
  const client = {
    mcpServers: {
      [clientKeyOf(report.name)]: {
        type: 'http',
        url: isImage ? `http://<where the port is published>${config.mcpPath}` : mcpUrl,
        ...(needsToken(config) ? { headers: { Authorization: 'Bearer <token>' } } : {}),
      },
    },
  }
  return `${block([
    [
      '  answers as',
      `${excerpt(report.name)} ${excerpt(report.version)}, ${excerpt(report.protocolVersion)}, after ${report.startMs} ms`,
    ],
    ['  revisions', revisions(config, report)],
    [`  ${names.length} tools`, shown.join(', ') || 'none'],
  ])}\nClient configuration:\n${JSON.stringify(client, undefined, 2)}\n`
}

/** Whether a tool that takes `initialize` speaks the newest too is asked when the first such client comes. */
function revisions({ era }: Config, { protocolVersion }: ChildReport): string {
  if (protocolVersion === MODERN_REVISION) return 'all; translated for clients that open sessions'
  const whom = `for clients of ${MODERN_REVISION}`
  return `all; translated ${whom}${era === 'legacy' ? '' : ', unless the tool turns out to speak it'}`
}

function needsToken({ token, tokenFile, clients }: Config): boolean {
  return token !== undefined || tokenFile !== undefined || Object.keys(clients).length > 0
}

function access(config: Config): string {
  if (needsToken(config)) return 'with a token'
  return config.insecure ? 'for everybody who reaches this address (--insecure)' : 'from this machine'
}

function lanAddresses(host: string): string[] {
  if (host !== '0.0.0.0' && host !== '::') return []
  return Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
      .map(({ address }) => address),
  )
}

function block(rows: readonly string[][]): string {
  return (
    rows
      .map(([label = '', value]) => (value === undefined ? label : `${label.padEnd(18)}  ${value}`))
      .join('\n') + '\n'
  )
}
