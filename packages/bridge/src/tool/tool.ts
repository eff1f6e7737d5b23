// tool/tool: one command: whether it works, its processes, its sessions.
import { idleToolGlobs, type Caller, type Profiles } from '../access/caller.ts'
import { STOP_GRACE_MS } from '../child/child.ts'
import { ChildFactory } from '../child/factory.ts'
import type { Config } from '../config/config.ts'
import { toBridgeError, type BridgeError } from '../errors.ts'
import { Backoffs } from '../lease/backoff.ts'
import { createLeases } from '../lease/create.ts'
import { Disclosure } from '../lease/disclosure.ts'
import { warmOf, type Leases } from '../lease/lease.ts'
import { ChildSupply } from '../lease/supply.ts'
import type { ChildReport } from '../relay/describe.ts'
import type { ToolRules } from '../relay/interceptors/tool-filter.ts'
import type { Lease, LeaseRequest } from '../session/lease.ts'
import { Registry } from '../session/registry.ts'
import type { Events } from '../telemetry/events.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Timings } from '../timings.ts'
import { StartupProbe, type Readiness } from './startup-probe.ts'
import { runTrial } from './trial.ts'

export interface ToolOptions {
  timings: Timings
  /** What the operator has set for single principals. */
  profiles: Profiles
  events: Events
  /** A token may be withdrawn while a request that was let in by it is read. */
  isInForce(caller: Caller): boolean
}

/** At a shutdown EOF and SIGTERM are given this long each: `docker stop` kills after 10 s. */
const SHUTDOWN_GRACE_MS = 1000
/** LiteLLM sets no deadline for a call. */
const LITELLM_CALL_MS = 10 * 60_000

export class Tool {
  readonly sessions: Registry
  readonly #config: Config
  readonly #log: Logger
  readonly #factory: ChildFactory
  readonly #disclosure: Disclosure
  readonly #supply: ChildSupply
  readonly #leases: Leases
  readonly #probe: StartupProbe
  readonly #closing = new AbortController()
  #stopGraceMs = STOP_GRACE_MS
  #probeClosed: Promise<void> | undefined
  #hasWarned = false

  /** Starts nothing. Throws BridgeError `config_invalid` for an env file that cannot be read. */
  constructor(config: Config, { timings, profiles, events, isInForce }: ToolOptions, log: Logger) {
    this.#config = config
    this.#log = log
    this.#factory = new ChildFactory(config, events, log)
    this.#disclosure = new Disclosure([...this.#factory.given, ...profiles.secrets], log)
    const backoffs = new Backoffs((owner, error) => this.#disclosure.told(owner, error))
    const needsClient = config.headerEnv.length > 0 || profiles.haveEnv
    this.#supply = new ChildSupply(
      {
        maxChildren: config.maxChildren,
        warm: warmOf(config),
        backoffs,
        start: (env) => this.#factory.start(env),
        onUnstarted: (owner, error) => this.#probe.unstarted(owner, error),
      },
      log,
    )
    this.#leases = createLeases(
      {
        config,
        timings,
        supply: this.#supply,
        disclosure: this.#disclosure,
        needsClient,
        rulesFor: (caller) => this.#rulesFor(caller),
        stopGraceMs: () => this.#stopGraceMs,
        onCrash: (crash) => this.#probe.crashed(crash),
        onHealthy: (owner) => this.#probe.healthy(owner),
      },
      log,
    )
    this.#probe = new StartupProbe(
      {
        command: config.command[0] ?? '',
        env: this.#factory.env,
        needsClient,
        onCrash: config.onCrash,
        backoffs,
        told: (error) => this.#disclosure.toOthers(error),
        describe: () => this.#leases.describe?.() ?? this.#trial(),
        onHealthy: (report) => {
          this.#warnOfIdleGlobs(report)
          this.#supply.warmUp()
        },
      },
      log,
    )
    const { callTimeoutMs, compat } = config
    this.sessions = new Registry(
      {
        ...config,
        compat,
        callTimeoutMs: callTimeoutMs === 0 && compat === 'litellm' ? LITELLM_CALL_MS : callTimeoutMs,
        timings,
        events,
        isInForce,
      },
      (request) => this.#lease(request),
      log,
    )
  }

  /**
   * Has a child say that it works, and what it offers; the same for all who ask.
   *
   * @throws BridgeError `child_…`; where no child can be started without a client, nothing is thrown
   */
  start(): Promise<ChildReport> {
    return this.#probe.start()
  }

  /** The same for those who do not wait for it. */
  begin(): void {
    this.#probe.begin()
  }

  /** Settles once: it cannot start, or has crashed where that is the end. */
  get failed(): Promise<BridgeError> {
    return this.#probe.failed
  }

  /** Why no session can be opened now; undefined while one can. */
  readiness(): Readiness | undefined {
    return this.#probe.readiness()
  }

  /** Lets calls in flight finish for so long, takes nothing new, then ends the sessions. */
  async drain(ms: number): Promise<void> {
    this.#stopGraceMs = SHUTDOWN_GRACE_MS
    this.#closing.abort()
    this.#probeClosed = this.#probe.close()
    await this.sessions.drain(ms)
    this.sessions.close('the bridge is shutting down')
  }

  /** Ends all processes; to be drained before. */
  async close(): Promise<void> {
    await Promise.all([
      this.#leases.close(SHUTDOWN_GRACE_MS),
      this.#supply.close(SHUTDOWN_GRACE_MS),
      this.#probeClosed,
    ])
    await this.#factory.close()
  }

  #trial(): Promise<ChildReport> {
    const { startTimeoutMs } = this.#config
    const start = () => this.#factory.start()
    return runTrial({ startTimeoutMs, start }, this.#closing.signal, this.#log)
  }

  async #lease(request: LeaseRequest): Promise<Lease> {
    await this.start().catch((error: unknown) => {
      throw this.#disclosure.toOthers(toBridgeError(error))
    })
    return this.#leases.open(request)
  }

  #rulesFor({ filters }: Caller): ToolRules {
    const { toolsAllow, toolsDeny, readOnly, startTimeoutMs, compat } = this.#config
    return {
      filters: [{ toolsAllow, toolsDeny, readOnly }, ...filters],
      isPlain: compat === 'litellm',
      timeoutMs: startTimeoutMs,
    }
  }

  /** A list that could not be read in full names nothing for certain. */
  #warnOfIdleGlobs({ tools }: ChildReport): void {
    if (this.#hasWarned || tools.length === 0) return
    this.#hasWarned = true
    const names = tools.map(({ name }) => name)
    for (const idle of idleToolGlobs(this.#config, names)) this.#log.warn(idle, 'no tool is called like this')
  }
}
