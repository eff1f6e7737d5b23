// stack/compose-config: which services and tools the stack has, from `docker compose config --format json`.
import { ToolkitError } from '../errors.ts'

/** On a service that is a tool: its alias at LiteLLM. */
export const TOOL_LABEL = 'mcp-bridge.tool'
/** Which recipe it is, if it is not called like the service. */
const RECIPE_LABEL = 'mcp-bridge.recipe'

/** The variable with which a bridge counts its calls. */
export const METRICS = 'MCP_BRIDGE_METRICS'

/** What a tool is called in the stack. */
export interface ToolNames {
  /** Of the Compose service, and of its folders. */
  service: string
  /** LiteLLM calls the tools `ALIAS-NAME`. */
  alias: string
}

/** A tool that the stack has. */
export interface NamedTool extends ToolNames {
  recipe: string
  image: string
}

interface ComposeConfig {
  services?: Record<string, ComposeService>
}

interface ComposeService {
  image?: string
  labels?: Record<string, string>
  depends_on?: object
  environment?: Record<string, string | null>
  networks?: object
  ports?: { host_ip?: string; published?: string }[]
}

/** All services of the chosen profiles, sorted. */
export function servicesOf(compose: string): string[] {
  return Object.keys(parseConfig(compose)).toSorted()
}

/** Their images. */
export function imagesOf(compose: string): string[] {
  return Object.values(parseConfig(compose)).flatMap(({ image }) => image ?? [])
}

/** Those of them that are tools, sorted by service. */
export function namedTools(compose: string): NamedTool[] {
  return Object.entries(parseConfig(compose))
    .flatMap(([service, { labels = {}, image = '' }]) => {
      const alias = labels[TOOL_LABEL]
      return alias === undefined ? [] : [{ service, alias, recipe: labels[RECIPE_LABEL] ?? service, image }]
    })
    .toSorted((one, other) => (one.service < other.service ? -1 : 1))
}

/** What a service cannot be well without, itself among it: services, and logins at PostgreSQL (`login NAME`). */
export function needsOf(compose: string, service: string): string[] {
  // From elsewhere nothing is seen of it.
  if (compose === '') return [service]
  const services = parseConfig(compose)
  const found = new Set<string>()
  const visit = (name: string): void => {
    if (found.has(name)) return
    found.add(name)
    const { depends_on = {}, environment = {} } = services[name] ?? {}
    for (const value of Object.values(environment)) {
      const role = /^postgresql:\/\/(\w+):/.exec(value ?? '')?.[1]
      if (role !== undefined) found.add(`login ${role}`)
    }
    for (const other of Object.keys(depends_on)) visit(other)
  }
  visit(service)
  return [...found]
}

export const PROMETHEUS = 'prometheus'

/** The network that leads to `egress`. */
const WAY_OUT = 'way-out'

/** The tools that have a way out. */
export function openTools<Tool extends ToolNames>(compose: string, tools: readonly Tool[]): Tool[] {
  const services = parseConfig(compose)
  return tools.filter(({ service }) => WAY_OUT in (services[service]?.networks ?? {}))
}

/** Those of them whose calls Prometheus should know; none where it does not run. */
export function measuredTools<Tool extends ToolNames>(compose: string, tools: readonly Tool[]): Tool[] {
  const services = parseConfig(compose)
  if (!(PROMETHEUS in services)) return []
  return tools.filter(({ service }) => services[service]?.environment?.[METRICS] === 'true')
}

/** Where people reach the stack, as `address:port`; undefined if nothing is published. */
export function publishedAt(compose: string): string | undefined {
  const [port] = Object.values(parseConfig(compose)).flatMap(({ ports = [] }) => ports)
  return port === undefined ? undefined : `${port.host_ip ?? '0.0.0.0'}:${port.published ?? ''}`
}

/** By service, or by alias. @throws ToolkitError that names what there is */
export function toolNamed<Tool extends ToolNames>(name: string, tools: readonly Tool[]): Tool {
  const found = tools.find(({ service }) => service === name) ?? tools.find(({ alias }) => alias === name)
  if (found === undefined)
    throw new ToolkitError(
      `there is no tool "${name}"; there are ${tools.map(({ service }) => service).join(', ')}`,
    )
  return found
}

/** A command that failed says why in place of its JSON. */
function parseConfig(compose: string): NonNullable<ComposeConfig['services']> {
  if (!compose.startsWith('{'))
    throw new ToolkitError(`docker compose config says: ${compose.trim() || 'nothing'}`, {
      hint: 'mend what it complains about, and try again',
    })
  return (JSON.parse(compose) as ComposeConfig).services ?? {}
}
