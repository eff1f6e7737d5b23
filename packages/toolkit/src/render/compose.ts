// render/compose: a recipe → a Compose service that may do what the tool needs, and nothing else.
import { stringify } from 'yaml'
import type { Recipe } from '../recipe/schema.ts'
import { HEALTHCHECK, PORT, program, secretFiles, TINI } from './layout.ts'
import { secretName, serviceName, volumeName } from './names.ts'

export type Service = Record<string, unknown>

/** A whole Compose file; several tools are several of its parts merged. */
export interface ComposeFile {
  services: Record<string, Service>
  networks: Record<string, object>
  secrets?: Record<string, { file: string }>
  volumes?: Record<string, object>
}

/** What a person may change from outside: the folder of the secrets, and where the image is built. */
export interface ComposeOptions {
  tag: string
  /** Build context, relative to the Compose file. */
  context?: string
  /** Values of variables, instead of asking the environment for them. */
  values?: Readonly<Record<string, string>>
}

export function composeFile(
  recipe: Recipe,
  { tag, context = '.', values = {} }: ComposeOptions,
): ComposeFile {
  const name = serviceName(recipe)
  const { lines, files } = secretFiles(recipe)
  const secrets: Record<string, { file: string }> = {
    [`${name}-tokens`]: { file: `./secrets/${name}.tokens` },
  }
  if (lines.length > 0) secrets[`${name}-env`] = { file: `./secrets/${name}.env` }
  for (const each of files) {
    const secret = secretName(recipe, each.name)
    secrets[secret] = { file: `./secrets/${secret}` }
  }
  const volumes = Object.fromEntries(recipe.volumes.map(({ path }) => [volumeName(recipe, path), {}]))
  return {
    services: {
      [name]: {
        image: tag,
        build: { context },
        ...(recipe.instances === 'one' ? { container_name: name } : {}),
        ...hardened(recipe),
        networks: recipe.network === 'open' ? ['tools', 'egress'] : ['tools'],
        expose: [String(PORT)],
        environment: {
          MCP_BRIDGE_TOKEN_FILE: `/run/secrets/${name}-tokens`,
          MCP_BRIDGE_COMPAT: 'litellm',
          ...(lines.length > 0 ? { MCP_BRIDGE_ENV_FILE: `/run/secrets/${name}-env` } : {}),
          ...variables(recipe, values),
        },
        secrets: Object.keys(secrets),
        ...mounts(recipe),
        healthcheck: {
          test: HEALTHCHECK,
          interval: '30s',
          timeout: '10s',
          start_period: '120s',
          start_interval: '1s',
          retries: 3,
        },
        stop_grace_period: '15s',
        restart: 'unless-stopped',
        logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
      },
      ...loginService(recipe, tag),
    },
    networks: { tools: { internal: true }, ...(recipe.network === 'open' ? { egress: {} } : {}) },
    secrets,
    ...(recipe.volumes.length === 0 ? {} : { volumes }),
  }
}

/** YAML with `$` kept from Compose, which would put variables in its place. */
export function renderCompose(file: ComposeFile, head: string): string {
  // Read by either version of YAML as it is meant: 1.1 takes a bare `no` for false.
  return `${head}${stringify(file, { lineWidth: 0, version: '1.1' })}`
}

function hardened({ resources }: Recipe): Service {
  return {
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    tmpfs: ['/tmp:mode=1777,size=256m'],
    mem_limit: resources.memory,
    cpus: resources.cpus,
    pids_limit: resources.pids,
  }
}

/** What has no default and is given nowhere is asked for; Compose refuses to start without what is required. */
function variables(recipe: Recipe, values: Readonly<Record<string, string>>): Record<string, string> {
  const asked = recipe.environment.map(({ name, required, default: fallback, description }) => {
    const given = values[name]
    if (given !== undefined) return [name, given.replaceAll('$', '$$$$')]
    if (required && fallback === undefined) return [name, `\${${name}:?set ${name}: ${tame(description)}}`]
    return [name, `\${${name}:-${fallback ?? ''}}`]
  })
  return Object.fromEntries(asked) as Record<string, string>
}

/** Braces would end what Compose replaces. */
function tame(text: string): string {
  return text.replaceAll(/[{}]/g, '')
}

function mounts(recipe: Recipe): Service {
  if (recipe.volumes.length === 0) return {}
  return { volumes: recipe.volumes.map(({ path }) => `${volumeName(recipe, path)}:${path}`) }
}

/** `docker compose run --rm --service-ports mcp-x-login`: once, with a browser on the same machine. */
function loginService(recipe: Recipe, tag: string): Record<string, Service> {
  if (recipe.login === undefined) return {}
  const argv = [TINI, '--', ...program(recipe), ...recipe.login.args]
  return {
    [`${serviceName(recipe)}-login`]: {
      image: tag,
      profiles: ['login'],
      ...hardened(recipe),
      entrypoint: argv.map((each) => each.replaceAll('$', '$$$$')),
      healthcheck: { disable: true },
      networks: ['egress'],
      ports: [`127.0.0.1:${recipe.login.port}:${recipe.login.port}`],
      ...mounts(recipe),
      stdin_open: true,
      restart: 'no',
    },
  }
}

/** Lines of the file with the secrets of a tool; what is not required is commented out. */
export function secretLines(recipe: Recipe): string {
  return secretFiles(recipe)
    .lines.map(({ name, required, description }) => `# ${description}\n${required ? '' : '# '}${name}=\n`)
    .join('')
}
