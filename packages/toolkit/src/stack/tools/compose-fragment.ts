// tools/compose-fragment: the Compose file of one tool that `./tools` brought; Compose merges it into docker-compose.yml.
import { Document, type YAMLSeq } from 'yaml'
import type { Recipe } from '../../recipe/schema.ts'
import { healthcheck, toolService } from '../../render/service.ts'
import { METRICS, TOOL_LABEL, type ToolNames } from '../compose-config.ts'

export interface StackService extends ToolNames {
  image: string
  /** The variable of `.env` with the token that LiteLLM sends. */
  token: string
  /** Variables of `.env` by the name that the tool knows them by. */
  variables: ReadonlyMap<string, string>
}

const NOTE = '# Made by ./tools from recipe.yaml beside it, and made anew by ./tools update.\n'
/** lib/guard ends a tool after a number of failed checks; that number fits these intervals. */
const GUARDED = healthcheck(['CMD', '/usr/local/lib/guard', '3', 'mcp-bridge', 'healthcheck'], {
  interval: '15s',
  startInterval: '2s',
})

/** lib/tools.sh knows these two names, too. */
export function networkName(service: string): string {
  return `tool-${service}`
}

export function numberedVolume(service: string, index: number): string {
  return `${service}-${index}`
}

/** For a tool that docker-compose.yml has itself: only the image is another. */
export function imageOnly({ service, image }: Pick<StackService, 'service' | 'image'>): string {
  return textOf(documentOf({ services: { [service]: { image } } }))
}

/** A service of its own, on a network of its own with LiteLLM. */
export function composeFragment(recipe: Recipe, placed: StackService): string {
  const { service, alias, token } = placed
  const network = networkName(service)
  const isOpen = recipe.network === 'open'
  const volumes = recipe.volumes.map(({ path }, i) => [numberedVolume(service, i), path] as const)
  const document = documentOf({
    services: {
      // `egress` belongs to a profile that may be off; this tool needs it.
      ...(isOpen ? { egress: { profiles: [] } } : {}),
      [service]: toolService(recipe, {
        source: { image: placed.image },
        settings: {
          labels: { [TOOL_LABEL]: alias },
          environment: environment(recipe, placed),
          volumes: [
            './lib/guard:/usr/local/lib/guard:ro',
            `./people/${service}:/etc/mcp-bridge:ro`,
            ...volumes.map(([name, path]) => `${name}:${path}`),
          ],
          ...(isOpen ? { depends_on: { egress: { condition: 'service_healthy' } } } : {}),
          networks: {
            // The proxy knows a tool by its alias.
            [network]: alias === service ? {} : { aliases: [alias] },
            ...(isOpen ? { 'way-out': {} } : {}),
          },
        },
        healthcheck: GUARDED,
      }),
      litellm: { environment: { [token]: required(token) }, networks: [network] },
      // It runs with proxy/compose.yaml only; its way to the tool is there before.
      caddy: { networks: [network] },
      // So is that of Prometheus, with the token; see observe/start.
      prometheus: {
        environment: { [`SCRAPE_${token}`]: `always ${service}:8000 ${required(token)}` },
        networks: [network],
      },
    },
    networks: {
      [network]: {
        internal: true,
        // The host has no address in this network, so the tool cannot reach the host.
        driver_opts: { 'com.docker.network.bridge.inhibit_ipv4': 'true' },
      },
    },
    ...(volumes.length > 0 ? { volumes: Object.fromEntries(volumes.map(([name]) => [name, {}])) } : {}),
  })
  if (isOpen) reset(document, ['services', 'egress', 'profiles'])
  return textOf(document)
}

/** `!reset []`: without it Compose would add an empty list to the one that is there. */
function reset(document: Document, path: readonly string[]): void {
  const list = document.getIn(path, true) as YAMLSeq
  list.tag = '!reset'
}

/** A bare `no` is quoted: see render/compose. */
function documentOf(file: object): Document {
  return new Document(file, { version: '1.1' })
}

function textOf(document: Document): string {
  return NOTE + document.toString({ lineWidth: 0 })
}

function environment(recipe: Recipe, { variables }: StackService): Record<string, string> {
  const proxy = 'http://egress:3128'
  return {
    MCP_BRIDGE_CONFIG: '/etc/mcp-bridge/bridge.yaml',
    MCP_BRIDGE_TOKEN_FILE: '/etc/mcp-bridge/tokens',
    // LiteLLM opens a session for each call: with a process for each session, every call would begin anew.
    MCP_BRIDGE_CHILDREN: recipe.children === 'pool' ? 'pool' : 'shared',
    MCP_BRIDGE_COMPAT: 'litellm',
    [METRICS]: 'true',
    ...(recipe.network === 'open' ? { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } : {}),
    ...Object.fromEntries([...variables].map(([name, variable]) => [name, required(variable)])),
  }
}

function required(variable: string): string {
  return `\${${variable}:?is missing in .env}`
}
