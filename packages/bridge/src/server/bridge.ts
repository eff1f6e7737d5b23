// server/bridge: wiring only: configuration in, a handler, listen and close out.
import type { RequestListener, Server } from 'node:http'
import { authenticateByToken } from '../access/authenticate.ts'
import { Profiles, type Caller } from '../access/caller.ts'
import { TokenFile } from '../access/token-file.ts'
import { strangersIn, Tokens, tokensOf } from '../access/tokens.ts'
import { Budget, type Account } from '../budget/budget.ts'
import { defaultMaxMemory } from '../budget/memory.ts'
import { Pressure } from '../budget/pressure.ts'
import { monotonicMs } from '../clock.ts'
import { connectableHost, isLoopback } from '../config/loopback.ts'
import type { Config } from '../config/config.ts'
import type { BridgeError } from '../errors.ts'
import { Heartbeat } from '../http/heartbeat.ts'
import { QUEUE_PER_CHILD } from '../lease/pool-queue.ts'
import { MAX_WAITING } from '../lease/shared-child.ts'
import type { ChildReport } from '../relay/describe.ts'
import { Status } from '../status/status.ts'
import type { StatusTool } from '../status/view.ts'
import { Events } from '../telemetry/events.ts'
import { logEvents } from '../telemetry/log-events.ts'
import type { Logger } from '../telemetry/logger.ts'
import { TIMINGS, type Timings } from '../timings.ts'
import type { Readiness } from '../tool/startup-probe.ts'
import { Tool } from '../tool/tool.ts'
import { SseTransport } from '../transport/sse.ts'
import { StatelessTransport } from '../transport/stateless.ts'
import { StreamableHttpTransport } from '../transport/streamable-http.ts'
import { createApp, type Mount } from './app.ts'
import { addressOf, closeListener, openListener } from './listener.ts'

/** Where a bridge can be reached. */
export interface Listening {
  host: string
  port: number
  /** Streamable HTTP and HTTP+SSE, as seen from this machine. */
  mcpUrl: string
  sseUrl: string
}

/** After the drain, answers on their way have this long. */
const CLOSE_GRACE_MS = 500

/** One port, and what is served there. Bridges share no state that a client can see; several may live in one process. */
export class Bridge {
  /** For `http.createServer`, or `app.use('/anywhere', bridge.handler)` in an express app. */
  readonly handler: RequestListener
  readonly config: Config

  readonly #log: Logger
  /** The tool of `config.command`. */
  readonly #tool: Tool
  /** All tools by name; the one of `config.command` has the empty name. */
  readonly #tools: ReadonlyMap<string, Tool>
  readonly #budget: Budget
  readonly #pressure: Pressure
  readonly #heartbeat: Heartbeat
  readonly #tokens: Tokens
  readonly #tokenFile: TokenFile | undefined
  readonly #stopLogging: () => void
  #isClosing = false
  #server: Server | undefined
  #closed: Promise<void> | undefined

  constructor(config: Config, log: Logger, waits: Partial<Timings> = {}) {
    const timings = { ...TIMINGS, ...waits }
    this.config = config
    this.#log = log
    this.#heartbeat = new Heartbeat(log)
    const events = new Events(config.command[0] ?? '')
    const profiles = new Profiles(config, log)
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
    const isInForce = (caller: Caller) => this.#tokens.isInForce(caller)
    this.#tool = new Tool(config, { timings, profiles, events, isInForce }, log)
    this.#tools = new Map([['', this.#tool]])
    this.#pressure = new Pressure(
      this.#budget,
      () => this.#all().flatMap(({ sessions, clients }) => [...sessions.all, ...clients.all]),
      log,
    )
    const authenticate = authenticateByToken({
      tokens: this.#tokens,
      profiles,
      headerEnv: config.headerEnv,
      accountOf: (principal, address) => this.#accountOf(principal, address),
    })
    const hasTokens = this.#tokens.areNeeded
    const status = new Status({
      host: config.host,
      hasTokens,
      authenticate,
      isInForce,
      events,
      tools: () => this.#statusTools(),
      problem: () => this.#ownProblem(),
    })
    this.handler = createApp(
      {
        admission: {
          host: config.host,
          allowHost: config.allowHost,
          allowOrigin: config.allowOrigin,
          insecure: config.insecure,
          hasTokens,
        },
        cors: config.cors,
        headerEnv: config.headerEnv,
        authenticate,
        status,
        mounts: [this.#mount(this.#tool, config)],
        events,
        readiness: () => this.#readiness(),
        onRequest: () => this.#pressure.stir(),
      },
      log,
    )
    this.#tokenFile?.watch()
    // Last: the channels belong to the process, and would keep what a failed start has left.
    this.#stopLogging = logEvents(events.source, log)
  }

