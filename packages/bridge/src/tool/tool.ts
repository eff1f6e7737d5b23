// tool/tool: one command: whether it works, its processes, its sessions.
import { idleToolGlobs, type Caller, type Profiles } from '../access/caller.ts'
import { STOP_GRACE_MS } from '../child/child.ts'
import { ChildFactory } from '../child/factory.ts'
import type { Config } from '../config/config.ts'
import { toBridgeError, type BridgeError } from '../errors.ts'
import { ImplicitSessions } from '../exchange/implicit-sessions.ts'
import { Backoffs } from '../lease/backoff.ts'
import { createLeases } from '../lease/create.ts'
import { Disclosure } from '../lease/disclosure.ts'
import { warmOf, type Crash, type Leases } from '../lease/lease.ts'
import { ModernLeases } from '../lease/modern.ts'
import { TOOL, type Owner } from '../lease/owner.ts'
import type { Places } from '../lease/places.ts'
import { ChildSupply } from '../lease/supply.ts'
import { suspicionsIn } from '../lock/suspicions.ts'
import type { ToolLock } from '../lock/tool-lock.ts'
import type { ChildDescription, ChildReport } from '../relay/describe.ts'
import type { ToolRules } from '../relay/interceptors/tool-filter.ts'
import { recordOf, type Members } from '../rpc/content.ts'
import { paramHeadersOf, type ParamHeader } from '../rpc/param-headers.ts'
import type { Era, Lease, LeaseRequest } from '../session/lease.ts'
import { Registry } from '../session/registry.ts'
import type { Events } from '../telemetry/events.ts'
import { Latency } from '../telemetry/latency.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Timings } from '../timings.ts'
import type { Discovered } from '../transport/stateless.ts'
import { EraProbe, within } from './era.ts'
import { Failures } from './failures.ts'
import { lookAt, type ToolLook } from './look.ts'
import { StartupProbe, type Readiness } from './startup-probe.ts'
import { runTrial } from './trial.ts'

export interface ToolOptions {
  timings: Timings
  /** What the operator has set for single principals. */
  profiles: Profiles
  /** Shared with the other tools of the bridge. */
  places: Places
  events: Events
  /** A token may be withdrawn, or what it may do be changed, while a request that was let in by it is read. */
  isInForce(caller: Caller): boolean
  /** What its tools were when somebody accepted them. */
  lock?: ToolLock | undefined
}

/** At a shutdown EOF and SIGTERM are given this long each: `docker stop` kills after 10 s. */
const SHUTDOWN_GRACE_MS = 1000
/** Of odd texts in the log; the status page has more. */
const MOST_WARNED = 20
/** LiteLLM sets no deadline for a call. */
const LITELLM_CALL_MS = 10 * 60_000

export class Tool {
  readonly sessions: Registry
  /** Those without a session. */
  readonly clients: ImplicitSessions
  /** By tool of the child, from the last list that went by. Most declare none. */
  #paramHeaders: ReadonlyMap<unknown, readonly ParamHeader[]> = new Map()
  readonly #config: Config
  readonly #log: Logger
  readonly #factory: ChildFactory
  readonly #disclosure: Disclosure
  readonly #lock: ToolLock | undefined
  readonly #supply: ChildSupply
  readonly #leases: Leases
  readonly #modern: ModernLeases
  readonly #era: EraProbe
  readonly #probe: StartupProbe
  readonly #failures: Failures
  readonly #latency = new Latency()
  readonly #closing = new AbortController()
  readonly #discoverMs: number
  #stopGraceMs = STOP_GRACE_MS
  #probeClosed: Promise<void> | undefined
  #hasWarned = false
  #suspicions: readonly string[] = []
  /** Those who have nothing open yet, and wait to hear what the tool speaks. */
  #waiting = 0

