// tools/check-new-tool: what `./tools add` refuses, before anything has changed.
import { ToolkitError } from '../../errors.ts'
import type { Recipe } from '../../recipe/schema.ts'
import { tokenVariable, toolVariable } from '../../render/names.ts'
import type { ToolNames } from '../compose-config.ts'
import type { Folder } from '../folder.ts'
import { networkName, numberedVolume } from './compose-fragment.ts'
import { aliasesOf, LITELLM_CONFIG } from './litellm-config.ts'
import type { ReservedNames } from './reserved-names.ts'

export interface NewTool extends ToolNames {
  /** Values of the tool's variables, by the name that the tool knows them by. */
  variables: ReadonlyMap<string, string>
  /** The tools that the stack has. */
  present: readonly ToolNames[]
  taken: ReservedNames
}

/** @throws ToolkitError that says what to choose instead */
export function checkNewTool(folder: Folder, recipe: Recipe, tool: NewTool): void {
  const { service, alias, present, variables } = tool
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(service))
    throw new ToolkitError(`"${service}" is no name of a service`, {
      hint: 'write small letters, digits and single "-"',
    })
  // With a "-" in it LiteLLM does not start; and it becomes part of a variable.
  if (!/^[a-z][a-z0-9_]{0,30}$/.test(alias))
    throw new ToolkitError(`"${alias}" is no alias`, {
      hint: 'write small letters, digits and "_", a letter first, 31 at most',
    })
  if (folder.has('added', service) || present.some((each) => each.service === service))
    throw new ToolkitError(
      `${service} is there already: ./tools update ${service}, or --name for a second one`,
    )
  if (aliasesOf(folder.read(...LITELLM_CONFIG)).includes(alias))
    throw new ToolkitError(`the alias ${alias} is taken in config/litellm.yaml`, {
      hint: 'choose another with --alias',
    })
  checkVariables(recipe, variables)
  const named = [...variables.keys()].map((name) => toolVariable(alias, name))
  checkNames(recipe, tool, [tokenVariable(alias), ...named])
}

/**
 * Compose merges services of the same name: the tool would get the passwords, volumes and networks of the other.
 *
 * @throws ToolkitError for a name that the stack uses
 */
function checkNames(
  { volumes }: Recipe,
  { service, alias, taken }: NewTool,
  variables: readonly string[],
): void {
  const names: { what: string; name: string; among: ReadonlySet<string>; option: string }[] = [
    { what: 'service', name: service, among: taken.hosts, option: '--name' },
    // The alias is a host name too: the proxy, and whoever shares a network with the tool, reaches it by that.
    { what: 'alias', name: alias, among: taken.hosts, option: '--alias' },
    { what: 'network', name: networkName(service), among: taken.networks, option: '--name' },
    ...volumes.map((_, i) => {
      return { what: 'volume', name: numberedVolume(service, i), among: taken.volumes, option: '--name' }
    }),
    ...variables.map((name) => ({ what: 'variable', name, among: taken.variables, option: '--alias' })),
  ]
  for (const { what, name, among, option } of names)
    if (among.has(name))
      throw new ToolkitError(`the ${what} ${name} is a name of the stack itself`, {
        hint: `choose another with ${option}`,
      })
}

function checkVariables({ environment, secrets }: Recipe, given: ReadonlyMap<string, string>): void {
  const known = new Set([...environment, ...secrets].map(({ name }) => name))
  for (const name of given.keys())
    if (!known.has(name))
      throw new ToolkitError(`the tool knows no ${name}`, {
        hint: `it knows ${[...known].join(', ') || 'none'}`,
      })
  const missing = [...environment, ...secrets].filter(({ required, name }) => required && !given.has(name))
  if (missing.length > 0)
    throw new ToolkitError(
      `the tool needs: ${missing.map(({ name, description }) => `--env ${name} (${description})`).join(', ')}`,
    )
}
