// people/grants: what `--tools` of add-user says: which tools, and which parts of them.
import { ToolkitError } from '../../errors.ts'
import { toolNamed, type ToolNames } from '../compose-config.ts'

/** What a person may use of one tool; no globs: all of it. */
export interface Grant {
  service: string
  allow: readonly string[]
}

/**
 * `db:list_*,db:get_*,memory` → parts of db, all of memory. `none` is nothing but LiteLLM's key.
 *
 * @throws ToolkitError that names what there is
 */
export function parseGrants(texts: readonly string[], tools: readonly ToolNames[]): Grant[] {
  const words = texts.flatMap((text) => text.split(',')).filter((word) => word !== '')
  if (texts.length > 0 && words.length === 0)
    throw new ToolkitError('--tools names no tool', { hint: 'leave it out for all, or write none' })
  if (words.length === 0) return tools.map(({ service }) => ({ service, allow: [] }))
  if (words.length === 1 && words[0] === 'none') return []
  const grants = new Map<string, string[]>()
  for (const word of words) {
    const [name = '', ...rest] = word.split(':')
    const tool = toolNamed(name, tools)
    const glob = rest.join(':')
    if (rest.length > 0 && !/^[A-Za-z0-9_.*?[\]{}/-]+$/.test(glob))
      throw new ToolkitError(
        `"${word}": after the colon stands the name of a tool, or a pattern such as list_*`,
      )
    const before = grants.get(tool.service)
    // `db,db:list_*` grants all of db.
    if (rest.length === 0 || before?.length === 0) grants.set(tool.service, [])
    else grants.set(tool.service, [...(before ?? []), glob])
  }
  return [...grants].map(([service, allow]) => ({ service, allow }))
}
