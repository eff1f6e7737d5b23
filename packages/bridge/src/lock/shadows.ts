// lock/shadows: tools of several servers that a client may take for each other, or that give orders about each other.
import { excerpt } from '../visible.ts'
import { skeletonOf } from './look-alikes.ts'

const SHOWN = 80
/** Of tools that look alike, and of orders of one tool: who writes more has been seen. */
const MOST = 10

export interface Offering {
  readonly server: string
  readonly tools: readonly { readonly name: string; readonly description: string }[]
}

/** As sentences fit for a terminal, by server, where there are any. */
export function shadowsIn(servers: readonly Offering[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const [server, said] of [...alike(servers), ...orders(servers)])
    found.set(server, [...(found.get(server) ?? []), said])
  return found
}

function* alike(servers: readonly Offering[]): Iterable<[server: string, said: string]> {
  const all = servers.flatMap(({ server, tools }) =>
    [...new Set(tools.map(({ name }) => name))].map((tool) => ({ server, tool, skeleton: skeletonOf(tool) })),
  )
  for (const same of Map.groupBy(all, ({ skeleton }) => skeleton).values()) {
    for (const { server, tool } of same.slice(0, MOST)) {
      const other = same.find((each) => each.server !== server)
      if (other === undefined) continue
      const what = other.tool === tool ? 'is called like one' : `looks like ${excerpt(other.tool)}`
      yield [server, `the tool ${excerpt(tool)} ${what} of the server ${excerpt(other.server)}`]
    }
  }
}

const COMMAND =
  /\b(?:always|never|must|first|before|after|instead|do not|don't|required|whenever|when|important)\b/i

/** Of one's own tools every server speaks: `use list_mail first`. Of those of a stranger none has anything to say. */
function* orders(servers: readonly Offering[]): Iterable<[server: string, said: string]> {
  const owners = new Map<string, string[]>()
  for (const { server, tools } of servers)
    for (const { name } of tools) if (isTelling(name)) owners.set(name, [...(owners.get(name) ?? []), server])
  for (const { server, tools } of servers)
    for (const { name, description } of tools) {
      let told = 0
      for (const sentence of description.split(/[.!?]\s|\n/)) {
        if (!COMMAND.test(sentence)) continue
        for (const word of new Set(sentence.split(/[^\p{L}\p{N}_./-]+/u))) {
          const tool = word.replace(/[./-]+$/, '')
          const owner = owners.get(tool)
          if (owner === undefined || owner.includes(server) || told++ >= MOST) continue
          const whose = `${excerpt(tool)} of the server ${excerpt(owner[0] ?? '')}`
          const quote = JSON.stringify(excerpt(sentence.trim(), SHOWN))
          yield [server, `the tool ${excerpt(name)} gives orders about ${whose}: ${quote}`]
        }
      }
    }
}

/** No word of a language: `search` may stand in any sentence. */
function isTelling(name: string): boolean {
  return /[_\-./]|[a-z][A-Z]/.test(name)
}
