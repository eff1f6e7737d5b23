// run: the rounds: in each, group by group, every contestant in turn, so that a busy minute hits all alike.
import { startContest, within, type Contest } from './contest.ts'
import type { Contestant } from './contestants.ts'
import { measureCalls } from './measures/calls.ts'
import { measureMemory } from './measures/memory.ts'
import { DIRECT_GROUPS, DIRECT_KEYS, type GroupName, METRIC_KEYS, type Sample } from './measures/metric.ts'
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

/** One contestant in one round. */
interface Entry {
  entrant: Contestant
  sample: Sample
  /** Milliseconds of each start of its. */
  starts: number[]
}

/** Runs all rounds; what fails is noted, and the others go on. */
export async function run(
  entrants: readonly Contestant[],
  plan: Plan,
  folder: string,
  say: (line: string) => void,
): Promise<Outcome> {
  const outcome: Outcome = { samples: new Map(), failures: [] }
  const groups = groupsOf(plan)
  const processes = plan.isSmoke ? [groups] : groups.map((group) => [group])
  for (let round = 1; round <= plan.rounds; round++) {
    const entries = entrants.map((entrant): Entry => ({ entrant, sample: {}, starts: [] }))
    for (const ofOne of processes) {
      const title = titleOf(ofOne)
      const startedAt = performance.now()
      for (const entry of entries) {
        const { name } = entry.entrant
        const groupsOfIt = ofOne.filter((group) => isMeasured(entry, group))
        await measureWith(entry, groupsOfIt, plan, folder, (group, error) => {
          const failure = { contestant: name, round, group, reason: reasonOf(error) }
          outcome.failures.push(failure)
          say(`  ${name}, ${group}: ${failure.reason}`)
        })
      }
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
      say(`round ${round} of ${plan.rounds}: ${title} (${seconds} s)`)
    }
    for (const entry of entries) if (entry.starts.length > 0) entry.sample.start = median(entry.starts)
    compareWithDirect(entries)
    for (const { entrant, sample } of entries) {
      outcome.samples.set(entrant.name, [...(outcome.samples.get(entrant.name) ?? []), sample])
    }
  }
  return outcome
}

/** Measures these groups with one process, and another after each that failed. */
async function measureWith(
  { entrant, sample, starts }: Entry,
  groups: readonly Group[],
  plan: Plan,
  folder: string,
  onFailure: (group: GroupName, error: unknown) => void,
): Promise<void> {
  let contest: Contest | undefined
  for (const { name, measure } of groups) {
    try {
      if (contest === undefined) {
        const start = { group: titleOf(groups), folder, withinMs: plan.startWithinMs }
        contest = await startContest(entrant, start)
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

/** Without a session there is none to open, and none to keep. */
const OF_SESSIONS = new Set(['sessions', 'memory'])

function isMeasured(entry: Entry, { name }: Group): boolean {
  if (isDirect(entry)) return DIRECT_GROUPS.has(name)
  return entry.entrant.wire !== 'stateless' || !OF_SESSIONS.has(name)
}

/** Its process is the child: there is no bridge. */
function isDirect({ entrant }: Entry): boolean {
  return entrant.wire === 'stdio'
}

/** What each adds to the child's own latency in this round. What the child itself costs is nobody's row. */
function compareWithDirect(entries: readonly Entry[]): void {
  const direct = entries.find(isDirect)?.sample
  if (direct === undefined) return
  for (const { sample } of entries) {
    if (sample === direct || sample.p50At1 === undefined || direct.p50At1 === undefined) continue
    sample.added1 = (sample.p50At1 - direct.p50At1) * 1000
  }
  for (const key of METRIC_KEYS) if (!DIRECT_KEYS.has(key)) delete direct[key]
}

function titleOf(groups: readonly Group[]): string {
  return groups.map(({ name }) => name).join('-')
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
