// render/compose: a recipe → a whole Compose file, with networks, secrets and volumes.
import { stringify } from 'yaml'
import type { Recipe } from '../recipe/schema.ts'
import { HEALTHCHECK, PORT, program, secretFiles, TINI } from './layout.ts'
import { secretName, serviceName, volumeName } from './names.ts'
import { hardening, healthcheck, toolService, type Service } from './service.ts'

/** The parts are objects by name, so that the files of several tools can be merged. */
export interface ComposeFile {
  services: Record<string, Service>
  networks: Record<string, object>
  secrets?: Record<string, { file: string }>
  volumes?: Record<string, object>
}

export interface ComposeOptions {
  tag: string
  /** Build context, relative to the Compose file. */
  context?: string
  /** Values of variables; one that is missing here is taken from Compose's environment. */
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
      [name]: toolService(recipe, {
        source: {
          image: tag,
          build: { context },
          // Compose does not scale what has a name; the project in it keeps it apart from all others of the machine.
          ...(recipe.instances === 'one' ? { container_name: `\${COMPOSE_PROJECT_NAME}-${name}` } : {}),
        },
        settings: {
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
        },
        healthcheck: healthcheck(HEALTHCHECK, { interval: '30s', startInterval: '1s' }),
      }),
      ...loginService(recipe, tag),
    },
    networks: { tools: { internal: true }, ...(recipe.network === 'open' ? { egress: {} } : {}) },
    secrets,
    ...(recipe.volumes.length === 0 ? {} : { volumes }),
  }
}

/** A bare `no` is quoted, because YAML 1.1 takes it for false and 1.2 does not. */
export function renderCompose(file: ComposeFile, head: string): string {
  return `${head}${stringify(file, { lineWidth: 0, version: '1.1' })}`
}

/**
 * A variable without a value here is asked of Compose's environment; Compose refuses to start without a required one, and
 * leaves out one that has no value anywhere: tools take an empty value for a wrong one.
 */
function variables(recipe: Recipe, values: Readonly<Record<string, string>>): Record<string, string | null> {
  const asked = recipe.environment.map(({ name, required, default: fallback, description }) => {
    const given = Object.hasOwn(values, name) ? values[name] : undefined
    if (given !== undefined) return [name, given.replaceAll('$', '$$$$')]
    if (required && fallback === undefined) return [name, `\${${name}:?set ${name}: ${tame(description)}}`]
    return [name, fallback === undefined ? null : `\${${name}:-${fallback}}`]
  })
  return Object.fromEntries(asked) as Record<string, string | null>
}

/** A brace would end Compose's `${NAME:?message}`. */
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
      ...hardening(recipe),
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
