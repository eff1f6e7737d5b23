// server/bridge: wiring only: configuration in, a handler, listen and close out.
import type { RequestListener, Server as HttpServer } from 'node:http'
import { authenticateByToken } from '../access/authenticate.ts'
import { Profiles } from '../access/caller.ts'
import type { Details } from '../access/details.ts'
import type { TokenFile } from '../access/token-file.ts'
import { Tokens, tokensOf } from '../access/tokens.ts'
import { Pressure } from '../budget/pressure.ts'
import { monotonicMs } from '../clock.ts'
import type { Config, ConfigInput } from '../config/config.ts'
import { changedFixedKeys } from '../config/fixed-keys.ts'
import { parseConfig } from '../config/load.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import { Heartbeat } from '../http/heartbeat.ts'
import type { ChildReport } from '../relay/describe.ts'
import { MetricsEndpoint } from '../metrics/endpoint.ts'
import { openReplica, type Replica } from '../replica/replica.ts'
import { Status } from '../status/status.ts'
import type { Logger } from '../telemetry/logger.ts'
import { TIMINGS, type Timings } from '../timings.ts'
import type { Readiness } from '../tool/startup-probe.ts'
import { Accounts } from './accounts.ts'
import { App } from './app.ts'
import { degradedBy, seenBy, type Health } from './health.ts'
import { changesBetween } from './changes.ts'
import { leave } from './leaving.ts'
import { addressOf, closeListener, openListener } from './listener.ts'
import { listeningAt, pathsOf, type Listening } from './listening.ts'
import { isMeasured, metricsListenerOf, type MetricsListener } from './metrics-listener.ts'
import { Observers, type Sent } from './observers.ts'
import { Servers } from './servers.ts'
import { knownTokens, openTokenFile, warnOfStrangers } from './token-file.ts'

/** What its options do not say. */
export interface BridgeParts extends Sent {
  /** Shorter ones, for tests. */
  waits?: Partial<Timings> | undefined
}

/** After the drain, answers on their way have this long. */
const CLOSE_GRACE_MS = 500
/** What another replica answers takes longer: it may be starting. */
const HOP_GRACE_MS = 3000

/** One port, and what is served there. Bridges share no state that a client can see; several may live in one process. */
export class Bridge {
  /** For `http.createServer`, or `app.use('/anywhere', bridge.handler)` in an express app. */
  readonly handler: RequestListener

  #config: Config
  readonly #log: Logger
  readonly #app: App
  readonly #servers: Servers
  readonly #accounts: Accounts
  readonly #pressure: Pressure
  readonly #heartbeat: Heartbeat
  readonly #tokens: Tokens
  readonly #tokenFile: TokenFile | undefined
  readonly #replica: Replica | undefined
  readonly #metricsListener: MetricsListener | undefined
  readonly #observers: Observers
  #isClosing = false
  #server: HttpServer | undefined
  #closed: Promise<void> | undefined