  /** Starts nothing. Throws BridgeError `config_invalid` for an env file that cannot be read. */
  constructor(
    config: Config,
    { timings, profiles, places, events, isInForce, lock }: ToolOptions,
    log: Logger,
  ) {
    this.#config = config
    this.#lock = lock
    this.#log = log
    this.#factory = new ChildFactory(config, events, log)
    this.#disclosure = new Disclosure([...this.#factory.given, ...profiles.secrets], log)
    this.#failures = new Failures(this.#disclosure)
    const backoffs = new Backoffs((owner, error) => this.#disclosure.told(owner, error))
    const needsClient = config.headerEnv.length > 0 || profiles.haveEnv
    this.#supply = new ChildSupply(
      {
        maxChildren: config.maxChildren,
        places,
        warm: warmOf(config),
        backoffs,
        start: (env) => this.#factory.start(env),
        makeRoom: () => this.#modern.makeRoom(),
        onUnstarted: (owner, error) => {
          this.#failures.add(owner, error)
          this.#probe.unstarted(owner, error)
        },
      },
      log,
    )
    const leasesOptions = {
      config,
      timings,
      supply: this.#supply,
      disclosure: this.#disclosure,
      needsClient,
      rulesFor: (caller: Caller) => this.#rulesFor(caller),
      stopGraceMs: () => this.#stopGraceMs,
      onCrash: (crash: Crash) => {
        this.#failures.add(crash.owner, crash.error)
        this.#probe.crashed(crash)
      },
      onHealthy: (owner: Owner) => this.#probe.healthy(owner),
    }
    this.#leases = createLeases(leasesOptions, log)
    this.#modern = new ModernLeases(leasesOptions, log)
    this.#era = new EraProbe({ config, modern: this.#modern }, log)
    this.#probe = new StartupProbe(
      {
        command: config.command[0] ?? '',
        env: this.#factory.env,
        needsClient,
        onCrash: config.onCrash,
        backoffs,
        told: (error) => this.#disclosure.toOthers(error),
        describe: () => this.#describe(),
        onFailed: (error) => this.#failures.add(TOOL, error),
        onHealthy: (report) => {
          this.#paramHeaders = report.paramHeaders
          this.#warnOfIdleGlobs(report)
          if (!this.#era.isModernOnly) this.#supply.warmUp()
        },
      },
      log,
    )
    const { callTimeoutMs } = config
    const isForLiteLlm = config.compat.includes('litellm')
    this.#discoverMs = timings.discoverMs
    const limits = {
      ...config,
      isForLiteLlm,
      callTimeoutMs: callTimeoutMs === 0 && isForLiteLlm ? LITELLM_CALL_MS : callTimeoutMs,
      timings,
      events,
      latency: this.#latency,
      isInForce,
    }
    const lease = (request: LeaseRequest) => this.#lease(request)
    this.sessions = new Registry(limits, lease, log)
    this.clients = new ImplicitSessions({ ...limits, onTools: (tools) => this.#learn(tools) }, lease, log)
  }

  /**
   * Has a child say that it works, and what it offers; the same for all who ask.
   *
   * @throws BridgeError `child_…`; where no child can be started without a client, nothing is thrown
   */
  start(): Promise<ChildDescription> {
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

  /** What it said of itself, once it has. */
  get report(): ChildReport | undefined {
    return this.#probe.report
  }

  /** Why no session can be opened now; undefined while one can. */
  readiness(): Readiness | undefined {
    return this.#probe.readiness()
  }

  /** What there is to say of one that is ready: tools of it are not as they were accepted. */
  get concern(): string | undefined {
    return this.#lock?.concern
  }

  /** Without what was given to its processes. */
  masked(text: string): string {
    return this.#disclosure.masked([text])[0] ?? ''
  }

  /** Of somebody who has come to be known since it was made. */
  keepSecret(values: readonly string[]): void {
    this.#disclosure.add(values)
  }

  /** What there is to see of it now. */
  look(): Promise<ToolLook> {
    return lookAt({
      children: this.#config.children,
      era: this.#era.era,
      probe: this.#probe,
      isDraining: this.#closing.signal.aborted,
      factory: this.#factory,
      disclosure: this.#disclosure,
      sessions: this.sessions,
      clients: this.clients,
      failures: this.#failures,
      latency: this.#latency,
      lock: this.#lock,
      suspicions: this.#suspicions,
    })
  }

  /** Nobody has anything open here. */
  get isUnused(): boolean {
    return this.sessions.size === 0 && this.clients.size === 0 && this.#waiting === 0
  }

  /** Ends the sessions that have no call in flight. */
  letGo(reason: string): void {
    this.sessions.closeWhere(({ inFlight }) => inFlight === 0, reason)
    this.clients.closeWhere(({ hasCalls }) => !hasCalls, reason)
  }

  /** Lets calls in flight finish for so long, takes nothing new, then ends the sessions. */
  async drain(ms: number, reason = 'the bridge is shutting down'): Promise<void> {
    this.#stopGraceMs = SHUTDOWN_GRACE_MS
    this.#closing.abort()
    this.#probeClosed = this.#probe.close()
    await Promise.all([this.sessions.drain(ms), this.clients.drain(ms)])
    this.sessions.close(reason)
    this.clients.close(reason)
  }

  /** Ends all processes; to be drained before. */
  async close(): Promise<void> {
    await Promise.all([
      this.#leases.close(SHUTDOWN_GRACE_MS),
      this.#modern.close(SHUTDOWN_GRACE_MS),
      this.#supply.close(SHUTDOWN_GRACE_MS),
      this.#probeClosed,
    ])
    await this.#factory.close()
  }

  /** What the tool speaks, once it is up. Throws BridgeError, `child_…`. */
  era(): Era | Promise<Era> {
    return this.#era.era ?? this.#awaited(this.start().then(({ startMs }) => this.#era.ask(startMs)))
  }

  /**
   * The same, and what it offers clients without a session; that only if it does not take a client to know.
   *
   * @throws BridgeError `child_starting` rather than have them wait, `child_…`
   */
  async discover(): Promise<{ era: Era; known: Discovered | undefined }> {
    const asked = async () => ({ era: await this.era(), answer: (await this.start()).answer })
    const { era, answer } = await within(asked(), this.#discoverMs).catch((error: unknown) => {
      throw this.#disclosure.toOthers(toBridgeError(error))
    })
    return { era, known: answer === undefined ? undefined : this.discovered(answer) }
  }

  discovered(answer: Members): Discovered {
    // Tasks of 2025-11-25 are others, and of several processes none tells whoever subscribed.
    const { tasks: _tasks, ...all } = recordOf(answer['capabilities'])
    const { subscribe: _subscribe, ...resources } = recordOf(all['resources'])
    const isCut = this.#config.children === 'pool' && all['resources'] !== undefined
    const { instructions } = answer
    return {
      capabilities: isCut ? { ...all, resources } : all,
      serverInfo: recordOf(answer['serverInfo']),
      instructions: typeof instructions === 'string' ? instructions : undefined,
    }
  }

  /** The arguments of this tool of the child that a client repeats as headers. */
  paramHeaders(name: unknown): readonly ParamHeader[] {
    return this.#paramHeaders.get(name) ?? []
  }

  /** A list may be one page of several, or what one caller may see: what is known stays. */
  #learn(tools: readonly unknown[]): void {
    const learned = paramHeadersOf(tools)
    if (learned.size > 0) this.#paramHeaders = new Map([...this.#paramHeaders, ...learned])
  }

  /** What its tools say is compared, and not kept. */
  async #describe(): Promise<ChildDescription> {
    const described = await this.#era.describe(() => this.#leases.describe?.() ?? this.#trial())
    this.#lock?.compare(described.definitions)
    this.#suspicions = suspicionsIn(described.definitions)
    for (const what of this.#suspicions.slice(0, MOST_WARNED)) this.#log.warn({ what }, 'odd text of a tool')
    return { ...described, definitions: [] }
  }

  #trial(): Promise<ChildDescription> {
    const { startTimeoutMs } = this.#config
    const start = () => this.#factory.start()
    return runTrial({ startTimeoutMs, start }, this.#closing.signal, this.#log)
  }

  async #lease(request: LeaseRequest): Promise<Lease> {
    await this.start().catch((error: unknown) => {
      throw this.#disclosure.toOthers(toBridgeError(error))
    })
    if (request.era === 'modern' && this.#era.era === 'modern') return this.#modern.open(request)
    if (this.#era.isModernOnly) return this.#modern.openLegacy(request)
    return this.#leases.open(request)
  }

  async #awaited<T>(answer: Promise<T>): Promise<T> {
    this.#waiting++
    try {
      return await answer
    } finally {
      this.#waiting--
    }
  }

  #rulesFor({ filters }: Caller): ToolRules {
    const { toolsAllow, toolsDeny, readOnly, startTimeoutMs, compat, onePage } = this.#config
    const isForLiteLlm = compat.includes('litellm')
    return {
      filters: [{ toolsAllow, toolsDeny, readOnly }, ...filters],
      isPlain: isForLiteLlm,
      isOnePage: onePage || isForLiteLlm,
      lock: this.#lock,
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
