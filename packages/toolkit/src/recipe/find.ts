// recipe/find: a path of a recipe, a name of the catalogue or a source → a tool that can be rendered.
import { stringify } from 'yaml'
import type { Assets } from '../build/base.ts'
import { makeLock } from '../lock/make.ts'
import { documentsOf } from '../resolve/documents.ts'
import { namedArguments } from '../resolve/named-arguments.ts'
import { namedVariables } from '../resolve/named-variables.ts'
import { withPlaceholders } from '../resolve/placeholders.ts'
import { nameOf, scaffold, recipeInput, type Overrides } from '../resolve/scaffold.ts'
import { parseSource, type Source } from '../resolve/source.ts'
import { catalogue, catalogueTool } from './catalogue.ts'
import { readTool, type Tool } from './read.ts'

const HEAD = '# Made by mcp-bridge image init; yours to change. docs/IMAGES.md says what each line means.\n'

/** A tool, and with which arguments its documents start it. */
export interface Draft extends Tool {
  namedArguments?: readonly string[]
}

/** @throws ToolkitError if there is no such thing, or it is wrong */
export async function findTool(text: string, assets: Assets, overrides: Overrides = {}): Promise<Draft> {
  const source = parseSource(text)
  if (source !== undefined) return draftOf(source, assets, overrides)
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

/** The same as a draft for a person: placeholders for what its documents name, and a name that the catalogue does not use. */
export async function draftOf(source: Source, assets: Assets, overrides: Overrides): Promise<Draft> {
  const name = overrides.name ?? nameApart(source, catalogue(assets.catalogue))
  const { recipe, lock } = await toolOf(source, { ...overrides, name })
  const pkg = 'package' in recipe ? recipe.package : ''
  const documents = await documentsOf(recipe)
  const drafted = withPlaceholders(recipe, namedVariables(documents, pkg))
  const args = namedArguments(documents, pkg)
  return { recipe: drafted, text: recipeText(drafted), lock, namedArguments: args }
}

const SCHEMES = { node: 'npx', python: 'uvx', go: 'go', binary: 'binary', image: 'image' } as const

/** An image of the same name would look like another version of the catalogue's. */
export function nameApart(source: Source, taken: readonly string[]): string | undefined {
  const name = nameOf('package' in source ? source.package : source.file)
  return taken.includes(name) ? `${name.slice(0, 33)}-${SCHEMES[source.runtime]}` : undefined
}

export function recipeText(recipe: Tool['recipe']): string {
  return `${HEAD}${stringify(recipeInput(recipe), { lineWidth: 0 })}`
}
