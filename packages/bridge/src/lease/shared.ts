// lease/shared: one process for everybody, or for everybody with the same environment.
import { UNCHARGED, type Account } from '../budget/budget.ts'
import { monotonicMs } from '../clock.ts'
import { compose } from '../relay/intercept.ts'
import type { Logger } from '../telemetry/logger.ts'
import { describeChild } from '../relay/describe.ts'
import { interceptorsFor, type Leases, type LeasesOptions } from './lease.ts'
import { ownerOf, TOOL } from './owner.ts'
import { SharedChild } from './shared-child.ts'

export function shared(options: LeasesOptions, log: Logger): Leases {
  const { config, timings, supply, disclosure, needsClient, rulesFor, onCrash, onHealthy } = options
  /** By environment. */
  const children = new Map<string, SharedChild>()
  const childFor = (env: Readonly<Record<string, string>>, account: Account): SharedChild => {
    const owner = ownerOf('', env)
    const { key } = owner
    const existing = children.get(key)
    if (existing !== undefined) return existing
    const created = new SharedChild(
      {
        startTimeoutMs: config.startTimeoutMs,
        maxBacklogBytes: config.maxBufferBytes,
        timings,
        // Where each client brings what the child needs, the one that was asked what it is may be nobody's.
        idleMs: owner === TOOL && !needsClient ? 0 : config.idleMs,
        // One for all is nobody's; one for an environment is charged to who came first with it.
        start: () => supply.acquire(owner, owner === TOOL ? UNCHARGED : account),
        told: (error) => disclosure.told(owner, error),
        onCrash: (error, isHealthy) => onCrash({ owner, error, isHealthy }),
        onHealthy: () => onHealthy(owner),
        onIdle: () => {
          children.delete(key)
          void created.close()
        },
      },
      log,
    )
    children.set(key, created)
    return created
  }
  return {
    open: async ({ caller, params }) => {
      const child = childFor(caller.env, caller.account)
      const rules = rulesFor(caller)
      return {
        dispatcher: compose(child.open(caller, params), interceptorsFor(rules, log)),
        get childRevision() {
          return child.revision
        },
      }
    },
    describe: async () => {
      const child = childFor({}, UNCHARGED)
      try {
        const { process, client, result } = await child.ready()
        return await describeChild(client, result, monotonicMs() - process.startedAt, config.startTimeoutMs)
      } finally {
        child.restIfUnused()
      }
    },
    close: async (graceMs) => {
      await Promise.all([...children.values()].map((child) => child.close(graceMs)))
    },
  }
}
