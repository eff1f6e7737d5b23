// render/litellm: a recipe → its entry in `mcp_servers` of LiteLLM's configuration.
import { stringify } from 'yaml'
import type { Recipe } from '../recipe/schema.ts'
import { PORT } from './layout.ts'
import { litellmName, serviceName, tokenVariable } from './names.ts'

/** In front of the name of a variable: LiteLLM reads the value from its environment. */
export const FROM_ENVIRONMENT = 'os.environ/'

/** One bridge, as LiteLLM is to know it. */
export interface Registration {
  service: string
  alias: string
  /** The variable with the token. */
  token: string
  description: string
}

interface LiteLlmEntry {
  alias: string
  url: string
  transport: 'sse'
  auth_type: 'bearer_token'
  auth_value: string
  description: string
}

/** One entry of `mcp_servers`. HTTP+SSE, which every version speaks: 1.77.3 sends a header twice over Streamable HTTP. */
export function litellmEntry({ service, alias, token, description }: Registration): LiteLlmEntry {
  return {
    alias,
    url: `http://${service}:${PORT}/sse`,
    // Never left out: 1.77.3 takes http otherwise.
    transport: 'sse',
    auth_type: 'bearer_token',
    auth_value: `${FROM_ENVIRONMENT}${token}`,
    description,
  }
}

/** By alias, for a tool that is called as its recipe is. */
export function litellmEntryOf(recipe: Recipe): Record<string, LiteLlmEntry> {
  const alias = litellmName(recipe)
  const registration = { service: serviceName(recipe), alias, token: tokenVariable(alias) }
  return { [alias]: litellmEntry({ ...registration, description: recipe.description }) }
}

export function renderLiteLlm(recipes: readonly Recipe[]): string {
  const entries = Object.assign({}, ...recipes.map(litellmEntryOf)) as object
  return stringify({ mcp_servers: entries }, { lineWidth: 0 })
}
