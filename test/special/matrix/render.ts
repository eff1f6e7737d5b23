// matrix/render: the tables of docs/CLIENTS.md and README.md, formatted as the rest of them is.
import { FEATURES, TOOLS, type Feature, type Tool } from './plan.ts'
import { CLIENTS, type Client } from './clients.ts'

/** What came out for one client and one tool. */
export interface Outcome {
  /** As the headers of its requests said. */
  revision: string
  done: readonly Feature[]
}
export type Outcomes = ReadonlyMap<Tool, ReadonlyMap<Client, Outcome>>

/** A table for each tool, and why something is not done. */
export function full(outcomes: Outcomes): string {
  const reasons = [...new Set(CLIENTS.flatMap(({ lacks }) => Object.values(lacks)))]
  const letter = (reason: string): string => String.fromCodePoint(97 + reasons.indexOf(reason))
  const parts = TOOLS.flatMap((tool) => {
    const features = FEATURES.filter((feature) => tool.plan(0)[feature] !== undefined)
    const rows = CLIENTS.map((client) => {
      const { revision, done } = outcomeOf(outcomes, tool, client)
      const cells = features.map((feature) => {
        const reason = client.lacks[feature]
        return done.includes(feature) ? 'yes' : reason === undefined ? 'NO' : `- (${letter(reason)})`
      })
      return [client.name, revision, ...cells]
    })
    const lacks = tool.lacks === '' ? [] : [tool.lacks, '']
    return [
      `### ${tool.name}, which ${tool.kind}`,
      '',
      table(['client', 'revision', ...features], rows),
      '',
      ...lacks,
    ]
  })
  const notes = table(
    ['', 'why it is not done'],
    reasons.map((reason) => [`(${letter(reason)})`, reason]),
  )
  return [...parts, notes].join('\n')
}

/** A line for each client: with which revision, and how much of what the tool can do. */
export function short(outcomes: Outcomes): string {
  const rows = CLIENTS.map((client) => {
    const cells = TOOLS.map((tool) => {
      const { revision, done } = outcomeOf(outcomes, tool, client)
      return `${revision}: ${done.length} of ${Object.keys(tool.plan(0)).length}`
    })
    return [client.name, ...cells]
  })
  return table(['client', ...TOOLS.map(({ name }) => name)], rows)
}

function outcomeOf(outcomes: Outcomes, tool: Tool, client: Client): Outcome {
  const outcome = outcomes.get(tool)?.get(client)
  if (outcome === undefined) throw new Error(`${client.name} was not tried with ${tool.name}`)
  return outcome
}

function table(head: readonly string[], rows: readonly string[][]): string {
  const widths = head.map((title, n) => Math.max(3, title.length, ...rows.map((row) => row[n]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** The page with another text between its markers. */
export function inserted(page: string, text: string): string {
  const [begin, end] = ['<!-- test/special/matrix: begin -->', '<!-- test/special/matrix: end -->']
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`no place for a table: ${begin} … ${end}`)
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`
}
