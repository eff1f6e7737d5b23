// lease/lease: who shares which process: one for each session, one for all, or one for each request.
import { lockedTools } from '../relay/interceptors/locked-tools.ts'
import { onePage } from '../relay/interceptors/one-page.ts'
import { areRules, toolFilter, type ToolRules } from '../relay/interceptors/tool-filter.ts'
import type { Interceptor } from '../relay/dispatch.ts'
import type { Caller } from '../access/caller.ts'
import type { Child } from '../child/child.ts'
import type { Config } from '../config/config.ts'
import type { BridgeError } from '../errors.ts'
import type { OpenLease } from '../session/lease.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Timings } from '../timings.ts'
import type { ChildDescription } from '../relay/describe.ts'
import type { Disclosure } from './disclosure.ts'
import type { Owner } from './owner.ts'
import type { ChildSupply } from './supply.ts'

export interface Leases {
  open: OpenLease
  /** Asks the child that everybody will have, where there is one; else a throw-away child has to be asked. */
  describe?: () => Promise<ChildDescription>
  close(graceMs: number): Promise<void>
}

/** A process that ended without being asked to. */
export interface Crash {
  owner: Owner
  error: BridgeError
  /** It had answered a request of a client after `initialize`. */
  isHealthy: boolean
}

export interface LeasesOptions {
  config: Config
  timings: Timings
  supply: ChildSupply
  disclosure: Disclosure
  /** A child may be of no use before a client brings its part of the environment. */
  needsClient: boolean
  /** Which tools a client may use. */
  rulesFor(caller: Caller): ToolRules
  /** What a stop may take at this moment. */
  stopGraceMs(): number
  onCrash(crash: Crash): void
  /** A child has answered a request of a client after `initialize`. */
  onHealthy(owner: Owner): void
}

/** What a child needs that no client has for itself. */
export interface SeveralClients {
  startTimeoutMs: number
  maxBacklogBytes: number
  timings: Timings
  /** Starts a process. Throws BridgeError, `child_…`. */
  start(): Promise<Child>
  /** What clients may know of a failure. */
  told(error: BridgeError): BridgeError
  /** A process has ended without being asked to; `isHealthy`: it had answered a request of a client. */
  onCrash(error: BridgeError, isHealthy: boolean): void
  onHealthy(): void
}

/** Standbys: none beside a shared child, unless asked for; none where each client brings what a child needs. */
export function warmOf({ warm, children, headerEnv }: Config): number {
  if (headerEnv.length > 0) return 0
  return warm ?? (children === 'shared' ? 0 : 1)
}

/** What stands between this client and any child. */
export function interceptorsFor(rules: ToolRules, log: Logger): Interceptor[] {
  const { isOnePage, lock, timeoutMs } = rules
  return [
    ...(areRules(rules) ? [toolFilter(rules, log)] : []),
    ...(isOnePage ? [onePage(timeoutMs, log)] : []),
    ...(lock === undefined ? [] : [lockedTools(lock, timeoutMs, log)]),
  ]
}