  constructor(config: Config, log: Logger, { waits = {}, ...sent }: BridgeParts = {}) {
    const timings = { ...TIMINGS, ...waits }
    this.#config = config
    this.#log = log
    this.#heartbeat = new Heartbeat(log)
    this.#replica = openReplica(config)
    this.#observers = new Observers(config, log, sent)
    this.#tokenFile = openTokenFile(config, timings, (file) => this.#takeFile(file), log)
    const { initial = new Map<string, string>() } = this.#tokenFile ?? {}
    this.#tokens = new Tokens(tokensOf(config, initial, true))
    warnOfStrangers(initial, config, log)
    this.#accounts = new Accounts(config, this.#tokens)
    const accountOf: Accounts['of'] = (principal, address) => this.#accounts.of(principal, address)
    this.#servers = new Servers(
      config,
      {
        timings,
        heartbeat: this.#heartbeat,
        tokens: this.#tokens,
        accountOf,
        observers: this.#observers,
        isForSeveral: () => this.#accounts.isForSeveral,
        onMounts: () => this.#app.mount(this.#servers.all),
      },
      log,
    )
    // Where no tool is: what is set for somebody at one of several, or comes from headers there, is of no use here.
    const authenticate = authenticateByToken({
      tokens: this.#tokens,
      profiles: config.servers === undefined ? new Profiles(config, log) : new Profiles({ clients: {} }, log),
      headerEnv: config.headerEnv,
      accountOf,
    })
    const hasTokens = this.#tokens.areNeeded
    const { budget } = this.#accounts
    const servers = () => this.#servers.shown
    const problem = () => this.#ownProblem()
    const { events, metrics } = this.#observers
    const { host, allowHost, allowOrigin, insecure, cors } = config
    const status = new Status({
      host,
      hasTokens,
      authenticate,
      isInForce: (caller) => this.#tokens.isInForce(caller),
      events,
      tools: servers,
      problem,
    })
    const audit = () => this.#observers.audit?.look
    const measured = { hasTokens, budget, servers, problem, audit }
    const endpoint = metrics && isMeasured(config) ? new MetricsEndpoint(metrics, measured) : undefined
    this.#metricsListener =
      endpoint && metricsListenerOf(config, { endpoint, authenticate, hasTokens, events }, log)
    this.#pressure = new Pressure(
      budget,
      () => this.#servers.tools.flatMap(({ sessions, clients }) => [...sessions.all, ...clients.all]),
      log,
    )
    this.#app = new App(
      {
        admission: { host, allowHost, allowOrigin, insecure, hasTokens },
        cors,
        authenticate,
        status,
        metrics: this.#metricsListener === undefined ? endpoint : undefined,
        events,
        replica: this.#replica,
        explain: (path, { principal }) => this.#servers.explain(path, principal),
        readiness: (details) => this.#readiness(details),
        onRequest: () => this.#pressure.stir(),
      },
      log,
    )
    this.#app.mount(this.#servers.all)
    this.handler = this.#app.handler
    // Last: the channels belong to the process, and would keep what a failed start has left.
    this.#observers.begin({
      isOurs: (path) => this.#app.has(path),
      tokens: () => knownTokens(this.#config, this.#tokenFile),
    })
    this.#tokenFile?.watch()
  }

  /** What is in force now. */
  get config(): Config {
    return this.#config
  }

  /**
   * Starts one throw-away child to see that the tool works, and what it offers. Called by `listen` and by the first
   * request for a session; sessions wait for it.
   *
   * @param name of one of `servers`
   * @throws BridgeError `child_…`, `not_found`; with `headerEnv`, where no child can be started without a client, nothing
   *   is thrown
   */
  async start(name = ''): Promise<ChildReport> {
    return this.#servers.start(name)
  }

  /**
   * Settles once: what can end a bridge that nobody closed (its tool cannot start; `onCrash: 'exit'`). With `servers`
   * never: none of them ends the others.
   */
  get failed(): Promise<BridgeError> {
    return this.#servers.failed
  }

  /**
   * Listens at once; whether the tool works shows in `start()`, `failed` and `/readyz`.
   *
   * @throws BridgeError `listen_failed`
   */
  async listen(): Promise<Listening> {
    const metricsUrl = await this.#metricsListener?.open()
    try {
      this.#server = await openListener(this.handler, this.#config, this.#log)
    } catch (error) {
      await this.#metricsListener?.close()
      throw error
    }
    const address = addressOf(this.#server)
    const where = { host: address.address, port: address.port, ...pathsOf(this.#config) }
    this.#log.info(where, 'listening')
    this.#servers.begin()
    return listeningAt(this.#config, address, metricsUrl ?? this.#observers.metrics !== undefined)
  }

  /**
   * Puts other `servers` and `clients` in force. Only what has changed is touched: calls in flight of a changed server
   * finish for its `drainMs`, then its sessions end, so that their clients come back. What belongs to the listener stays
   * as it was at the start.
   *
   * @throws BridgeError `config_invalid`: then nothing has changed; `shutting_down`
   */
  reload(config: ConfigInput): void {
    try {
      this.apply(parseConfig(config))
    } catch (thrown) {
      this.refused(toBridgeError(thrown))
      throw thrown
    }
  }

  /** @internal Another configuration cannot be taken over. */
  refused({ code }: BridgeError): void {
    this.#observers.events.configuration({ type: 'refused', code })
  }

  /** @internal The same for one that is checked already. */
  apply(config: Config): void {
    if (this.#isClosing) throw new BridgeError('shutting_down', 'the bridge is shutting down')
    if (config.servers === undefined || this.#config.servers === undefined)
      throw new BridgeError('config_invalid', 'only servers can be changed while the bridge runs')
    const file = this.#tokenFile?.next ?? new Map<string, string>()
    const tokens = tokensOf({ ...this.#config, clients: config.clients }, file, false)
    const fixed = changedFixedKeys(this.#config, config)
    const changes = this.#servers.apply({
      ...config,
      maxSessions: this.#config.maxSessions,
      maxChildren: this.#config.maxChildren,
    })
    this.#config = { ...this.#config, servers: config.servers, clients: config.clients }
    if (fixed.length > 0) this.#log.warn({ options: fixed }, 'these options take effect at the next start')
    this.#observers.tellOf(changes)
    if (this.#tokenFile === undefined) this.#takeTokens(tokens)
    else this.#tokenFile.reload()
  }

  /** Writes what is recorded to another file of the same name: the one before has been moved. */
  reopenAudit(): void {
    this.#observers.audit?.reopen()
  }

  /** Reads the token file again; sessions whose token is gone are ended. A faulty file changes nothing. */
  reloadTokens(): void {
    this.#tokenFile?.reload()
  }

  /** Lets calls in flight finish for `drainMs`, takes nothing new, then ends sessions, children and listener. */
  close({ drainMs = this.#config.drainMs }: { drainMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(drainMs)
    return this.#closed
  }

  async #close(drainMs: number): Promise<void> {
    const from = monotonicMs()
    this.#isClosing = true
    this.#tokenFile?.close()
    const { replica } = this.#config
    try {
      await this.#servers.drain(
        replica === undefined ? drainMs : await leave(drainMs, this.#servers, this.#replica),
      )
      this.#pressure.close()
      this.#heartbeat.close()
      await Promise.all([
        this.#servers.close(),
        this.#server && closeListener(this.#server, replica === undefined ? CLOSE_GRACE_MS : HOP_GRACE_MS),
      ])
    } finally {
      this.#replica?.close()
      // Whatever is counted on the way out can still be read.
      await this.#metricsListener?.close()
      await this.#observers.close()
    }
    this.#log.info({ durationMs: monotonicMs() - from }, 'closed')
  }

  #takeFile(file: ReadonlyMap<string, string>): void {
    const before = this.#tokens.byName
    this.#takeTokens(tokensOf(this.#config, file, false))
    this.#observers.tellOf({ clients: changesBetween(before, this.#tokens.byName) })
    this.#log.info({ names: [...this.#tokens.names] }, 'tokens read again')
    warnOfStrangers(file, this.#config, this.#log)
  }

  #takeTokens(tokens: ReadonlyMap<string, string>): void {
    this.#tokens.replace(tokens)
    this.#accounts.tokensReplaced()
    this.#servers.tokensReplaced()
  }

  #readiness(details: Details): Health {
    const problem = this.#ownProblem()
    if (problem !== undefined) return seenBy(details, problem)
    return degradedBy(this.#observers.audit?.doubt, this.#servers.health(details), details)
  }

  /** Why no tool can be used, whatever is right with each. */
  #ownProblem(): Readiness | undefined {
    if (this.#isClosing) return { status: 'draining', reason: 'the bridge is shutting down' }
    const problem = this.#tokenFile?.problem ?? this.#observers.audit?.problem
    return problem === undefined ? undefined : { status: 'failing', reason: problem }
  }
}
