// import/tool: the plan of one entry → a tool with its recipe and its lock.
import { isDeepStrictEqual } from 'node:util'
import type { Assets } from '../build/base.ts'
import { inspectImage } from '../build/build.ts'
import { ToolkitError } from '../errors.ts'
import { exec } from '../exec.ts'
import { catalogue, catalogueTool } from '../recipe/catalogue.ts'
import { sentence } from '../recipe/fields.ts'
import { recipeText, toolOf } from '../recipe/find.ts'
import { checkRecipe, type Tool } from '../recipe/read.ts'
import type { Recipe } from '../recipe/schema.ts'
import { isPinned, type ParsedCommand } from './command.ts'
import type { Plan } from './plan.ts'
import type { Value } from './values.ts'

/** @throws ToolkitError with the reason why no image can be made of it */
export async function toolFor(plan: Plan, name: string, known: Tool | undefined): Promise<Tool> {
  const { parsed, values } = plan
  const base = known ?? (await made(plan, name))
  const paths = plan.volumes.filter((path) => !base.recipe.volumes.some((volume) => volume.path === path))
  const recipe = checkRecipe({
    ...base.recipe,
    name,
    args: known === undefined ? [...base.recipe.args, ...plan.args] : plan.args,
    ...withValues(base.recipe, values),
    volumes: [...base.recipe.volumes, ...paths.map((path) => ({ path, description: `What ${name} keeps` }))],
    ...(parsed.run?.hasNetwork === false ? { network: 'none' } : {}),
  })
  // With other arguments it may say other things of itself, and nobody has accepted those.
  const isSame = isDeepStrictEqual(recipe.args, base.recipe.args)
  return {
    recipe,
    text: recipeText(recipe),
    lock: base.lock,
    ...(isSame && { toolsLock: base.toolsLock }),
  }
}

export function originOf({ parsed, recipe }: Plan): string[] {
  const { source, run } = parsed
  if (recipe !== undefined && run !== undefined)
    return [`the catalogue's ${recipe.name} in place of ${run.image}`]
  return [
    recipe === undefined
      ? 'made from its package: look at network and children in its recipe'
      : 'recipe of the catalogue',
    ...(source.runtime === 'binary'
      ? [`${source.file} is copied into the image: no secret may be written in it`]
      : []),
  ]
}

async function made({ parsed }: Plan, name: string): Promise<Tool> {
  const { source, run } = parsed
  if (source.runtime !== 'image' || run === undefined) return toolOf(source, { ...parsed, name, args: [] })
  const image = isPinned(source.package) ? source.package : await digestOf(source.package)
  const tool = await toolOf({ ...source, package: image }, { ...parsed, name, args: [] })
  if (run.args.length === 0) return tool
  // Arguments take the place of the image's CMD.
  const command = (await inspectImage(image))?.command ?? []
  const { args } = tool.recipe
  const kept = parsed.entry === undefined ? args.slice(0, Math.max(args.length - command.length, 0)) : args
  return { ...tool, recipe: { ...tool.recipe, args: kept } }
}

/** What an image without an exact tag is today. @throws ToolkitError if the engine does not know */
async function digestOf(image: string): Promise<string> {
  const name = image.replace(/:latest$/, '')
  let reason = ''
  try {
    await exec(['docker', 'pull', '--quiet', `${name}:latest`])
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error
    reason =
      error.message
        .split('\n')
        .at(-1)
        ?.replace(/^[ |]*/, '') ?? ''
  }
  const text = await exec([
    'docker',
    'image',
    'inspect',
    '--format',
    '{{json .RepoDigests}}',
    `${name}:latest`,
  ]).catch(() => '[]')
  const [digest] = JSON.parse(text) as string[]
  if (digest !== undefined) return digest
  throw new ToolkitError(
    `${image} has no exact tag, and its digest cannot be had here${reason === '' ? '' : ` (${reason})`}: write ${name}:VERSION into the entry`,
  )
}

/**
 * The same package of the catalogue, unless another version is asked for: its recipe knows more than the package says.
 * An image without an exact tag is the catalogue's tool from the same repository, or of the same name in Docker's `mcp/`.
 */
export function inCatalogue({ source, entry, run }: ParsedCommand, assets: Assets): Tool | undefined {
  if (source.runtime === 'binary') return undefined
  const all = catalogue(assets.catalogue).map((name) => catalogueTool(assets.catalogue, name))
  if (source.runtime === 'image') {
    if (run === undefined || entry !== undefined || isPinned(source.package)) return undefined
    const name = source.package.replace(/:latest$/, '')
    const [, short] = /^(?:docker\.io\/)?mcp\/(.+)$/.exec(name) ?? []
    if (short !== undefined) return all.find(({ recipe }) => bare(recipe.name) === bare(short))
    const same = all.filter(
      ({ recipe }) => name === recipe.source?.replace('https://github.com/', 'ghcr.io/'),
    )
    return same.length === 1 ? same[0] : undefined
  }
  return all.find(({ recipe }) => {
    const isSame = recipe.runtime === source.runtime && recipe.package === source.package
    // A package of several programs, of which the catalogue's may be another one.
    const isOther = entry !== undefined && !(recipe.runtime === 'python' && recipe.entry === entry)
    return isSame && !isOther && (source.version ?? recipe.version) === recipe.version
  })
}

/** `sequentialthinking` and `sequential-thinking` are one. */
function bare(name: string): string {
  return name.replaceAll(/[-_]/g, '')
}

/** The recipe's variables and secrets, and those that only the client sets. */
function withValues(recipe: Recipe, values: readonly Value[]): { environment: object[]; secrets: object[] } {
  const declared = new Set([...recipe.environment, ...recipe.secrets].map(({ name }) => name))
  const added = values
    .filter(({ name }) => !declared.has(name))
    .map(({ name, description, isSecret }) => ({
      isSecret,
      entry: { name, description: sentence().safeParse(description).success ? description : `For ${name}` },
    }))
  // A variable that is harmless in the recipe may hold a secret here: a URL with a password.
  const secret = new Set(values.filter(({ isSecret }) => isSecret).map(({ name }) => name))
  return {
    environment: [
      ...recipe.environment.filter(({ name }) => !secret.has(name)),
      ...added.filter(({ isSecret }) => !isSecret).map(({ entry }) => entry),
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
