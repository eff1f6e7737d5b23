// import/tool: one entry of a client's configuration → a tool with its recipe, and notes for the operator.
import { basename } from 'node:path'
import type { Assets } from '../build/base.ts'
import { ToolkitError } from '../errors.ts'
import { catalogue, catalogueTool } from '../recipe/catalogue.ts'
import { recipeText, toolOf } from '../recipe/find.ts'
import { secretArguments } from '../recipe/credential.ts'
import { checkRecipe, type Tool } from '../recipe/read.ts'
import type { Recipe } from '../recipe/schema.ts'
import { sentence } from '../recipe/fields.ts'
import type { Entry } from './client-file.ts'
import { parseCommand, type ParsedCommand } from './command.ts'
import type { Value } from './values.ts'

export interface ImportedTool {
  tool: Tool
  notes: string[]
  /** Folders of this machine among the arguments, and where the container has them. */
  binds: { source: string; target: string }[]
}

/** @throws ToolkitError with the reason why no image can be made of it */
export async function toolFor(
  entry: Entry,
  name: string,
  values: readonly Value[],
  assets: Assets,
): Promise<ImportedTool> {
  const parsed = parseCommand(entry.command)
  const known = inCatalogue(parsed, assets)
  refuseSecretArguments(parsed.args, known?.recipe)
  const folders = parsed.args.filter((arg) => /^(~|\/[^/]+)\//.test(arg))
  const served = known === undefined ? undefined : servedFolder(known.recipe)
  const args = served === undefined ? parsed.args : parsed.args.filter((arg) => !folders.includes(arg))
  const base = known ?? (await toolOf(parsed.source, { ...parsed, name, args: [] }))
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
      ...(parsed.source.runtime === 'binary'
        ? [`${parsed.source.file} is copied into the image: no secret may be written in it`]
        : []),
      ...(served === undefined
        ? folders.map((folder) => `${folder} is a path of this machine: mount it`)
        : []),
    ],
    binds: served === undefined ? [] : bindsOf(folders, served),
  }
}

/** An argument can be read in the image and in the process list of the machine. */
function refuseSecretArguments(args: readonly string[], known: Recipe | undefined): void {
  const [found] = secretArguments(args)
  if (found === undefined) return
  const names = known?.secrets.map(({ name }) => name) ?? []
  throw new ToolkitError(
    `a secret stands in its arguments (${found.where}), and an argument would be in the image: take it out there, and give it below "env" as ${names.length > 0 ? names.join(' or ') : 'the variable that the tool reads'}; docs/IMAGES.md has a way for a tool that reads none`,
  )
}

/** The same package of the catalogue, unless another version is asked for: its recipe knows more than the package says. */
function inCatalogue({ source, entry }: ParsedCommand, assets: Assets): Tool | undefined {
  if (source.runtime === 'binary' || source.runtime === 'image' || entry !== undefined) return undefined
  return catalogue(assets.catalogue)
    .map((name) => catalogueTool(assets.catalogue, name))
    .find(({ recipe }) => {
      const isSame = recipe.runtime === source.runtime && recipe.package === source.package
      return isSame && (source.version ?? recipe.version) === recipe.version
    })
}

/** For a tool that serves the folders among its arguments: the volume that stands for them in the image. */
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

/** The recipe's variables and secrets, and those that only the client sets. */
function withValues(recipe: Recipe, values: readonly Value[]): { environment: object[]; secrets: object[] } {
  const declared = new Set([...recipe.environment, ...recipe.secrets].map(({ name }) => name))
  const added = values
    .filter(({ name }) => !declared.has(name))
    .map(({ name, description, value, isSecret }) => ({
      isSecret,
      isMissing: value === undefined,
      entry: { name, description: sentence().safeParse(description).success ? description : `For ${name}` },
    }))
  // A variable that is harmless in the recipe may hold a secret here: a URL with a password.
  const secret = new Set(values.filter(({ isSecret }) => isSecret).map(({ name }) => name))
  return {
    environment: [
      ...recipe.environment.filter(({ name }) => !secret.has(name)),
      ...added
        .filter(({ isSecret }) => !isSecret)
        .map(({ entry, isMissing }) => ({ ...entry, required: isMissing })),
    ],
    secrets: [
      ...recipe.secrets,
      ...recipe.environment
        .filter(({ name }) => secret.has(name))
        .map(({ name, description, required }) => ({ name, description, required })),
      ...added.filter(({ isSecret }) => isSecret).map(({ entry }) => entry),
    ],
  }
}
