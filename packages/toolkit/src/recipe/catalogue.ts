// recipe/catalogue: the tools that come with mcp-bridge.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ToolkitError } from '../errors.ts'
import { readTool, type Tool } from './read.ts'

/** Names, sorted. */
export function catalogue(folder: string): string[] {
  return readdirSync(folder).toSorted()
}

/** @throws ToolkitError if there is none of this name */
export function catalogueTool(folder: string, name: string): Tool {
  const names = catalogue(folder)
  if (!names.includes(name)) {
    throw new ToolkitError(`the catalogue has no ${name}`, { hint: `it has ${names.join(', ')}` })
  }
  return readTool(join(folder, name))
}
