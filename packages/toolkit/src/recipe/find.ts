// recipe/find: a path of a recipe, a name of the catalogue or a source → a tool that can be rendered.
import { stringify } from 'yaml'
import type { Assets } from '../build/base.ts'
import { makeLock } from '../lock/make.ts'
import { scaffold, recipeInput, type Overrides } from '../resolve/scaffold.ts'
import { parseSource, type Source } from '../resolve/source.ts'
import { catalogue, catalogueTool } from './catalogue.ts'
import { readTool, type Tool } from './read.ts'

const HEAD = '# Made by mcp-bridge image init; yours to change. docs/IMAGES.md says what each line means.\n'

/** @throws ToolkitError if there is no such thing, or it is wrong */
export async function findTool(text: string, assets: Assets, overrides: Overrides = {}): Promise<Tool> {
  const source = parseSource(text)
  if (source !== undefined) return toolOf(source, overrides)
  // The catalogue goes first; a folder of the same name can be written as a path, `./git`.
  if (catalogue(assets.catalogue).includes(text)) return catalogueTool(assets.catalogue, text)
  return readTool(text)
}

/** Asks the registries: the recipe of the source, and its lock. */
export async function toolOf(source: Source, overrides: Overrides): Promise<Tool> {
  const { recipe, lock: present } = await scaffold(source, overrides)
  const lock = await makeLock(recipe, present)
  return { recipe, text: recipeText(recipe), lock }
}

export function recipeText(recipe: Tool['recipe']): string {
  return `${HEAD}${stringify(recipeInput(recipe), { lineWidth: 0 })}`
}
