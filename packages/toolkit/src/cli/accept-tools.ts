// cli/accept-tools: `mcp-bridge image build --accept-tools`: what the tool says of itself now becomes what its image insists on.
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Assets } from '../build/base.ts'
import { buildImage, type BuildOptions } from '../build/build.ts'
import { changesText, compareTools } from '../build/compare.ts'
import { ToolkitError } from '../errors.ts'
import { writeFile } from '../files.ts'
import { catalogue } from '../recipe/catalogue.ts'
import type { Draft } from '../recipe/find.ts'
import { TOOLS_LOCK } from '../recipe/tools-lock.ts'
import { render } from '../render/render.ts'
import type { Io } from './image.ts'

/**
 * Builds an image of the tool to ask it, and writes what it says beside its recipe. What differs from what was accepted before
 * is shown on stderr: stdout may be JSON.
 *
 * @param text what the person has called it
 * @returns the tool with what is accepted now
 * @throws ToolkitError if there is no folder to write to, or the tool cannot be asked
 */
export async function acceptTools(
  text: string,
  tool: Draft,
  options: Omit<BuildOptions, 'tag' | 'files'>,
  assets: Assets,
  io: Io,
): Promise<Draft> {
  const path = join(ownFolder(text, assets), TOOLS_LOCK)
  const { recipe, toolsLock } = tool
  const { tag, files } = render(tool, { bridgeVersion: assets.version, bases: assets.bases })
  await buildImage({ ...options, tag, files })
  const { changes, now } = await compareTools({ tag, recipe }, assets.bundle, toolsLock)
  if (toolsLock !== undefined && changes.length === 0) return tool
  writeFile(path, now)
  io.err(`${toolsLock === undefined ? '' : changesText(changes)}${path} is written\n`)
  return { ...tool, toolsLock: now }
}

/** The recipes of the catalogue are those of this package, and a source has no folder. */
function ownFolder(text: string, assets: Assets): string {
  const stats = catalogue(assets.catalogue).includes(text)
    ? undefined
    : statSync(text, { throwIfNoEntry: false })
  if (stats === undefined)
    throw new ToolkitError(`there is no recipe of yours called ${text} to keep what is accepted beside it`, {
      hint: 'write one first, with mcp-bridge image init, and name its folder',
    })
  return stats.isDirectory() ? text : dirname(text)
}
