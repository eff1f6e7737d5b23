// render/litellm: a recipe → its entry in `mcp_servers` of LiteLLM's configuration.
import { stringify } from 'yaml'
import type { Recipe } from '../recipe/schema.ts'
import { PORT } from './layout.ts'
import { litellmName, serviceName, tokenVariable } from './names.ts'

export interface LiteLlmEntry {
  alias: string
  url: string
  transport: 'sse'
  auth_type: 'bearer_token'
  auth_value: string
  description: string
}

/** HTTP+SSE, which every version of LiteLLM speaks. */
export function litellmEntry(recipe: Recipe): Record<string, LiteLlmEntry> {
  return {
    [litellmName(recipe)]: {
      alias: litellmName(recipe),
      url: `http://${serviceName(recipe)}:${PORT}/sse`,
      transport: 'sse',
      auth_type: 'bearer_token',
      auth_value: `os.environ/${tokenVariable(litellmName(recipe))}`,
      description: recipe.description,
    },
  }
}

export function renderLiteLlm(recipes: readonly Recipe[]): string {
  const entries = Object.assign({}, ...recipes.map((recipe) => litellmEntry(recipe))) as object
  return stringify({ mcp_servers: entries }, { lineWidth: 0 })
}
