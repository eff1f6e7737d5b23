// run: the rounds: every contestant once in each, in the same order, so that a busy minute hits all alike.
import { startContest, within, type Contest } from './contest.ts'
import type { Contestant } from './contestants.ts'
import { measureCalls } from './measures/calls.ts'
import { measureMemory } from './measures/memory.ts'
import type { GroupName, Sample } from './measures/metric.ts'
import { measureProgress, measureResults } from './measures/results.ts'
import { measureSessions } from './measures/sessions.ts'
import type { Plan } from './plan.ts'
import { median } from './stats.ts'

export interface Failure {
  contestant: string
  round: number
  group: GroupName
  reason: string
}

export interface Outcome {
  /** By name of the contestant, one for each round. */
  samples: Map<string, Sample[]>
  failures: Failure[]
}

/** Each group has a process of its own, so that none inherits the memory of another; in a smoke run they share one. */
interface Group {
  name: GroupName
  measure: (contest: Contest, sample: Sample) => Promise<void>
}

/** Runs all rounds; what fails is noted, and the others go on. */
export async function run(
  entrants: readonly Contestant[],
  plan: Plan,
  folder: string,
  say: (line: string) => void,
): Promise<Outcome> {
  const outcome: Outcome = { samples: new Map(), failures: [] }
  for (let round = 1; round <= plan.rounds; round++) {
    for (const entrant of entrants) {
      const startedAt = performance.now()
      const sample = await runOne(entrant, plan, folder, (group, error) => {
        const failure = { contestant: entrant.name, round, group, reason: reasonOf(error) }
        outcome.failures.push(failure)
        say(`  ${entrant.name}, ${group}: ${failure.reason}`)
      })
      const before = outcome.samples.get(entrant.name) ?? []
      outcome.samples.set(entrant.name, [...before, sample])
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
      say(`round ${round} of ${plan.rounds}: ${entrant.name} (${seconds} s)`)
    }
  }
  return outcome
}

async function runOne(
  entrant: Contestant,
  plan: Plan,
  folder: string,
  onFailure: (group: GroupName, error: unknown) => void,
): Promise<Sample> {
  const sample: Sample = {}
  const starts: number[] = []
  const measureWith = async (groups: readonly Group[]): Promise<void> => {
    const title = groups.map(({ name }) => name).join('-')
    let contest: Contest | undefined
    for (const { name, measure } of groups) {
      try {
        if (contest === undefined) {
          contest = await startContest(entrant, { group: title, folder, withinMs: plan.startWithinMs })
          starts.push(contest.startMs)
        }
        await within(plan.groupWithinMs, name, measure(contest, sample))
      } catch (error) {
        onFailure(name, error)
        await contest?.stop()
        contest = undefined
      }
    }
    await contest?.stop()
  }
  const groups = groupsOf(plan)
  if (plan.isSmoke) await measureWith(groups)
  else for (const group of groups) await measureWith([group])
  if (starts.length > 0) sample.start = median(starts)
  return sample
}

function groupsOf(plan: Plan): Group[] {
  return [
    { name: 'calls', measure: (contest, sample) => measureCalls(contest, plan, sample) },
    { name: 'sessions', measure: (contest, sample) => measureSessions(contest, plan, sample) },
    { name: 'progress', measure: (contest, sample) => measureProgress(contest, plan, sample) },
    ...plan.sizes.map((size) => ({
      name: size.name,
      measure: (contest: Contest, sample: Sample) => measureResults(contest, plan, size, sample),
    })),
    { name: 'memory', measure: (contest, sample) => measureMemory(contest, plan, sample) },
  ]
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.slice(0, 200)
}
