// targets: what the bridge should cost, as ratios between two contestants of one run or as plain limits.
import { METRICS, type MetricKey } from './measures/metric.ts'
import type { Results } from './results.ts'
import { median, type Spread } from './stats.ts'

export interface Verdict {
  what: string
  subject: string
  /** What it is measured against; undefined for a plain limit. */
  against: string | undefined
  /** The ratio, or the number itself where there is nothing to compare; undefined where a number is missing. */
  value: number | undefined
  /** The most that it may be; undefined where the ratio is only shown. */
  limit: number | undefined
  unit: string
}

type Row = readonly [metric: MetricKey, subject: string, against: string | undefined, limit?: number]

const TARGETS: readonly Row[] = [
  ...perCall('ours-shared', 'floor', 1.15),
  ...perCall('ours-session', 'floor', 1.2),
  ...perCall('ours-shared-of-50', 'ours-shared', 1.03),
  ...perCall('ours-shared-metrics', 'ours-shared', 1.05),
  ...perCall('ours-session', 'floor-session'),
  ...perCall('ours-pool', 'floor'),
  ...perCall('ours-shared', 'supergateway', 1 / 3),
  ...perCall('ours-session', 'supergateway', 1 / 3),
  ...perCall('ours-shared-sse', 'supergateway-sse', 1 / 2),
  ...perCall('ours-session-sse', 'supergateway-sse', 1 / 2),
  ...perCall('ours-session-modern', 'floor-stateless', 1.25),
  ...perCall('ours-shared-modern', 'floor-stateless', 1.25),
  ...perCall('ours-session-translated', 'floor-stateless', 1.4),
  ...perCall('ours-shared-translated', 'floor-stateless', 1.4),
  ...perCall('ours-shared-hop', 'ours-shared'),
  ['cpuFirst', 'ours-shared', 'floor'],
  ['cpuFirst', 'ours-session', 'floor'],
  ['added1', 'floor', undefined],
  ['added1', 'ours-shared', undefined],
  ['added1', 'ours-session', undefined],
  ...slowest('ours-shared', 'floor', 1.5),
  ...slowest('ours-session', 'floor', 1.5),
  ['open', 'ours-session', 'supergateway', 1 / 10],
  ['open', 'ours-session', 'floor-session', 3],
  ['cpu20MB', 'ours-shared', undefined, 100],
  ['cpu20MB', 'ours-session', undefined, 100],
  ['growth20MB', 'ours-shared', undefined, 60],
  ['growth20MB', 'ours-session', undefined, 60],
  ['start', 'ours-shared', 'floor', 2.5],
  ['start', 'ours-session', 'floor', 2.5],
  ['rss', 'ours-shared', 'floor', 1.6],
  ['rss', 'ours-session', 'floor', 1.6],
  ['idle1000', 'ours-shared', undefined, 60],
  ['idle1000', 'ours-shared-sse', undefined],
  ['cycle', 'ours-session', 'floor-session', 1.3],
  ['cycleTreeCpu', 'ours-session', 'floor-session', 1.3],
]

export function verdictsOf(results: Results): Verdict[] {
  return TARGETS.map(([metric, subject, against, limit]) => {
    const { label, unit } = METRICS[metric]
    const of = (name: string): Spread | undefined =>
      results.contestants.find((contestant) => contestant.name === name)?.metrics[metric]
    return {
      what: label,
      subject,
      against,
      value:
        against === undefined ? of(subject)?.median : ratioOf(of(subject), of(against), results.plan.rounds),
      limit,
      unit: against === undefined ? ` ${unit}` : '×',
    }
  })
}

function perCall(subject: string, against: string, limit?: number): Row[] {
  const rest = limit === undefined ? ([] as const) : ([limit] as const)
  return [
    ['cpu1', subject, against, ...rest],
    ['cpu16', subject, against, ...rest],
  ]
}

function slowest(subject: string, against: string, limit: number): Row[] {
  return [
    ['p99At1', subject, against, limit],
    ['p99At16', subject, against, limit],
    ['p99At64', subject, against, limit],
  ]
}

/** The median of the rounds' own ratios: what makes a round slow makes both slow. */
function ratioOf(own: Spread | undefined, other: Spread | undefined, rounds: number): number | undefined {
  if (own === undefined || other === undefined || other.median === 0) return undefined
  // Where one failed, it is not known which rounds are left.
  if (own.samples.length < rounds || other.samples.length < rounds) return own.median / other.median
  return median(own.samples.map((sample, round) => sample / (other.samples[round] ?? NaN)))
}
