// measures/calls: small calls, the first of all, then 1, 16 and 64 in flight; and what the process does while nobody calls.
import { setTimeout as delay } from 'node:timers/promises'
import type { Contest } from '../contest.ts'
import { FIRST_CALLS, LEVELS, type Level, type Plan } from '../plan.ts'
import { preciseMs, rssMiB } from '../proc.ts'
import { quantile } from '../stats.ts'
import { echo, type Session } from '../wire/wire.ts'
import type { Sample } from './metric.ts'

/** As many as clients that talk at once. */
const SESSIONS = 4

export async function measureCalls({ pid, open }: Contest, plan: Plan, sample: Sample): Promise<void> {
  const sessions = [await open()]
  await echo(sessions[0] as Session)
  await delay(plan.settleMs)
  sample.rss = rssMiB(pid)
  sample.idleCpu = await idleCpu(pid, plan.idleMs)
  sample.cpuFirst = await firstCpu(pid, sessions)
  while (sessions.length < SESSIONS) sessions.push(await open())
  await load(sessions, Math.max(...LEVELS), plan.warmUpCalls)
  for (const level of LEVELS) {
    await load(sessions, level, plan.settleCalls)
    await measureLevel(pid, sessions, level, plan.calls[level], sample)
  }
  for (const session of sessions) await session.close()
}

/** In µs per call. What V8 compiles meanwhile, on whatever thread, is part of it. */
async function firstCpu(pid: number, sessions: readonly Session[]): Promise<number> {
  const before = preciseMs(pid)
  await load(sessions, 1, FIRST_CALLS)
  return ((preciseMs(pid) - before) * 1000) / FIRST_CALLS
}

async function measureLevel(
  pid: number,
  sessions: readonly Session[],
  level: Level,
  calls: number,
  sample: Sample,
): Promise<void> {
  const cpuBefore = preciseMs(pid)
  const startedAt = performance.now()
  const latencies = await load(sessions, level, calls)
  const seconds = (performance.now() - startedAt) / 1000
  sample[`cpu${level}`] = ((preciseMs(pid) - cpuBefore) * 1000) / calls
  sample[`rate${level}`] = calls / seconds
  latencies.sort()
  sample[`p50At${level}`] = quantile([...latencies], 0.5)
  sample[`p99At${level}`] = quantile([...latencies], 0.99)
}

/** The latency of each call in ms, in the order in which they ended. */
async function load(sessions: readonly Session[], inFlight: number, calls: number): Promise<Float64Array> {
  const latencies = new Float64Array(calls)
  let begun = 0
  let ended = 0
  const caller = async (session: Session): Promise<void> => {
    while (begun < calls) {
      begun++
      const startedAt = performance.now()
      await echo(session)
      latencies[ended++] = performance.now() - startedAt
    }
  }
  const callers = Array.from({ length: inFlight }, (_, index) =>
    caller(sessions[index % sessions.length] as Session),
  )
  await Promise.all(callers)
  return latencies
}

/** In ms per minute. */
async function idleCpu(pid: number, watchMs: number): Promise<number> {
  const before = preciseMs(pid)
  const startedAt = performance.now()
  await delay(watchMs)
  return ((preciseMs(pid) - before) * 60_000) / (performance.now() - startedAt)
}
