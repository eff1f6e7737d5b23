// cli/check-servers: `mcp-bridge check --servers`: each entry of a file is started once; one line says how it went.
import type { Config, Server } from '../config/config.ts'
import { toBridgeError, type BridgeError } from '../errors.ts'
import { shadowsIn, type Offering } from '../lock/shadows.ts'
import { inspect } from '../server/create.ts'
import type { Inspection } from '../tool/inspect.ts'
import { excerpt, visible, visibleLine } from '../visible.ts'
import { costs, failureOf, shownJson } from './check-report.ts'
import { isToMend, nameCell, reasonLines, summary } from './server-rows.ts'

/** At once: each starts up to two processes beside the other. */
const AT_ONCE = 3
/** Of what a tool that failed has said. */
const LAST_LINES = 3

type Outcome = { report: Inspection } | { error: BridgeError } | undefined

/** Gives the exit code: 1 if one fails, is wrong or lacks a variable. */
export async function checkServers(
  servers: NonNullable<Config['servers']>,
  format: 'table' | 'json',
): Promise<0 | 1> {
  const all = Object.entries(servers)
  const width = Math.max(0, ...all.map(([name]) => nameCell(name).length))
  const found: object[] = []
  const offered: Offering[] = []
  let failed = 0
  const outcomes = inTurn(all.map(([, server]) => server))
  for (const [i, [name, server]] of all.entries()) {
    const outcome = await outcomes[i]
    if (outcome !== undefined && 'error' in outcome) failed += 1
    if (outcome !== undefined && 'report' in outcome)
      offered.push({ server: name, tools: outcome.report.tools })
    if (format === 'json') found.push(asJson(name, server, outcome))
    // As soon as it is known: a list of slow tools takes minutes.
    else process.stdout.write(`${nameCell(name).padEnd(width)}  ${linesOf(server, outcome).join('\n')}\n`)
  }
  const odd = shadowsIn(offered)
  if (format === 'table') process.stdout.write(shadowText(odd))
  process.stdout.write(
    format === 'json'
      ? shownJson({ servers: found, odd: Object.fromEntries(odd) })
      : `\n${summary(Object.values(servers), failed)}\n`,
  )
  return failed > 0 || all.some(([, server]) => isToMend(server)) ? 1 : 0
}

/** What a client of several of these servers may fall for. */
function shadowText(shadows: ReadonlyMap<string, readonly string[]>): string {
  const lines = [...shadows].flatMap(([server, said]) =>
    said.map((each) => `  - ${nameCell(server)}: ${each}`),
  )
  return lines.length === 0 ? '' : `\nodd:\n${lines.join('\n')}\n`
}

/** A few at a time, in their order; none rejects. */
function inTurn(servers: readonly Server[]): Promise<Outcome>[] {
  const outcomes = servers.map(() => Promise.withResolvers<Outcome>())
  const waiting = servers.entries()
  const work = async (): Promise<void> => {
    for (const [i, server] of waiting) outcomes[i]?.resolve(await look(server))
  }
  for (let count = 0; count < AT_ONCE; count++) void work()
  return outcomes.map(({ promise }) => promise)
}

async function look({ config }: Server): Promise<Outcome> {
  if (config === undefined) return undefined
  try {
    return { report: await inspect(config) }
  } catch (thrown) {
    return { error: toBridgeError(thrown) }
  }
}

function linesOf(server: Server, outcome: Outcome): string[] {
  const [reason = '', ...notes] = reasonLines(server)
  if (outcome === undefined) {
    const { state, url } = server
    return state === 'remote'
      ? [`remote: ${excerpt(url ?? '')}`, ...reasonLines(server)]
      : [`${state}: ${reason.trim()}`, ...notes]
  }
  const said = reasonLines(server)
  if ('report' in outcome) return [reportLine(outcome.report), ...said]
  const { message, hint, data } = outcome.error
  return [
    `failed: ${visible(message)}`,
    ...lastWords(data?.['stderr']).map((line) => `    | ${visibleLine(line)}`),
    ...(hint === undefined ? [] : [`    → ${visible(hint)}`]),
    ...said,
  ]
}

/** From the last line that names an error on: a stack trace says little. */
function lastWords(stderr: unknown): string[] {
  const lines = Array.isArray(stderr) ? stderr.map(String) : []
  const from = lines.findLastIndex((line) => /error|exception|fatal/i.test(line))
  return lines.slice(from === -1 ? -LAST_LINES : from).slice(0, LAST_LINES)
}

function reportLine(report: Inspection): string {
  const { name, version, tools, revisions, warnings } = report
  const odd = warnings.length === 0 ? '' : `, ${warnings.length} odd`
  const many = `${tools.length} tool${tools.length === 1 ? '' : 's'}`
  return `${excerpt(name)} ${excerpt(version)}, ${many}, ${revisions.map((each) => excerpt(each)).join(' and ')}, ${costs(report)}${odd}`
}

function asJson(name: string, { state, reason, url, notes }: Server, outcome: Outcome): object {
  const how = outcome === undefined ? {} : 'report' in outcome ? outcome : failureOf(outcome.error)
  return { name, state, reason, url, notes, ...how }
}
