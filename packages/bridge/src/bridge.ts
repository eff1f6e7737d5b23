// bridge: wiring only: configuration in, a handler, listen and close out.
import { randomBytes } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createApp } from './app.ts'
import { SseBinding } from './binding/sse.ts'
import { StreamableBinding } from './binding/streamable.ts'
import { Child, STOP_GRACE_MS } from './child/child.ts'
import { childEnvironment } from './child/environment.ts'
import type { ChildReport } from './child/interview.ts'
import { Leases } from './child/lease.ts'
import { inspectTool, type Inspection } from './child/inspection.ts'
import { runTrial, withAdvice } from './child/trial.ts'
import { Watchdog } from './child/watchdog.ts'
import { connectableHost, isLoopback } from './config/loopback.ts'
import type { Config, ConfigInput } from './config/schema.ts'
import { parseConfig } from './config/sources.ts'
import { BridgeError, toBridgeError } from './errors.ts'
import { DEFAULT_NAME, parseTokenFile, Tokens } from './gate/auth.ts'
import type { Readiness } from './http/health.ts'
import { KeepAlive } from './http/keepalive.ts'
import { addressOf, closeListener, openListener } from './http/listener.ts'
import { createLines, warmOf, type Lines } from './lines.ts'
import { peopleOf, tokensOf, type Person } from './people.ts'
import { silentLogger, type Logger } from './log/logger.ts'
import type { ToolRules } from './relay/tools.ts'
import { Registry, type RegistryOptions } from './session/registry.ts'
import type { Line, LineRequest } from './session/session.ts'
import { VERSION } from './version.ts'

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
}

/** At a shutdown EOF and SIGTERM are given this long each: `docker stop` kills after 10 s. */
const SHUTDOWN_GRACE_MS = 1000
/** LiteLLM sets no deadline for a call. */
const LITELLM_CALL_MS = 10 * 60_000
/** How long a silent start is watched before the log says what is awaited. */
const SLOW_START_MS = 5000
const RETRIAL_MS = 5000
/** After the drain, answers on their way have this long. */
const CLOSE_GRACE_MS = 500
const TOKEN_POLL_MS = 2000

/** One tool, bridged. Bridges share nothing; several may live in one process. */
export class Bridge {
  /** For `http.createServer`, or `app.use('/anywhere', bridge.handler)` in an express app. */
  readonly handler: RequestListener
  /** Settles once: what can end a bridge that nobody closed (its tool cannot start; `onCrash: 'exit'`). */
  readonly failed: Promise<BridgeError>
  readonly config: Config

  readonly #log: Logger
  readonly #leases: Leases
  readonly #lines: Lines
  readonly #people: ReadonlyMap<string, Person>
  readonly #registry: Registry
  readonly #keepAlive = new KeepAlive()
  readonly #tokens: Tokens
  readonly #watchdog: Watchdog
  readonly #id = bridgeId()
  readonly #env: Readonly<Record<string, string>>
  readonly #closing = new AbortController()
  #children = 0
  #stopGraceMs = STOP_GRACE_MS
  #server: Server | undefined
  #proven: Promise<ChildReport> | undefined
  #report: ChildReport | undefined
  #problem: BridgeError | undefined
  #retrial: NodeJS.Timeout | undefined
  #closed: Promise<void> | undefined
  #fail!: (error: BridgeError) => void

