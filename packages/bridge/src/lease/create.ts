// lease/create: the leases of the mode that is configured.
import type { Logger } from '../telemetry/logger.ts'
import type { Leases, LeasesOptions } from './lease.ts'
import { perSession } from './per-session.ts'
import { pooled } from './pooled.ts'
import { shared } from './shared.ts'

const MODES = { session: perSession, shared, pool: pooled }

export function createLeases(options: LeasesOptions, log: Logger): Leases {
  return MODES[options.config.children](options, log)
}