  /**
   * Starts one throw-away child to see that the tool works, and what it offers. Called by `listen` and by the first
   * request for a session; sessions wait for it.
   *
   * @throws BridgeError `child_…`; with `headerEnv`, where no child can be started without a client, nothing is thrown
   */
  start(): Promise<ChildReport> {
    return this.#tool.start()
  }

  /** Settles once: what can end a bridge that nobody closed (its tool cannot start; `onCrash: 'exit'`). */
  get failed(): Promise<BridgeError> {
    return this.#tool.failed
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
    for (const tool of this.#all()) tool.begin()
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
    this.#isClosing = true
    this.#tokenFile?.close()
    try {
      await Promise.all(this.#all().map((tool) => tool.drain(drainMs)))
      this.#pressure.close()
      this.#heartbeat.close()
      await Promise.all([
        ...this.#all().map((tool) => tool.close()),
        this.#server === undefined ? undefined : closeListener(this.#server, CLOSE_GRACE_MS),
      ])
    } finally {
      this.#stopLogging()
    }
    this.#log.info({ durationMs: monotonicMs() - from }, 'closed')
  }

  #all(): Tool[] {
    return [...this.#tools.values()]
  }

  #mount(tool: Tool, config: Config): Mount {
    const { sessions } = tool
    const isForLiteLlm = config.compat.includes('litellm')
    return {
      paths: config,
      maxBodyBytes: config.maxBodyBytes,
      isForLiteLlm,
      streamable: new StreamableHttpTransport(sessions, this.#heartbeat, isForLiteLlm),
      stateless: new StatelessTransport({
        clients: tool.clients,
        heartbeat: this.#heartbeat,
        isLenient: isForLiteLlm,
        needsHeaders: !config.compat.includes('claude-ai'),
        era: () => tool.era(),
        discover: () => tool.discover(),
        discovered: (answer) => tool.discovered(answer),
        paramHeaders: (name) => tool.paramHeaders(name),
      }),
      sse: new SseTransport(sessions, this.#heartbeat, config),
      begin: () => tool.begin(),
    }
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
    for (const { sessions, clients } of this.#all()) {
      const isOut = ({ caller }: { caller: Caller }) => !this.#tokens.isInForce(caller)
      sessions.closeWhere(isOut, 'its token was withdrawn')
      clients.closeWhere(isOut, 'its token was withdrawn')
    }
  }

  /** A typo in a name: its holder has no filter and no environment of its own. */
  #warnOfStrangers(file: ReadonlyMap<string, string>): void {
    const names = strangersIn(file, this.config)
    if (names.length > 0) this.#log.warn({ names }, 'clients does not know these names of the token file')
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

  #statusTools(): StatusTool[] {
    return [...this.#tools].map(([name, tool]) => ({
      name,
      command: this.config.command[0] ?? '',
      paths: this.config,
      look: () => tool.look(),
    }))
  }

  #readiness(): Readiness | undefined {
    const problem = this.#ownProblem()
    if (problem !== undefined) return problem
    return this.#all()
      .map((tool) => tool.readiness())
      .find((each) => each !== undefined)
  }

  /** Why no tool can be used, whatever is right with each. */
  #ownProblem(): Readiness | undefined {
    if (this.#isClosing) return { status: 'draining', reason: 'the bridge is shutting down' }
    const problem = this.#tokenFile?.problem
    return problem === undefined ? undefined : { status: 'failing', reason: problem }
  }
}
