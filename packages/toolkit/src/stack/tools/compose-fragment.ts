// tools/compose-fragment: the compose file of one tool that `./tools add` brought, as hardened as those of docker-compose.yml.
import { stringify } from 'yaml'
import type { Recipe } from '../../recipe/schema.ts'
import { TOOL_LABEL } from '../compose-config.ts'

export interface ServiceInStack {
  service: string
  alias: string
  image: string
  /** The variable of `.env` with the token that LiteLLM shows. */
  token: string
  /** Variables of `.env` by the name that the tool knows them by. */
  variables: ReadonlyMap<string, string>
  /** Whether the proxy of proxy/compose.yaml has a direct way to the tool. */
  isProxied: boolean
}

const NOTE = '# Made by ./tools from recipe.yaml beside it, and made anew by ./tools update.\n'
const GUARD = ['CMD', '/usr/local/lib/guard', '3', 'mcp-bridge', 'healthcheck']

/** lib/tools.sh knows these two names, too. */
export function networkName(service: string): string {
  return `tool-${service}`
}

export function volumeName(service: string, index: number): string {
  return `${service}-${index}`
}

/** Of a tool that docker-compose.yml has itself, only the image is another. */
export function imageOnly({ service, image }: Pick<ServiceInStack, 'service' | 'image'>): string {
  return NOTE + stringify({ services: { [service]: { image } } })
}

/** A service of its own, on a network of its own with LiteLLM. */
export function fragment(recipe: Recipe, placed: ServiceInStack): string {
  const { service, alias, token } = placed
  const network = networkName(service)
  const isOpen = recipe.network === 'open'
  const volumes = recipe.volumes.map(({ path }, i) => [volumeName(service, i), path] as const)
  const file = {
    services: {
      [service]: {
        ...hardened(recipe),
        image: placed.image,
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
      litellm: { environment: { [token]: required(token) }, networks: [network] },
      ...(placed.isProxied ? { caddy: { networks: [network] } } : {}),
    },
    networks: {
      [network]: {
        internal: true,
        // No address of the host on it, by which the host could be reached.
        driver_opts: { 'com.docker.network.bridge.inhibit_ipv4': 'true' },
      },
    },
    ...(volumes.length > 0 ? { volumes: Object.fromEntries(volumes.map(([name]) => [name, {}])) } : {}),
  }
  // The proxy that leads out belongs to a profile that may be off; this tool needs it.
  const egress = isOpen ? '  egress:\n    profiles: !reset []\n' : ''
  return NOTE + stringify(file, { lineWidth: 0 }).replace('services:\n', `services:\n${egress}`)
}

function hardened({ resources }: Recipe): object {
  return {
    restart: 'unless-stopped',
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    tmpfs: ['/tmp:size=64m,mode=1777'],
    pids_limit: resources.pids,
    mem_limit: resources.memory,
    cpus: resources.cpus,
    logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
    healthcheck: {
      test: GUARD,
      interval: '15s',
      timeout: '10s',
      retries: 3,
      start_period: '120s',
      start_interval: '2s',
    },
  }
}

function environment(recipe: Recipe, { variables }: ServiceInStack): Record<string, string> {
  const proxy = 'http://egress:3128'
  return {
    MCP_BRIDGE_CONFIG: '/etc/mcp-bridge/bridge.yaml',
    MCP_BRIDGE_TOKEN_FILE: '/etc/mcp-bridge/tokens',
    // LiteLLM opens a session for each call: a process for each session would forget all in between.
    MCP_BRIDGE_CHILDREN: recipe.children === 'pool' ? 'pool' : 'shared',
    MCP_BRIDGE_COMPAT: 'litellm',
    ...(recipe.network === 'open' ? { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } : {}),
    ...Object.fromEntries([...variables].map(([name, variable]) => [name, required(variable)])),
  }
}

function required(variable: string): string {
  return `\${${variable}:?is missing in .env}`
}
