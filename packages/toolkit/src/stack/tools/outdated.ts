// tools/outdated: which tools `./tools update` would change, each asked of its registry.
import { columns } from '../../columns.ts'
import { messageOf } from '../../errors.ts'
import type { NamedTool } from '../compose-config.ts'
import type { Folder } from '../folder.ts'
import { stepOf, type Step } from './newer.ts'

const HEAD = ['SERVICE', 'RUNS', 'NEWEST', '']

/** A table for people, and for the shell `update SERVICE` for each that is behind, `unknown SERVICE` for one that could not be asked for. */
export async function outdated(
  tools: readonly NamedTool[],
  context: { folder: Folder; catalogue: Folder },
): Promise<{ table: string; orders: [string, string][] }> {
  const asked = await Promise.all(
    tools.map(async (tool) => ({ service: tool.service, found: await stepOrReason(tool, context) })),
  )
  const rows = asked.map(({ service, found }) => {
    if (typeof found === 'string') return [service, '?', '?', found]
    return [service, found.from, found.to, noteOf(service, found)]
  })
  return {
    table: columns([HEAD, ...rows]).join('\n'),
    orders: asked.flatMap(({ service, found }): [string, string][] => {
      if (typeof found === 'string') return [['unknown', service]]
      return found.isNew ? [['update', service]] : []
    }),
  }
}

function noteOf(service: string, { from, to, isNew }: Step): string {
  if (!isNew) return ''
  return `./tools update ${service}${from === to ? ' (the same version, built anew)' : ''}`
}

/** One registry that does not answer hides no other tool. */
async function stepOrReason(
  tool: NamedTool,
  context: { folder: Folder; catalogue: Folder },
): Promise<Step | string> {
  try {
    return await stepOf(tool, undefined, context)
  } catch (error) {
    return messageOf(error).split('\n')[0] ?? ''
  }
}
