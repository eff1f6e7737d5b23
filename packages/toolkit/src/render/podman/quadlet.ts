// render/podman/quadlet: units of systemd that run a tool with Podman: as hardened as its Compose service.
import type { Recipe } from '../../recipe/schema.ts'
import { asked } from '../asked.ts'
import { HEALTHCHECK, UID } from '../layout.ts'
import { serviceName, volumeName } from '../names.ts'

type Section = readonly [title: string, lines: readonly (readonly [key: string, value: string])[]]

const STOP_S = 15
/** Not `/run/secrets`: with a read-only root that is a folder of Podman's, in which runc can make no file. */
const FOLDER = '/etc/mcp-bridge'

/** A secret of Podman, the file below `secrets/` that it is made of, and the variable that gets its path in the container. */
interface Secret {
  name: string
  file: string
  variable: string
}

export function secretsOf(recipe: Recipe): Secret[] {
  const { tokens, env, files } = asked(recipe)
  const name = serviceName(recipe)
  return [
    { name: `${name}-tokens`, file: tokens, variable: 'MCP_BRIDGE_TOKEN_FILE' },
    ...(env === undefined ? [] : [{ name: `${name}-env`, file: env, variable: 'MCP_BRIDGE_ENV_FILE' }]),
    ...files.map(({ file, variable }) => ({ name: file, file, variable })),
  ]
}

export function containerUnit(recipe: Recipe, image: string): string {
  const { settings } = asked(recipe)
  const name = serviceName(recipe)
  const { memory, cpus, pids } = recipe.resources
  return unit([
    ['Unit', [['Description', `${recipe.title}, a tool of MCP`]]],
    [
      'Container',
      [
        ['ContainerName', name],
        ['Image', `localhost/${image}`],
        ['Pull', 'never'],
        ['Network', `${name}.network`],
        ['User', String(UID)],
        ['Group', '0'],
        ['ReadOnly', 'true'],
        // Else Podman makes /run and /var/tmp writable, too.
        ['ReadOnlyTmpfs', 'false'],
        ['Tmpfs', '/tmp:mode=1777,size=256m'],
        ['DropCapability', 'all'],
        ['NoNewPrivileges', 'true'],
        ['PidsLimit', String(pids)],
        ['PodmanArgs', `--memory=${memory} --cpus=${cpus} --stop-timeout=${STOP_S}`],
        ...recipe.volumes.map(({ path }) => ['Volume', `${volumeName(recipe, path)}:${path}`] as const),
        ...secretsOf(recipe).flatMap((each) => [
          ['Secret', `${each.name},type=mount,target=${FOLDER}/${each.name},uid=${UID},mode=0400`] as const,
          ['Environment', `${each.variable}=${FOLDER}/${each.name}`] as const,
        ]),
        ['Environment', 'MCP_BRIDGE_COMPAT=litellm'],
        ...(settings === undefined ? [] : [['EnvironmentFile', settingsFile(recipe)] as const]),
        ['HealthCmd', HEALTHCHECK.slice(1).join(' ')],
        ['HealthInterval', '30s'],
        ['HealthTimeout', '10s'],
        ['HealthStartPeriod', '120s'],
        ['HealthRetries', '3'],
        // systemd starts it again.
        ['HealthOnFailure', 'kill'],
      ],
    ],
    [
      'Service',
      [
        ['Restart', 'always'],
        ['TimeoutStopSec', String(2 * STOP_S)],
      ],
    ],
    // The first is of a user, the second of the system.
    ['Install', [['WantedBy', 'default.target multi-user.target']]],
  ])
}

/** Beside the unit. */
export function settingsFile(recipe: Recipe): string {
  return `${serviceName(recipe)}.settings.env`
}

/** A network of its own: tools do not see each other. Without a way out it is internal. */
export function networkUnit(recipe: Recipe): string {
  const name = serviceName(recipe)
  return unit([
    ['Unit', [['Description', `The network of ${name}`]]],
    [
      'Network',
      [['NetworkName', name], ...(recipe.network === 'none' ? [['Internal', 'true'] as const] : [])],
    ],
  ])
}

function unit(sections: readonly Section[]): string {
  return sections
    .map(
      ([title, lines]) => `[${title}]\n${lines.map(([key, value]) => `${key}=${escaped(value)}\n`).join('')}`,
    )
    .join('\n')
}

/** systemd reads `%` as a specifier. No value has a line break or a quote: see recipe/fields. */
function escaped(value: string): string {
  return value.replaceAll('%', '%%')
}
