// results: what the rounds yielded, contestant by contestant, with what it ran on.
import { cpus, release, totalmem } from 'node:os'
import type { Contestant } from './contestants.ts'
import { METRIC_KEYS, type MetricKey } from './measures/metric.ts'
import type { Plan } from './plan.ts'
import type { Failure, Outcome } from './run.ts'
import { spreadOf, type Spread } from './stats.ts'

export interface ContestantResult {
  name: string
  label: string
  wire: string
  /** Those that were measured at least once. */
  metrics: Partial<Record<MetricKey, Spread>>
}

export interface Results {
  date: string
  machine: { cpu: string; cores: number; memoryGiB: number; linux: string; node: string }
  plan: Plan
  contestants: ContestantResult[]
  failures: Failure[]
}

export function resultsOf(entrants: readonly Contestant[], plan: Plan, outcome: Outcome): Results {
  const cores = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: cores[0]?.model ?? 'unknown',
      cores: cores.length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      linux: release(),
      node: process.version,
    },
    plan,
    contestants: entrants.map(({ name, label, wire }) => {
      const samples = outcome.samples.get(name) ?? []
      const metrics: Partial<Record<MetricKey, Spread>> = {}
      for (const key of METRIC_KEYS) {
        const values = samples.map((sample) => sample[key]).filter((value) => value !== undefined)
        if (values.length > 0) metrics[key] = spreadOf(values)
      }
      return { name, label, wire, metrics }
    }),
    failures: outcome.failures,
  }
}
