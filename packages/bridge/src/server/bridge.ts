// server/bridge: wiring only: configuration in, a handler, listen and close out.
import type { RequestListener, Server } from 'node:http'
import { monotonicMs } from '../clock.ts'
import { createApp } from './app.ts'
import { Budget, type Account } from '../budget/budget.ts'
import { defaultMaxMemory } from '../budget/memory.ts'
import { Pressure } from '../budget/pressure.ts'
import { SseTransport } from '../transport/sse.ts'
import { StreamableHttpTransport } from '../transport/streamable-http.ts'
import { STOP_GRACE_MS } from '../child/child.ts'
import { Disclosure } from '../lease/disclosure.ts'
import type { ChildReport } from '../child/interview.ts'
import { ChildSupply } from '../lease/supply.ts'
import { inspectTool, type Inspection } from '../tool/inspect.ts'
import { ChildFactory } from '../child/factory.ts'
import { Backoffs } from '../lease/backoff.ts'
import { runTrial } from '../tool/trial.ts'
import { connectableHost, isLoopback } from '../config/loopback.ts'
import type { Config, ConfigInput } from '../config/config.ts'
import { parseConfig } from '../config/load.ts'
import { toBridgeError, type BridgeError } from '../errors.ts'
import { authenticateByToken } from '../access/authenticate.ts'
import { idleToolGlobs, Profiles } from '../access/caller.ts'
import { strangersIn, Tokens, tokensOf } from '../access/tokens.ts'
import { TokenFile } from '../access/token-file.ts'
import type { Readiness } from './health.ts'
import { Heartbeat } from '../http/heartbeat.ts'
import { addressOf, closeListener, openListener } from './listener.ts'
import { createLines, warmOf, type Lines } from '../lines.ts'
import { StartupProbe } from '../tool/startup-probe.ts'
import { silentLogger, type Logger } from '../telemetry/logger.ts'
import { QUEUE_PER_CHILD } from '../lease/pool.ts'
import { MAX_WAITING } from '../lease/shared.ts'
import type { ToolRules } from '../relay/interceptors/tool-filter.ts'
import { Registry, type RegistryOptions } from '../session/registry.ts'
import type { Line, LineRequest } from '../session/line.ts'
import { TIMINGS, type Timings } from '../timings.ts'
import { VERSION } from '../version.ts'

/** Where a bridge can be reached. */
export interface Listening {
  host: string
  port: number
  /** Streamable HTTP and HTTP+SSE, as seen from this machine. */
  mcpUrl: string
  sseUrl: string
}

export interface BridgeOptions {
  /** A pino logger; without one nothing is logged. */
  logger?: Logger
  /** @internal Shorter waits, for tests. */
  timings?: Partial<Timings>
}

/** At a shutdown EOF and SIGTERM are given this long each: `docker stop` kills after 10 s. */
const SHUTDOWN_GRACE_MS = 1000
/** LiteLLM sets no deadline for a call. */
const LITELLM_CALL_MS = 10 * 60_000
/** After the drain, answers on their way have this long. */
const CLOSE_GRACE_MS = 500

/** One tool, bridged. Bridges share nothing; several may live in one process. */
export class Bridge {
  /** For `http.createServer`, or `app.use('/anywhere', bridge.handler)` in an express app. */
  readonly handler: RequestListener
  readonly config: Config

  readonly #log: Logger
  readonly #supply: ChildSupply
  readonly #lines: Lines
  readonly #profiles: Profiles
  readonly #registry: Registry
  readonly #budget: Budget
  readonly #pressure: Pressure
  readonly #heartbeat: Heartbeat
  readonly #tokens: Tokens
  readonly #tokenFile: TokenFile | undefined
  readonly #factory: ChildFactory
  readonly #disclosure: Disclosure
  readonly #proof: StartupProbe
  readonly #closing = new AbortController()
  #stopGraceMs = STOP_GRACE_MS
  #hasWarned = false
  #server: Server | undefined
  #closed: Promise<void> | undefined

