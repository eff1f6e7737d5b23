// measures/sessions: sessions that open and close, one after the other and several at once.
import { setTimeout as delay } from 'node:timers/promises'
import type { Contest } from '../contest.ts'
import type { Plan } from '../plan.ts'
import { usageOf } from '../proc.ts'
import { median } from '../stats.ts'
import { echo } from '../wire/wire.ts'
import type { Sample } from './metric.ts'

const AT_ONCE = 4

export async function measureSessions(contest: Contest, plan: Plan, sample: Sample): Promise<void> {
  sample.open = await opens(contest, plan)
  await cycles(contest, plan, sample)
  sample.cycleRate = await rate(contest, plan.cycles)
}

/** With a pause before each, for a bridge that keeps a child warm to have it. */
async function opens({ open }: Contest, plan: Plan): Promise<number> {
  const samples: number[] = []
  for (let done = 0; done < plan.opens; done++) {
    await delay(plan.settleMs)
    const startedAt = performance.now()
    const session = await open()
    await echo(session)
    samples.push(performance.now() - startedAt)
    await session.close()
  }
  return median(samples)
}

/** One after the other, without a pause: what was kept warm is used up. */
async function cycles(contest: Contest, plan: Plan, sample: Sample): Promise<void> {
  const { pid } = contest
  await delay(plan.settleMs)
  const before = usageOf(pid)
  const samples: number[] = []
  for (let done = 0; done < plan.cycles; done++) {
    const startedAt = performance.now()
    await cycle(contest)
    samples.push(performance.now() - startedAt)
  }
  // The last children end now; only then does their processor time count as that of the contestant's children.
  await delay(plan.settleMs)
  const after = usageOf(pid)
  sample.cycle = median(samples)
  sample.cycleCpu = (after.ownMs - before.ownMs) / plan.cycles
  sample.cycleTreeCpu = (after.treeMs - before.treeMs) / plan.cycles
}

async function rate(contest: Contest, count: number): Promise<number> {
  let begun = 0
  const startedAt = performance.now()
  const opener = async (): Promise<void> => {
    while (begun < count) {
      begun++
      await cycle(contest)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, opener))
  return (count * 1000) / (performance.now() - startedAt)
}

/** As LiteLLM does for each call of a tool. */
async function cycle({ open }: Contest): Promise<void> {
  const session = await open()
  await session.request('tools/list', {})
  await echo(session)
  await session.close()
}
