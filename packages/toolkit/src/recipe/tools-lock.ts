// recipe/tools-lock: tools.lock.json beside a recipe: what its tool said of itself when somebody accepted it.
import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ToolkitError } from '../errors.ts'

export const TOOLS_LOCK = 'tools.lock.json'

/**
 * Undefined if there is none: then the image serves whatever its tool says. A link is refused, as in `lock/`. The texts themselves
 * are read by the bridge, which refuses what does not fit its hashes.
 *
 * @throws ToolkitError for what cannot be one of an image
 */
export function readToolsLock(folder: string): Buffer | undefined {
  const path = join(folder, TOOLS_LOCK)
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return undefined
  if (!found.isFile())
    throw new ToolkitError(`${path} is a link or a folder`, { hint: 'put the file itself there' })
  const bytes = readFileSync(path)
  if (!isOfOneTool(bytes.toString()))
    throw new ToolkitError(`${path} is no lock of the tools of one server`, {
      hint: 'make it anew: mcp-bridge image build --accept-tools',
    })
  return bytes
}

/** A bridge in an image serves one command, which has no name. */
function isOfOneTool(text: string): boolean {
  try {
    const { tools } = (JSON.parse(text) ?? {}) as { tools?: unknown }
    return typeof tools === 'object' && tools !== null
  } catch {
    return false
  }
}
