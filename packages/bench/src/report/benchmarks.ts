// report/benchmarks: the page for who chooses a bridge: few rows, a table for each wire, and what does not meet its target.
import { METRICS, type MetricKey } from '../measures/metric.ts'
import type { ContestantResult, Results } from '../results.ts'
import { verdictsOf } from '../targets.ts'
import { table } from './markdown.ts'
import { show } from './numbers.ts'

/** What a user notices; all else is in results.md. */
const ROWS: readonly MetricKey[] = [
  'cpu1',
  'cpu16',
  'rate16',
  'p50At1',
  'p99At16',
  'open',
  'cpu20MB',
  'growth20MB',
  'progressShare',
  'start',
  'rss',
  'idle1000',
]

const WIRES: Readonly<Record<string, string>> = {
  streamable: 'Streamable HTTP',
  sse: 'HTTP+SSE',
  stateless: 'Revision 2026-07-28',
  stdio: 'The tool alone, without a bridge',
}

/**
 * @throws Error for a smoke run: it measures nothing
 */
export function benchmarksOf(results: Results): string {
  const { date, machine, plan } = results
  if (plan.isSmoke) throw new Error('packages/bench/results is of a smoke run: run "pnpm bench" in full')
  return `# Benchmarks

Made by \`pnpm run generate\` from [results.json](../packages/bench/results/results.json), which holds every sample. Measured on ${date}: ${machine.cores} cores of
${machine.cpu}, ${machine.memoryGiB} GiB, Linux ${machine.linux}, Node ${machine.node.slice(1)}. Client, bridge and tool share these cores. Each number is the median of
${plan.rounds} rounds in which all take their turn; [results.md](../packages/bench/results/results.md) has the spread and all rows.

CPU and memory are those of the bridge's own process. The _floor_ is the least a bridge in Node can be: it checks, bounds and keeps nothing. What is
measured, and how: [packages/bench](../packages/bench/README.md). Repeat it with \`npm run setup && npx pnpm bench\`.

![processor time per call](../packages/bench/results/results.svg)

${tables(results).join('\n\n')}

## What does not meet its target

${missed(results)}
`
}

function tables({ contestants, failures }: Results): string[] {
  const failed = new Set(failures.map(({ contestant, group }) => `${contestant} ${group}`))
  const wires = [...new Set(contestants.map(({ wire }) => wire))]
  return wires.map((wire) => {
    const own = contestants.filter((contestant) => contestant.wire === wire)
    const keys = ROWS.filter((key) => own.some(({ metrics }) => metrics[key] !== undefined))
    const rows = keys.map((key) => [
      `${METRICS[key].label}, ${METRICS[key].unit}`,
      ...own.map((each) => cell(each, key, failed)),
    ])
    return `## ${WIRES[wire] ?? wire}\n\n${table(['', ...own.map(({ label }) => label)], rows)}`
  })
}

function cell({ name, metrics }: ContestantResult, key: MetricKey, failed: ReadonlySet<string>): string {
  const spread = metrics[key]
  if (spread !== undefined) return show(spread.median)
  return failed.has(`${name} ${METRICS[key].group}`) ? 'fails' : '–'
}

function missed(results: Results): string {
  const rows = verdictsOf(results).filter(
    ({ value, limit }) => value !== undefined && limit !== undefined && value > limit,
  )
  if (rows.length === 0) return 'All targets of `packages/bench/src/targets.ts` are met.'
  return table(
    ['measure', 'who', 'against', 'measured', 'target'],
    rows.map(({ what, subject, against, value = NaN, limit = NaN, unit }) => [
      what,
      subject,
      against ?? '',
      `${show(value)}${unit}`,
      `≤ ${show(limit)}${unit}`,
    ]),
  )
}