  constructor(config: Config, log: Logger, waits: Partial<Timings> = {}) {
    const timings = { ...TIMINGS, ...waits }
    this.config = config
    this.#log = log
    this.#heartbeat = new Heartbeat(log)
    this.#factory = new ChildFactory(config, log)
    this.#profiles = new Profiles(config, log)
    this.#tokenFile = this.#openTokenFile(timings)
    const { initial = new Map<string, string>() } = this.#tokenFile ?? {}
    this.#tokens = new Tokens(tokensOf(config, initial, true))
    this.#warnOfStrangers(initial)
    this.#budget = new Budget(
      {
        sessions: config.maxSessions,
        children: config.maxChildren,
        waiting: config.children === 'pool' ? QUEUE_PER_CHILD * config.maxChildren : MAX_WAITING,
        bytes: config.maxMemoryBytes ?? defaultMaxMemory(),
      },
      this.#isForSeveral(),
    )
    const disclosure = new Disclosure([...this.#factory.given, ...this.#profiles.secrets], log)
    this.#disclosure = disclosure
    const backoffs = new Backoffs((owner, error) => disclosure.told(owner, error))
    // A child may be of no use before a client brings its part of the environment.
    const isForClients = config.headerEnv.length > 0 || this.#profiles.haveEnv
    this.#supply = new ChildSupply(
      {
        maxChildren: config.maxChildren,
        warm: warmOf(config),
        backoffs,
        start: (env) => this.#factory.start(env),
        onUnstarted: (owner, error) => this.#proof.unstarted(owner, error),
      },
      log,
    )
    this.#lines = createLines(
      {
        config,
        timings,
        supply: this.#supply,
        disclosure,
        needsClient: isForClients,
        rulesFor: (principal) => this.#rulesFor(principal),
        stopGraceMs: () => this.#stopGraceMs,
        onCrash: (crash) => this.#proof.crashed(crash),
        onHealthy: (owner) => this.#proof.proven(owner),
      },
      log,
    )
    this.#proof = new StartupProbe(
      {
        command: config.command[0] ?? '',
        env: this.#factory.env,
        needsClient: isForClients,
        onCrash: config.onCrash,
        backoffs,
        told: (error) => disclosure.toOthers(error),
        describe: () => this.#lines.describe?.() ?? this.#trial(),
        onHealthy: (report) => {
          this.#warnOfIdleGlobs(report)
          this.#supply.warmUp()
        },
      },
      log,
    )
    this.#registry = new Registry(
      { ...limitsOf(config), timings, isInForce: (caller) => this.#tokens.isInForce(caller) },
      (request) => this.#openLine(request),
      log,
    )
    this.#pressure = new Pressure(this.#budget, () => this.#registry.all, log)
    this.handler = createApp(
      {
        paths: config,
        host: {
          host: config.host,
          allowHost: config.allowHost,
          insecure: config.insecure,
          hasTokens: this.#tokens.areNeeded,
        },
        allowOrigin: config.allowOrigin,
        cors: config.cors,
        headerEnv: config.headerEnv,
        authenticate: authenticateByToken({
          tokens: this.#tokens,
          profiles: this.#profiles,
          headerEnv: config.headerEnv,
          accountOf: (principal, address) => this.#accountOf(principal, address),
        }),
        maxBodyBytes: config.maxBodyBytes,
        compat: config.compat,
        readiness: () => this.#readiness(),
        streamable: new StreamableHttpTransport(this.#registry, this.#heartbeat, config.compat === 'litellm'),
        sse: new SseTransport(this.#registry, this.#heartbeat, config),
        onRequest: () => void this.start().catch(() => {}),
      },
      log,
    )
    this.#tokenFile?.watch()
  }

  /**
   * Starts one throw-away child to see that the tool works, and what it offers. Called by `listen` and by the first
   * request; sessions wait for it.
   *
   * @throws BridgeError `child_…`; with `headerEnv`, where no child can be started without a client, nothing is thrown
   */
  start(): Promise<ChildReport> {
    return this.#proof.start()
  }

  /** Settles once: what can end a bridge that nobody closed (its tool cannot start; `onCrash: 'exit'`). */
  get failed(): Promise<BridgeError> {
    return this.#proof.failed
  }

  /**
   * Listens at once; whether the tool works shows in `start()`, `failed` and `/readyz`.
   *
   * @throws BridgeError `listen_failed`
   */
  async listen(): Promise<Listening> {
    const { host, mcpPath, ssePath } = this.config
    this.#server = await openListener(this.handler, this.config, this.#log)
    const listening = addressOf(this.#server)
    this.#log.info({ host: listening.address, port: listening.port, mcpPath, ssePath }, 'listening')
    this.start().catch(() => {})
    const base = `http://${connectableHost(host)}:${listening.port}`
    return { host, port: listening.port, mcpUrl: `${base}${mcpPath}`, sseUrl: `${base}${ssePath}` }
  }

  /** Reads the token file again; sessions whose token is gone are ended. A faulty file changes nothing. */
  reloadTokens(): void {
    this.#tokenFile?.reload()
  }

  /** Lets calls in flight finish for `drainMs`, takes nothing new, then ends sessions, children and listener. */
  close({ drainMs = this.config.drainMs }: { drainMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(drainMs)
    return this.#closed
  }

  async #close(drainMs: number): Promise<void> {
    const from = monotonicMs()
    this.#stopGraceMs = SHUTDOWN_GRACE_MS
    this.#closing.abort()
    const proofClosed = this.#proof.close()
    this.#tokenFile?.close()
    await this.#registry.drain(drainMs)
    this.#registry.close('the bridge is shutting down')
    this.#pressure.close()
    this.#heartbeat.close()
    await Promise.all([
      this.#lines.close(SHUTDOWN_GRACE_MS),
      this.#supply.close(SHUTDOWN_GRACE_MS),
      this.#server === undefined ? undefined : closeListener(this.#server, CLOSE_GRACE_MS),
      proofClosed,
    ])
    await this.#factory.close()
    this.#log.info({ durationMs: monotonicMs() - from }, 'closed')
  }

  #openTokenFile(timings: Timings): TokenFile | undefined {
    const { tokenFile: path } = this.config
    if (path === undefined) return undefined
    const { tokenPollMs: pollMs, tokenSettleMs: settleMs, tokenGraceMs: graceMs } = timings
    const take = (tokens: ReadonlyMap<string, string>) => this.#takeTokens(tokens)
    return new TokenFile({ path, take, pollMs, settleMs, graceMs }, this.#log)
  }

  #takeTokens(file: ReadonlyMap<string, string>): void {
    this.#tokens.replace(tokensOf(this.config, file, false))
    this.#budget.isShared = this.#isForSeveral()
    this.#log.info({ names: [...this.#tokens.names] }, 'tokens read again')
    this.#warnOfStrangers(file)
    this.#registry.closeWhere(({ caller }) => !this.#tokens.isInForce(caller), 'its token was withdrawn')
  }

  /** A slip of the pen in a name: its holder has no filter and no environment of its own. */
  #warnOfStrangers(file: ReadonlyMap<string, string>): void {
    const names = strangersIn(file, this.config)
    if (names.length > 0) this.#log.warn({ names }, 'clients does not know these names of the token file')
  }

  #trial(): Promise<ChildReport> {
    const { startTimeoutMs } = this.config
    const start = () => this.#factory.start()
    return runTrial({ startTimeoutMs, version: VERSION, start }, this.#closing.signal)
  }

  async #openLine(request: LineRequest): Promise<Line> {
    await this.start().catch((error: unknown) => {
      throw this.#disclosure.toOthers(toBridgeError(error))
    })
    return this.#lines.open(request)
  }

  #rulesFor(principal: string): ToolRules {
    const { toolsAllow, toolsDeny, readOnly, startTimeoutMs, compat } = this.config
    return {
      filters: [{ toolsAllow, toolsDeny, readOnly }, ...this.#profiles.of(principal).filters],
      isPlain: compat === 'litellm',
      timeoutMs: startTimeoutMs,
    }
  }

  /** A list that could not be read in full names nothing for certain. */
  #warnOfIdleGlobs({ tools }: ChildReport): void {
    if (this.#hasWarned || tools.length === 0) return
    this.#hasWarned = true
    const names = tools.map(({ name }) => name)
    for (const idle of idleToolGlobs(this.config, names)) this.#log.warn(idle, 'no tool is called like this')
  }

  /** More than one principal may come. */
  #isForSeveral(): boolean {
    return this.#tokens.areNeeded ? this.#tokens.names.size > 1 : !isLoopback(this.config.host)
  }

  /** Without tokens each machine of the network is charged for itself; behind a reverse proxy they are one. */
  #accountOf(principal: string, address = ''): Account {
    const isMachine = !this.#tokens.areNeeded && !isLoopback(this.config.host)
    return this.#budget.account(isMachine ? address : principal)
  }

  #readiness(): ReturnType<Readiness> {
    if (this.#closing.signal.aborted) return { status: 'draining', reason: 'the bridge is shutting down' }
    const problem = this.#tokenFile?.problem
    if (problem !== undefined) return { status: 'failing', reason: problem }
    return this.#proof.readiness()
  }
}

/**
 * A bridge for one stdio command. Nothing is started before `listen`, `start` or the first request.
 *
 * @throws BridgeError `config_invalid`, which lists every problem
 */
export function createBridge(
  config: ConfigInput,
  { logger = silentLogger(), timings }: BridgeOptions = {},
): Bridge {
  return new Bridge(parseConfig(config), logger, timings)
}

/**
 * Starts the tool of a configuration once, asks what it is, and ends it: `mcp-bridge check`.
 *
 * @throws BridgeError `child_…`
 */
export async function inspect(config: Config, logger: Logger = silentLogger()): Promise<Inspection> {
  const factory = new ChildFactory(config, logger)
  const { startTimeoutMs } = config
  try {
    return await inspectTool({
      startTimeoutMs,
      env: factory.env,
      version: VERSION,
      start: () => factory.start(),
    })
  } finally {
    await factory.close()
  }
}

function limitsOf({
  compat,
  callTimeoutMs,
  ...limits
}: Config): Omit<RegistryOptions, 'timings' | 'isInForce'> {
  return {
    ...limits,
    compat,
    callTimeoutMs: callTimeoutMs === 0 && compat === 'litellm' ? LITELLM_CALL_MS : callTimeoutMs,
  }
}
