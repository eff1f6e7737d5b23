// lease/pooled: some processes; a request has one for itself while it runs.
import { compose } from '../relay/intercept.ts'
import type { Logger } from '../telemetry/logger.ts'
import { interceptorsFor, warmOf, type Leases, type LeasesOptions } from './lease.ts'
import { ownerOf } from './owner.ts'
import { Pool } from './pool.ts'

export function pooled(options: LeasesOptions, log: Logger): Leases {
  const { config, timings, supply, disclosure, rulesFor, onCrash, onHealthy } = options
  const pool = new Pool(
    {
      startTimeoutMs: config.startTimeoutMs,
      maxBacklogBytes: config.maxBufferBytes,
      timings,
      maxChildren: config.maxChildren,
      warm: warmOf(config),
      idleMs: config.idleMs,
      recycleAfter: config.recycleAfter,
      start: (owner, account) => supply.acquire(owner, account),
      told: (owner, error) => disclosure.told(owner, error),
      onCrash: (owner, error, isHealthy) => onCrash({ owner, error, isHealthy }),
      onHealthy,
    },
    log,
  )
  return {
    open: async ({ caller, params }) => {
      const way = pool.open(ownerOf(caller.principal, caller.env), caller, params)
      return {
        dispatcher: compose(way, interceptorsFor(rulesFor(caller), log)),
        get childRevision() {
          return pool.revision
        },
      }
    },
    close: (graceMs) => pool.close(graceMs),
  }
}
