// import/tool: one entry of a client's configuration → a tool with its recipe, and what a person should look at.
import { basename } from 'node:path'
import type { Assets } from '../build/base.ts'
import { catalogue, catalogueTool } from '../recipe/catalogue.ts'
import { recipeText, toolOf } from '../recipe/find.ts'
import { checkRecipe, type Tool } from '../recipe/read.ts'
import type { Recipe } from '../recipe/schema.ts'
import { sentence } from '../recipe/words.ts'
import type { Entry } from './client-file.ts'
import { meaning, type Meant } from './command.ts'
import type { Value } from './values.ts'

export interface ImportedTool {
  tool: Tool
  notes: string[]
  /** Folders of this machine that the tool was given, and where they are in the container. */
  binds: { source: string; target: string }[]
}

/** @throws ToolkitError with the reason why no image can be made of it */
export async function toolFor(
  entry: Entry,
  name: string,
  values: readonly Value[],
  assets: Assets,
): Promise<ImportedTool> {
  const meant = meaning(entry.command)
  const known = inCatalogue(meant, assets)
  const folders = meant.args.filter((arg) => /^(~|\/[^/]+)\//.test(arg))
  const served = known === undefined ? undefined : servedFolder(known.recipe)
  const args = served === undefined ? meant.args : meant.args.filter((arg) => !folders.includes(arg))
  const base = known ?? (await toolOf(meant.source, { ...meant, name, args: [] }))
  const recipe = checkRecipe({
    ...base.recipe,
    name,
    args: [...base.recipe.args, ...args],
    ...withValues(base.recipe, values),
  })
  return {
    tool: { recipe, text: recipeText(recipe), lock: base.lock },
    notes: [
      known === undefined
        ? 'made from its package: look at network and children in its recipe'
        : 'recipe of the catalogue',
      ...(served === undefined
        ? folders.map((folder) => `${folder} is a path of this machine: mount it`)
        : []),
    ],
    binds: served === undefined ? [] : bindsOf(folders, served),
  }
}

/** The same package, at no version or at ours: then its recipe knows more than the package says. */
function inCatalogue({ source, entry }: Meant, assets: Assets): Tool | undefined {
  if (source.runtime === 'binary' || source.runtime === 'image' || entry !== undefined) return undefined
  return catalogue(assets.catalogue)
    .map((name) => catalogueTool(assets.catalogue, name))
    .find(({ recipe }) => {
      const isSame = recipe.runtime === source.runtime && recipe.package === source.package
      return isSame && (source.version ?? recipe.version) === recipe.version
    })
}

/** Of a tool that serves the folders it is given, the one that stands for them in the image. */
function servedFolder({ volumes, args }: Recipe): string | undefined {
  return volumes.find(({ path }) => path === args[0])?.path
}

function bindsOf(folders: readonly string[], served: string): ImportedTool['binds'] {
  const names = folders.map((folder) => basename(folder))
  return folders.map((source, index) => {
    const name = names[index] ?? ''
    const isTaken = names.indexOf(name) !== index
    return { source, target: `${served}/${isTaken ? `${name}-${index + 1}` : name}` }
  })
}

/** What the client sets and the recipe does not know of. */
function withValues(recipe: Recipe, values: readonly Value[]): { environment: object[]; secrets: object[] } {
  const declared = new Set([...recipe.environment, ...recipe.secrets].map(({ name }) => name))
  const added = values
    .filter(({ name }) => !declared.has(name))
    .map(({ name, description, value, isSecret }) => ({
      isSecret,
      isMissing: value === undefined,
      entry: { name, description: sentence().safeParse(description).success ? description : `For ${name}` },
    }))
  return {
    environment: [
      ...recipe.environment,
      ...added
        .filter(({ isSecret }) => !isSecret)
        .map(({ entry, isMissing }) => ({ ...entry, required: isMissing })),
    ],
    secrets: [...recipe.secrets, ...added.filter(({ isSecret }) => isSecret).map(({ entry }) => entry)],
  }
}