  constructor(config: Config, log: Logger) {
    this.config = config
    this.#log = log
    this.#env = childEnvironment(config)
    this.#people = peopleOf(config)
    this.#tokens = new Tokens(readTokens(config))
    this.#watchdog = new Watchdog(this.#id, log)
    this.#leases = new Leases(
      {
        maxChildren: config.maxChildren,
        warm: warmOf(config),
        start: (env) => this.#startChild(env),
      },
      log,
    )
    this.#lines = createLines(
      {
        config,
        leases: this.#leases,
        rulesFor: (principal) => this.#rulesFor(principal),
        stopGraceMs: () => this.#stopGraceMs,
        onCrash: (error) => this.#crashed(error),
      },
      log,
    )
    this.#registry = new Registry(limitsOf(config), (request) => this.#openLine(request), log)
    this.failed = new Promise((resolve) => {
      this.#fail = resolve
    })
    this.handler = createApp(
      {
        paths: config,
        host: {
          host: config.host,
          allowHost: config.allowHost,
          insecure: config.insecure,
          hasTokens: !this.#tokens.isEmpty,
        },
        allowOrigin: config.allowOrigin,
        cors: config.cors,
        tokens: this.#tokens,
        headerEnv: config.headerEnv,
        envOf: (principal) => this.#people.get(principal)?.env ?? {},
        maxBodyBytes: config.maxBodyBytes,
        compat: config.compat,
        health: { readiness: this.#readiness, mayKnow: (req) => this.#mayKnow(req) },
        streamable: new StreamableBinding(this.#registry, this.#keepAlive, config.compat === 'litellm'),
        sse: new SseBinding(this.#registry, this.#keepAlive, config),
        onRequest: () => void this.start().catch(() => {}),
      },
      log,
    )
    if (config.tokenFile !== undefined) {
      watchFile(config.tokenFile, { interval: TOKEN_POLL_MS, persistent: false }, this.#tokenFileChanged)
    }
  }

  /**
   * Starts one throw-away child to see that the tool works, and what it offers. Called by `listen` and by the first
   * request; sessions wait for it.
   *
   * @throws BridgeError `child_…`; with `headerEnv`, where no child can be started without a client, nothing is thrown
   */
  start(): Promise<ChildReport> {
    this.#proven ??= this.#prove().catch((error: unknown) => {
      // Whoever goes on nevertheless: the next client that comes after a while has the tool tried again.
      this.#retrial ??= setTimeout(() => {
        this.#retrial = undefined
        this.#proven = undefined
      }, RETRIAL_MS).unref()
      throw error
    })
    return this.#proven
  }

  /**
   * Listens at once; whether the tool works shows in `start()`, `failed` and `/readyz`.
   *
   * @throws BridgeError `listen_failed`
   */
  async listen(): Promise<Listening> {
    const { host, port, mcpPath, ssePath } = this.config
    this.#server = await openListener(this.handler, host, port)
    const listening = addressOf(this.#server)
    this.#log.info({ host: listening.address, port: listening.port, mcpPath, ssePath }, 'listening')
    this.start().catch(() => {})
    const base = `http://${connectableHost(host)}:${listening.port}`
    return { host, port: listening.port, mcpUrl: `${base}${mcpPath}`, sseUrl: `${base}${ssePath}` }
  }

  /** Reads the token file again; sessions of names that are gone are ended. A faulty file changes nothing. */
  reloadTokens(): void {
    try {
      this.#tokens.replace(readTokens(this.config))
    } catch (err) {
      this.#log.error({ err }, 'token file not taken over')
      return
    }
    const { names } = this.#tokens
    this.#log.info({ names: [...names] }, 'tokens read again')
    this.#registry.closeWhere(({ caller }) => !names.has(caller.principal), 'its token was withdrawn')
  }

  /** Lets calls in flight finish for `drainMs`, takes nothing new, then ends sessions, children and listener. */
  close({ drainMs = this.config.drainMs }: { drainMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(drainMs)
    return this.#closed
  }

  async #close(drainMs: number): Promise<void> {
    const from = Date.now()
    this.#stopGraceMs = SHUTDOWN_GRACE_MS
    this.#closing.abort()
    clearTimeout(this.#retrial)
    if (this.config.tokenFile !== undefined) unwatchFile(this.config.tokenFile, this.#tokenFileChanged)
    await this.#registry.drain(drainMs)
    this.#registry.close('the bridge is shutting down')
    this.#keepAlive.close()
    await Promise.all([
      this.#lines.close(SHUTDOWN_GRACE_MS),
      this.#leases.close(SHUTDOWN_GRACE_MS),
      this.#server === undefined ? undefined : closeListener(this.#server, CLOSE_GRACE_MS),
      this.#proven?.catch(() => {}),
    ])
    await this.#watchdog.close()
    this.#log.info({ durationMs: Date.now() - from }, 'closed')
  }

  async #prove(): Promise<ChildReport> {
    const slow = setTimeout(() => {
      this.#log.info('still waiting for the tool to answer initialize; the first start may download it')
    }, SLOW_START_MS)
    try {
      this.#report = await (this.#lines.describe?.() ?? this.#trial())
    } catch (thrown) {
      const failure = toBridgeError(thrown)
      const stderr = failure.data?.['stderr']
      const error = withAdvice(failure, Array.isArray(stderr) ? stderr.map(String) : [], { env: this.#env })
      if (this.#needsClient && error.code !== 'child_spawn_failed') {
        this.#log.warn(
          { reason: error.message, ...error.data },
          'the tool does not start without what a client brings; each client will see',
        )
        return UNKNOWN_TOOL
      }
      // A tool that has worked before is in a crash loop: see `#tryAgain`.
      if (this.#report === undefined) {
        this.#problem = error
        if (!this.#closing.signal.aborted) this.#fail(error)
      }
      throw error
    } finally {
      clearTimeout(slow)
    }
    this.#problem = undefined
    const { name, version, protocolVersion, tools, startMs } = this.#report
    this.#log.info(
      { name, version, protocolVersion, tools: tools.length, durationMs: startMs },
      'tool answers',
    )
    if (!this.#closing.signal.aborted) this.#leases.warmUp()
    return this.#report
  }

  #trial(): Promise<ChildReport> {
    const { startTimeoutMs } = this.config
    return runTrial(
      { startTimeoutMs, version: VERSION, start: () => this.#startChild({}) },
      this.#closing.signal,
    )
  }

  /** A child may be of no use before a client brings its part of the environment. */
  get #needsClient(): boolean {
    return (
      this.config.headerEnv.length > 0 ||
      [...this.#people.values()].some(({ env }) => Object.keys(env).length > 0)
    )
  }

  async #openLine(request: LineRequest): Promise<Line> {
    await this.start()
    return this.#lines.open(request).catch((error: unknown) => {
      this.#tryAgain()
      throw error
    })
  }

  #rulesFor(principal: string): ToolRules {
    const { toolsAllow, toolsDeny, readOnly, startTimeoutMs, compat } = this.config
    const person = this.#people.get(principal)
    return {
      filters: [{ toolsAllow, toolsDeny, readOnly }, ...(person === undefined ? [] : [person.filter])],
      isPlain: compat === 'litellm',
      timeoutMs: startTimeoutMs,
    }
  }

  #crashed(error: BridgeError): void {
    this.#leases.restart.crashed(error)
    if (this.config.onCrash === 'exit') this.#fail(error)
    else this.#tryAgain()
  }

  async #startChild(env: Readonly<Record<string, string>>): Promise<Child> {
    const { command, cwd, maxLineBytes } = this.config
    const mark = `${this.#id}.${++this.#children}`
    const child = await Child.start(
      { command, cwd, env: { ...this.#env, ...env }, mark, maxLineBytes },
      this.#log,
    )
    this.#watchdog.watch(child.pid)
    void child.ended.then(() => this.#watchdog.unwatch(child.pid))
    return child
  }

  /** In a crash loop no client may come any more to find out that the tool works again. */
  #tryAgain(): void {
    const { restart } = this.#leases
    if (restart.failure === undefined || this.#retrial !== undefined || this.#closing.signal.aborted) return
    this.#log.error(
      { reason: restart.failure.message, ...restart.failure.data },
      'the tool crashes again and again',
    )
    this.#retrial = setTimeout(
      () => {
        this.#retrial = undefined
        this.#proven = this.#prove().then(
          (report) => {
            restart.proven()
            return report
          },
          (thrown: unknown) => {
            restart.crashed(toBridgeError(thrown))
            this.#tryAgain()
            return this.#report ?? UNKNOWN_TOOL
          },
        )
      },
      Math.max(RETRIAL_MS, restart.delayMs()),
    ).unref()
  }

  readonly #readiness: Readiness = () => {
    if (this.#closing.signal.aborted) return { status: 'draining', reason: 'the bridge is shutting down' }
    const failure = this.#leases.restart.failure ?? this.#problem
    if (failure !== undefined)
      return { status: 'failing', reason: [failure.message, failure.hint].filter(Boolean).join('; ') }
    if (this.#report === undefined && !this.#needsClient) {
      return { status: 'starting', reason: `waiting for ${this.config.command[0]} to answer initialize` }
    }
    return undefined
  }

  #mayKnow(req: IncomingMessage): boolean {
    if (this.#tokens.isEmpty || isLoopback(this.config.host)) return true
    const { remoteAddress = '' } = req.socket
    // From this machine itself (the health check of a container), not through a proxy on it.
    if (isLoopback(remoteAddress.replace(/^::ffff:/, '')) && req.headers['x-forwarded-for'] === undefined)
      return true
    try {
      this.#tokens.principalOf(req)
      return true
    } catch {
      return false
    }
  }

  readonly #tokenFileChanged = (): void => this.reloadTokens()
}

