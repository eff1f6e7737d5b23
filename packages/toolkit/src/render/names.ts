// render/names: what the services, secrets, volumes and variables of a tool are called.
import type { Recipe } from '../recipe/schema.ts'
import { volumeLabels } from '../recipe/volume.ts'

/** The principal that LiteLLM is to every bridge: the name in front of its token. */
export const GATEWAY = 'gateway'

/** Of the service, the image and the host name. */
export function serviceName({ name }: Pick<Recipe, 'name'>): string {
  return `mcp-${name}`
}

/** LiteLLM does not accept "-" in a name. */
export function litellmName({ name }: Pick<Recipe, 'name'>): string {
  return name.replaceAll('-', '_')
}

/** A variable in LiteLLM's environment, or in `.env`, that belongs to one tool. The prefix keeps it apart from those of other programs. */
export function toolVariable(alias: string, name: string): string {
  return `MCP_${alias.toUpperCase()}_${name}`
}

/** The variable with the token that LiteLLM sends to the bridge of this tool. */
export function tokenVariable(alias: string): string {
  return toolVariable(alias, 'TOKEN')
}

export function secretName(recipe: Recipe, name: string): string {
  return `${serviceName(recipe)}-${name.toLowerCase().replaceAll('_', '-')}`
}

/** Of a volume: the tool's name, and what tells its folder from the others. */
export function volumeName(recipe: Recipe, path: string): string {
  const label = volumeLabels(recipe.volumes.map((volume) => volume.path))?.get(path) ?? ''
  return `${serviceName(recipe)}-${label}`
}
