// import/front: the one door of a stack: Caddy sends /NAME/… to the bridge of that tool.
import type { ComposeFile } from '../render/compose.ts'
import { baseOf, type Bases } from '../render/bases.ts'
import { serviceName } from '../render/names.ts'
import { PORT } from '../render/layout.ts'

const FRONT = 'front'
export const FRONT_PORT = 8080

/** Under which paths a bridge answers: its messages find their way back through the front. */
export function pathsOf(name: string): Record<string, string> {
  return {
    MCP_BRIDGE_MCP_PATH: `/${name}/mcp`,
    MCP_BRIDGE_SSE_PATH: `/${name}/sse`,
    MCP_BRIDGE_MESSAGE_PATH: `/${name}/messages`,
  }
}

export function caddyfile(names: readonly string[]): string {
  const routes = names.flatMap((name) => [
    `\thandle /${name}/* {`,
    `\t\treverse_proxy ${serviceName({ name })}:${PORT} {`,
    '\t\t\tflush_interval -1',
    '\t\t}',
    '\t}',
  ])
  return `${[
    '# Made by mcp-bridge compose from. Each bridge asks for the token of its tool; nothing is open without.',
    '{',
    '\tadmin off',
    '\tauto_https off',
    '}',
    '',
    `:${FRONT_PORT} {`,
    '\thandle /healthz {',
    '\t\trespond ok',
    '\t}',
    ...routes,
    '\thandle {',
    '\t\trespond "no tool has this path" 404',
    '\t}',
    '}',
  ].join('\n')}\n`
}

/**
 * A port cannot be published from a network without a way out, on which most tools are. The front is on the network of each
 * tool; no tool is on the network of another.
 *
 * @param project by which LiteLLM may call it, on the network of that name
 */
export function frontPart(names: readonly string[], project: string, bases?: Bases): ComposeFile {
  const tools = Object.fromEntries(names.map((name) => [serviceName({ name }), {}]))
  return {
    services: {
      [FRONT]: {
        image: baseOf('caddy', bases),
        command: ['caddy', 'run', '--config', '/etc/caddy/Caddyfile', '--adapter', 'caddyfile'],
        read_only: true,
        cap_drop: ['ALL'],
        // The published image's program does not start without it, whatever its ports.
        cap_add: ['NET_BIND_SERVICE'],
        security_opt: ['no-new-privileges:true'],
        tmpfs: ['/tmp:mode=1777,size=16m', '/config:size=8m', '/data:size=8m'],
        mem_limit: '256m',
        cpus: 1,
        pids_limit: 256,
        ports: [`\${MCP_BIND:-127.0.0.1}:\${MCP_PORT:?is missing in .env}:${FRONT_PORT}`],
        volumes: ['./Caddyfile:/etc/caddy/Caddyfile:ro'],
        networks: { [FRONT]: { aliases: [project] }, ...tools },
        healthcheck: {
          test: ['CMD', 'wget', '-q', '-O', '/dev/null', `http://127.0.0.1:${FRONT_PORT}/healthz`],
          interval: '30s',
          timeout: '10s',
          start_period: '30s',
          start_interval: '1s',
          retries: 3,
        },
        restart: 'unless-stopped',
        logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
      },
    },
    networks: { [FRONT]: {} },
    // Certificates of a site that has its own CA, for the builds; an empty file for all others.
    secrets: { ca: { file: '${BUILD_CA:-/dev/null}' } },
  }
}
