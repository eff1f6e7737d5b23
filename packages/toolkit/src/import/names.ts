// import/names: what the entries of a client's file are called in the stack: each otherwise, whatever they are called there.
import type { Entry } from '@mcp-bridge/client-file'
import { ToolkitError } from '../errors.ts'
import { nameOf } from '../resolve/scaffold.ts'
import { parseCommand } from './command.ts'

/** Names that become equal get a number; one that is taken already, such as a server called `memory-2`, is skipped. */
export function named(entries: readonly Entry[]): [Entry, string][] {
  const taken = new Set<string>()
  return entries.map((entry) => {
    const wanted = nameOf(/[a-z]/i.test(entry.name) ? entry.name : labelOf(entry))
    let name = wanted
    for (let count = 2; taken.has(name); count += 1)
      name = `${wanted.slice(0, 36).replace(/-+$/, '')}-${count}`
    taken.add(name)
    return [entry, name]
  })
}

/** For a name that has no letter of ours: its package, or its host. */
function labelOf({ command, url }: Entry): string {
  if (url !== undefined) return URL.canParse(url) ? new URL(url).hostname : ''
  try {
    const { source } = parseCommand(command)
    return 'package' in source ? source.package : source.file
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error
    return ''
  }
}
