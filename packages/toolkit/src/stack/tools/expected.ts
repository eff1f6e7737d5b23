// tools/expected: what each tool of the stack should offer, by its Compose service, its recipe and the filter of LiteLLM's token.
import picomatch from 'picomatch'
import { ToolkitError } from '../../errors.ts'
import { parseRecipe } from '../../recipe/read.ts'
import type { Recipe } from '../../recipe/schema.ts'
import { GATEWAY, tokenVariable } from '../../render/names.ts'
import { namedTools, type ToolNames } from '../compose-config.ts'
import type { Folder } from '../folder.ts'
import { filterOf, isReadOnly } from '../people/bridge-config.ts'
import { LITELLM_CONFIG, tokenVariableOf } from './litellm-config.ts'

/** One tool of the stack. */
export interface StackTool extends ToolNames {
  /** The variable of `.env` with the token that LiteLLM sends to it. */
  tokenVariable: string
  /** Names, without the alias, of the tools that everybody with a key of LiteLLM may use. */
  least: readonly string[]
  /** Whether there may be no others. */
  isExact: boolean
  /** One call that shows it works. */
  call?: { tool: string; arguments: Readonly<Record<string, unknown>>; contains: string } | undefined
  /** The tool that gets a page of the Internet, and its argument for the address. */
  outside?: Recipe['outside']
}

/**
 * @param catalogue the folder of recipes that come with the toolkit
 * @throws ToolkitError for a tool without a recipe
 */
export function readTools(folder: Folder, catalogue: Folder, compose: string): StackTool[] {
  return namedTools(compose).map(({ service, alias, recipe }) => {
    const text =
      folder.read('added', service, 'recipe.yaml') ||
      folder.read('images', recipe, 'recipe.yaml') ||
      catalogue.read(recipe, 'recipe.yaml')
    if (text === '')
      throw new ToolkitError(`the service ${service} has no recipe`, {
        hint: `write added/${service}/recipe.yaml, or name the recipe in its label mcp-bridge.recipe`,
      })
    // On a machine where ./setup has not run, such as another one of the LAN: what ./setup would write.
    const people =
      folder.read('people', service, 'bridge.yaml') || folder.read('config', 'people', `${service}.yaml`)
    const variable = tokenVariableOf(folder.read(...LITELLM_CONFIG), alias) ?? tokenVariable(alias)
    return expected({ service, alias, tokenVariable: variable }, parseRecipe(text, recipe), people)
  })
}

function expected(
  named: Pick<StackTool, 'service' | 'alias' | 'tokenVariable'>,
  recipe: Recipe,
  people: string,
): StackTool {
  const filter = filterOf(people, GATEWAY)
  // A recipe names the tools that must be there; only a filter without globs says that there are no others.
  const isExact = filter.length > 0 && filter.every((glob) => /^[\w./-]+$/.test(glob))
  const { call, outside } = recipe
  const least = isExact ? filter : admitted(recipe, filter, isReadOnly(people, GATEWAY))
  return {
    ...named,
    least,
    isExact,
    ...(outside !== undefined && least.includes(outside.tool) ? { outside } : {}),
    ...(call === undefined
      ? {}
      : {
          call: {
            tool: call.tool,
            arguments: call.arguments,
            contains: call.expect ?? call.refusal ?? '',
          },
        }),
  }
}

function admitted({ tools, call }: Recipe, filter: readonly string[], isReadOnly: boolean): string[] {
  if (filter.length > 0) return tools.filter((name) => isAdmitted(filter, name))
  // No recipe says which tools are read-only; the one that is called should be.
  return isReadOnly ? (call === undefined ? [] : [call.tool]) : tools
}

/** As the bridge reads such a list: `!glob` excludes, and a list of nothing else includes all others. */
function isAdmitted(globs: readonly string[], name: string): boolean {
  const named = globs.filter((glob) => !glob.startsWith('!'))
  const excepted = globs.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1))
  const matches = (glob: string) => picomatch(glob, { bash: true, dot: true, posix: true })(name)
  return (named.length === 0 || named.some(matches)) && !excepted.some(matches)
}
