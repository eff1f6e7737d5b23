// report/markdown: the tables: what each costs, and how that compares with the targets.
import { METRICS, METRIC_KEYS, type MetricKey } from '../measures/metric.ts'
import type { ContestantResult, Results } from '../results.ts'
import { verdictsOf, type Verdict } from '../targets.ts'
import { show, showSpread } from './numbers.ts'

export function markdownOf(results: Results): string {
  const { machine, plan, date } = results
  const rounds = plan.rounds === 1 ? 'one round' : `median of ${plan.rounds} rounds (lowest–highest)`
  const hardware = `${machine.cores} cores of ${machine.cpu}, ${machine.memoryGiB} GiB`
  return [
    '# What a bridge costs',
    `${date}, ${hardware}, Linux ${machine.linux}, Node ${machine.node.slice(1)}; ${rounds}, all contestants in turn.`,
    ...(plan.isSmoke ? ['**A smoke run: it shows that everything can be measured, and nothing else.**'] : []),
    'CPU and memory are those of the bridge’s own process, its children excluded, unless the row says otherwise.',
    '## Numbers',
    numbers(results),
    '## Ratios',
    ratios(results),
    ...failures(results),
  ]
    .join('\n\n')
    .concat('\n')
}

function numbers({ contestants, failures }: Results): string {
  const failed = new Set(failures.map(({ contestant, group }) => `${contestant} ${group}`))
  const keys = METRIC_KEYS.filter((key) => contestants.some(({ metrics }) => metrics[key] !== undefined))
  const header = ['', ...contestants.map(({ label }) => label)]
  return table(
    header,
    keys.map((key) => [
      `${METRICS[key].label}, ${METRICS[key].unit}`,
      ...contestants.map((contestant) => cell(contestant, key, failed)),
    ]),
  )
}

/** Nothing was measured: it failed, or there is nothing of the kind. */
function cell({ name, metrics }: ContestantResult, key: MetricKey, failed: ReadonlySet<string>): string {
  const spread = metrics[key]
  if (spread !== undefined) return showSpread(spread)
  return failed.has(`${name} ${METRICS[key].group}`) ? 'fails' : '–'
}

function ratios(results: Results): string {
  const rows = verdictsOf(results)
    .filter(({ value }) => value !== undefined)
    .map((verdict) => [
      verdict.what,
      verdict.subject,
      verdict.against ?? '',
      `${show(verdict.value ?? NaN)}${verdict.unit}`,
      verdict.limit === undefined ? '' : `≤ ${show(verdict.limit)}${verdict.unit}`,
      ...(results.plan.isSmoke ? [] : [judge(verdict)]),
    ])
  const header = ['measure', 'who', 'against', 'measured', 'target']
  return table(results.plan.isSmoke ? header : [...header, 'met'], rows)
}

function judge({ value, limit }: Verdict): string {
  if (value === undefined || limit === undefined) return ''
  return value <= limit ? 'yes' : '**no**'
}

function failures({ failures: all }: Results): string[] {
  if (all.length === 0) return []
  const lines = all.map(
    ({ contestant, round, group, reason }) =>
      `- ${contestant}, round ${round}, ${group}: ${reason.replaceAll('\n', ' ')}`,
  )
  return ['## What failed', lines.join('\n')]
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = header.map((_, index) => (index === 0 ? '---' : '---:'))
  return [line(header), line(rule), ...rows.map(line)].join('\n')
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
}
