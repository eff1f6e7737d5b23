// server/leaving: how one of several replicas goes, so that its clients find another and none is refused.
import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from '../clock.ts'
import type { Replica } from '../replica/replica.ts'
import type { Servers } from './servers.ts'

/** A load balancer that asks `/readyz` sees within this that nothing new is to come. */
const LEAD_MS = 2000
const LOOK_MS = 20

/**
 * For the first half of the time sessions go on as ever, while `/readyz` fails; in the second each ends as soon as it has no
 * call in flight, so that its client hears 404 and begins anew elsewhere. Gives what is left of the time.
 */
export async function leave(
  drainMs: number,
  servers: Servers,
  replica: Replica | undefined,
): Promise<number> {
  const from = monotonicMs()
  const passed = () => monotonicMs() - from
  const isUnused = () =>
    servers.tools.every((tool) => tool.isUnused) && (replica === undefined || replica.inFlight === 0)
  const half = drainMs / 2
  const leadMs = Math.min(LEAD_MS, half)
  if (replica !== undefined) replica.isLeaving = true
  while (passed() < leadMs || (passed() < half && !isUnused())) await sleep(LOOK_MS)
  while (passed() < drainMs) {
    for (const tool of servers.tools) tool.letGo('this replica is shutting down')
    if (isUnused()) break
    await sleep(LOOK_MS)
  }
  return Math.max(0, drainMs - passed())
}
