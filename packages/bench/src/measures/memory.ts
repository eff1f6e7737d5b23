// measures/memory: what sessions cost that nobody uses.
import { setTimeout as delay } from 'node:timers/promises'
import type { Contest } from '../contest.ts'
import { MOST_CHILDREN, type Plan } from '../plan.ts'
import { rssMiB } from '../proc.ts'
import type { Session } from '../wire/wire.ts'
import type { MetricKey, Sample } from './metric.ts'

const AT_ONCE = 4

export async function measureMemory(contest: Contest, plan: Plan, sample: Sample): Promise<void> {
  const { contestant, pid, open } = contest
  await delay(plan.settleMs)
  const idleMiB = rssMiB(pid)
  const sessions: Session[] = []
  for (const count of plan.idleSessions) {
    if (contestant.isChildPerSession && count > MOST_CHILDREN) break
    while (sessions.length < count) {
      const missing = Math.min(AT_ONCE, count - sessions.length)
      sessions.push(...(await Promise.all(Array.from({ length: missing }, open))))
    }
    await delay(plan.settleMs)
    sample[`idle${count}` as MetricKey] = rssMiB(pid) - idleMiB
  }
  // Over SSE the streams are the sessions: they must not outlive the contestant.
  await Promise.all(sessions.map((session) => session.close()))
}