const UNKNOWN_TOOL: ChildReport = {
  name: 'unknown',
  version: '?',
  protocolVersion: '?',
  instructions: undefined,
  capabilities: [],
  canSubscribe: false,
  tools: [],
  resources: [],
  prompts: [],
  startMs: 0,
}

/**
 * A bridge for one stdio command. Nothing is started before `listen`, `start` or the first request.
 *
 * @throws BridgeError `config_invalid`, which lists every problem
 */
export function createBridge(config: ConfigInput, { logger = silentLogger() }: BridgeOptions = {}): Bridge {
  return new Bridge(parseConfig(config), logger)
}

/**
 * Starts the tool of a configuration once, asks what it is, and ends it: `mcp-bridge check`.
 *
 * @throws BridgeError `child_…`
 */
export async function inspect(config: Config, logger: Logger = silentLogger()): Promise<Inspection> {
  const id = bridgeId()
  const watchdog = new Watchdog(id, logger)
  const env = childEnvironment(config)
  let children = 0
  const start = async () => {
    const child = await Child.start({ ...config, cwd: config.cwd, env, mark: `${id}.${++children}` }, logger)
    watchdog.watch(child.pid)
    return child
  }
  try {
    return await inspectTool({ ...config, env, version: VERSION, start })
  } finally {
    await watchdog.close()
  }
}

/** Begins the mark of every child: whose it is can be told while that process lives, and which bridge's for ever. */
function bridgeId(): string {
  return `${process.pid}-${randomBytes(9).toString('base64url')}`
}

function limitsOf({ compat, callTimeoutMs, ...limits }: Config): RegistryOptions {
  return {
    ...limits,
    compat,
    callTimeoutMs: callTimeoutMs === 0 && compat === 'litellm' ? LITELLM_CALL_MS : callTimeoutMs,
  }
}

function readTokens(config: Config): Map<string, string> {
  const { tokenFile } = config
  if (tokenFile === undefined) return tokensOf(config, new Map(), DEFAULT_NAME)
  let text: string
  try {
    text = readFileSync(tokenFile, 'utf8')
  } catch (cause) {
    throw new BridgeError('config_invalid', `the token file ${tokenFile} cannot be read`, {
      cause,
      hint: 'correct --token-file',
    })
  }
  return tokensOf(config, parseTokenFile(text, tokenFile), DEFAULT_NAME)
}
