// tools/prepare: a name of the catalogue, a source or a version → everything that an image is built from.
import { parse, parseDocument } from 'yaml'
import { ToolkitError } from '../../errors.ts'
import { makeLock } from '../../lock/make.ts'
import { catalogue, catalogueTool } from '../../recipe/catalogue.ts'
import { toolOf } from '../../recipe/find.ts'
import { parseRecipe, readTool, type Tool } from '../../recipe/read.ts'
import { serviceName } from '../../render/names.ts'
import { isBuildContext, render } from '../../render/render.ts'
import { scaffold, type Overrides } from '../../resolve/scaffold.ts'
import { parseSource } from '../../resolve/source.ts'
import type { Folder } from '../folder.ts'
import type { PreparedTool } from './change.ts'

/** Beside the recipe of a tool that came from the catalogue, and follows it. */
const ORIGIN = 'origin'

/**
 * @param bridgeVersion of the base image: see `bridgeVersion`
 * @param options isListed: it came from the catalogue, and updates follow that
 */
export function prepared(
  tool: Tool,
  bridgeVersion: string,
  { isListed }: { isListed: boolean },
): PreparedTool {
  const { tag, files } = render(tool, { bridgeVersion })
  return {
    recipe: tool.recipe,
    image: tag.replace(serviceName(tool.recipe), `mcp-bridge/${tool.recipe.name}`),
    files: new Map<string, string | Buffer>([
      ...[...files].filter(([path]) => isBuildContext(path)),
      ...(isListed ? [[ORIGIN, 'catalogue\n'] as const] : []),
    ]),
  }
}

export function isOfCatalogue(folder: Folder, service: string): boolean {
  return folder.has('added', service, ORIGIN)
}

/** The version of the base image that the tools of the stack are built on. */
export function bridgeVersion(folder: Folder): string {
  const images = parse(folder.read('images', 'images.yaml') || '{}') as {
    services?: { base?: { image?: string } }
  }
  const version = /:(.+)$/.exec(images.services?.base?.image ?? '')?.[1]
  if (version === undefined)
    throw new ToolkitError('images/images.yaml names no base image: this folder is not whole', {
      hint: 'take compose/ from the repository anew; .env, people/ and added/ stay',
    })
  return version
}

/** The same tool in another version, locked anew. */
export async function inVersion(text: string, version: string): Promise<Tool> {
  const document = parseDocument(text)
  document.set('version', version)
  const changed = document.toString({ lineWidth: 0 })
  const recipe = parseRecipe(changed)
  return { recipe, text: changed, lock: await makeLock(recipe) }
}

export function fromCatalogue(folder: Folder, name: string): Tool | undefined {
  return catalogue(folder.root).includes(name) ? catalogueTool(folder.root, name) : undefined
}

/** A folder in the stack with a recipe, or a source such as `npx:package@1.2.3`, which npm or uv is asked about. */
export async function fromSource(text: string, folder: Folder, overrides: Overrides): Promise<Tool> {
  if (folder.has(text)) return readTool(folder.path(text))
  const source = parseSource(text)
  if (source === undefined)
    throw new ToolkitError(`${text} is no tool of the catalogue, no folder here and no source`, {
      hint: 'a source is written like npx:package@1.2.3',
    })
  return toolOf(source, overrides)
}

/** The newest version in its registry; a binary or an image has none, and stays at its version. */
export async function newest(recipe: Tool['recipe']): Promise<string> {
  switch (recipe.runtime) {
    case 'node':
    case 'python':
    case 'go': {
      const { runtime, package: name, entry } = recipe
      const { recipe: found } = await scaffold({ runtime, package: name, version: undefined }, { entry })
      return found.version
    }
    case 'binary':
    case 'image':
      return recipe.version
  }
}
