// tools/newer: what `./tools update` would make of a tool, and whether that is anything else than what runs.
import { ToolkitError } from '../../errors.ts'
import { readTool, type Tool } from '../../recipe/read.ts'
import type { NamedTool } from '../compose-config.ts'
import type { Folder } from '../folder.ts'
import type { PreparedTool } from './change.ts'
import { bridgeVersion, fromCatalogue, inVersion, isOfCatalogue, newest, prepared } from './prepare.ts'

/** From one version to another, which may be the same. */
export interface Step {
  from: string
  to: string
  /** The same version differs if the bridge below it does, or its recipe in the catalogue. */
  isNew: boolean
  /** Locks the new version, for which the registry is asked once more. */
  prepare(): Promise<PreparedTool>
}

/** @param version undefined: what the registry has as its newest. @throws ToolkitError if it cannot be asked */
export async function stepOf(
  tool: NamedTool,
  version: string | undefined,
  { folder, catalogue }: { folder: Folder; catalogue: Folder },
): Promise<Step> {
  const { known, listed } = recipesOf(tool, folder, catalogue)
  const from = known.recipe.version
  const base = bridgeVersion(folder)
  const options = { isListed: listed !== undefined }
  const to = version ?? (await newest((listed ?? known).recipe))
  const present = [...(version === undefined ? [listed] : []), known].find(
    (each) => each?.recipe.version === to,
  )
  if (present === undefined)
    return {
      from,
      to,
      isNew: true,
      prepare: async () => prepared(await inVersion((listed ?? known).text, to), base, options),
    }
  const made = prepared(present, base, options)
  return { from, to, isNew: tagOf(made.image) !== tagOf(tool.image), prepare: async () => made }
}

/** What it is made of now, and its recipe in the catalogue if it came from there. @throws ToolkitError if it has no recipe */
function recipesOf(
  { service, recipe }: NamedTool,
  folder: Folder,
  catalogue: Folder,
): { known: Tool; listed: Tool | undefined } {
  const own = ['added', service]
  const ours = ['images', recipe]
  const isOwn = folder.has(...own, 'recipe.yaml')
  const name = isOwn ? readTool(folder.path(...own)).recipe.name : recipe
  const listed = !isOwn || isOfCatalogue(folder, service) ? fromCatalogue(catalogue, name) : undefined
  const place = [own, ours].find((each) => folder.has(...each, 'recipe.yaml'))
  const known = place === undefined ? listed : readTool(folder.path(...place))
  if (known === undefined) throw new ToolkitError(`${service} has no recipe: it cannot be updated`)
  return { known, listed }
}

/** The repository of an image differs for the same content: `./build` made it, or `./tools`. */
function tagOf(image: string): string {
  return image.slice(image.lastIndexOf(':') + 1)
}
