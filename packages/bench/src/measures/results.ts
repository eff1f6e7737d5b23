// measures/results: results of 1 KB to 20 MB, and calls that report progress.
import { setTimeout as delay } from 'node:timers/promises'
import type { Contest } from '../contest.ts'
import type { Plan, Size } from '../plan.ts'
import { ownMs, peakMiB, rssMiB } from '../proc.ts'
import { median } from '../stats.ts'
import { echo, type Session } from '../wire/wire.ts'
import type { Sample } from './metric.ts'

/** One size for a process: what was needed for one is not given back when the next begins. */
export async function measureResults(
  { pid, open }: Contest,
  plan: Plan,
  size: Size,
  sample: Sample,
): Promise<void> {
  const session = await open()
  await echo(session)
  await delay(plan.settleMs)
  await measureSize(pid, session, size, sample)
  await session.close()
}

async function measureSize(pid: number, session: Session, size: Size, sample: Sample): Promise<void> {
  const { name, bytes, calls } = size
  const idleMiB = rssMiB(pid)
  const cpuBefore = ownMs(pid)
  const samples: number[] = []
  for (let done = 0; done < calls; done++) {
    const startedAt = performance.now()
    const answer = await session.request('tools/call', { name: 'large', arguments: { bytes } })
    samples.push(performance.now() - startedAt)
    if (answer.bytes < bytes) throw new Error(`${answer.bytes} bytes came of ${bytes}`)
  }
  sample[`cpu${name}`] = (ownMs(pid) - cpuBefore) / calls
  sample[`wall${name}`] = median(samples)
  sample[`growth${name}`] = peakMiB(pid) - idleMiB
}

export async function measureProgress({ pid, open }: Contest, plan: Plan, sample: Sample): Promise<void> {
  const { calls, events } = plan.progress
  const session = await open()
  await echo(session)
  const cpuBefore = ownMs(pid)
  let arrived = 0
  for (let progressToken = 1; progressToken <= calls; progressToken++) {
    const params = { name: 'progress', arguments: { count: events }, _meta: { progressToken } }
    arrived += (await session.request('tools/call', params)).progress
  }
  sample.progressShare = (arrived * 100) / (calls * events)
  // Who drops them has nothing to pay for.
  if (arrived * 2 > calls * events) sample.progressCpu = ((ownMs(pid) - cpuBefore) * 1000) / arrived
  await session.close()
}
