// tool/startup-probe: whether the tool works: tried at the start, and again while it crashes and crashes.
import { monotonicMs } from '../clock.ts'
import type { ChildDescription } from '../relay/describe.ts'
import { TOOL, type Owner } from '../lease/owner.ts'
import type { Backoffs } from '../lease/backoff.ts'
import type { Crash } from '../lease/lease.ts'
import { withHint } from './trial.ts'
import { toBridgeError, type BridgeError } from '../errors.ts'
import { excerpt } from '../visible.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface StartupProbeOptions {
  /** What is awaited, for those who ask. */
  command: string
  /** The environment a child is given: what its stderr asks for is looked up in it. */
  env: Readonly<Record<string, string>>
  /** A child may be of no use before a client brings its part of the environment. */
  needsClient: boolean
  onCrash: 'restart' | 'exit'
  backoffs: Backoffs
  /** What whoever asks may know of a failure of the tool. */
  told(error: BridgeError): BridgeError
  /** Asks a child what it is. Throws BridgeError, `child_…`. */
  describe(): Promise<ChildDescription>
  /** It was tried in vain. */
  onFailed(error: BridgeError): void
  /** It works. */
  onHealthy(report: ChildDescription): void
}

/** Why the tool cannot serve a new client now. */
export interface Readiness {
  status: 'starting' | 'failing' | 'draining'
  reason: string
}

/** How long a silent start is watched before the log says what is awaited. */
const SLOW_START_MS = 5000
const RETRIAL_MS = 5000
/** A client that crashes its own processes has the tool tried no more often than this. */
const SUSPICION_MS = 1000

export class StartupProbe {
  /** Settles once: the tool cannot start, or has crashed where that is the end. */
  readonly failed: Promise<BridgeError>
  readonly #options: StartupProbeOptions
  readonly #log: Logger
  /** The first trial. */
  #trial: Promise<ChildDescription> | undefined
  #report: ChildDescription | undefined
  /** Why the first trial failed, and why the last one did. */
  #problem: BridgeError | undefined
  #failure: BridgeError | undefined
  #forget: NodeJS.Timeout | undefined
  #retrial: NodeJS.Timeout | undefined
  #trying: Promise<void> | undefined
  #triedAt = -SUSPICION_MS
  #isClosed = false
  #fail!: (error: BridgeError) => void

  constructor(options: StartupProbeOptions, log: Logger) {
    this.#options = options
    this.#log = log
    this.failed = new Promise((resolve) => {
      this.#fail = resolve
    })
  }

  /** The report of the first child; the same for all who ask. Throws BridgeError, `child_…`. */
  start(): Promise<ChildDescription> {
    this.#trial ??= this.#first()
    return this.#trial
  }

  /** The same for those who do not wait for it. */
  begin(): void {
    if (this.#trial === undefined) this.start().catch(() => {})
  }

  /** A child has ended without being asked to. */
  crashed({ owner, error, isHealthy }: Crash): void {
    if (this.#options.onCrash === 'exit') return this.#fail(error)
    // What ends a process that works is what its client asked of it.
    if (!isHealthy) this.#blame(owner, error)
  }

  /** A child could not be started. */
  unstarted(owner: Owner, error: BridgeError): void {
    this.#blame(owner, error)
  }

  /** A child has answered a request after `initialize`. */
  healthy(owner: Owner): void {
    this.#options.backoffs.healthy(owner)
    if (owner.isOperators) this.#failure = undefined
  }

  /** What it said of itself when it was last tried. */
  get report(): ChildDescription | undefined {
    return this.#report
  }

  /** It is being tried, or has been. */
  get isBegun(): boolean {
    return this.#trial !== undefined || this.#report !== undefined
  }

  /** What no session can be opened for now, as it was thrown. */
  get failure(): BridgeError | undefined {
    const { backoffs, needsClient } = this.#options
    return this.#failure ?? (needsClient ? undefined : backoffs.loopOf(TOOL)) ?? this.#problem
  }

  /** Why no session can be opened now: by the trial, and by what all share, not by what one client brings. */
  readiness(): Readiness | undefined {
    const { command, needsClient } = this.#options
    const { failure } = this
    if (failure !== undefined) {
      const { message, hint } = this.#options.told(failure)
      return { status: 'failing', reason: [message, hint].filter(Boolean).join('; ') }
    }
    if (this.#report !== undefined || needsClient) return undefined
    return { status: 'starting', reason: `waiting for ${command} to answer initialize` }
  }

  /** Tries nothing any more; resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retrial)
    clearTimeout(this.#forget)
    await this.#trial?.catch(() => {})
    await this.#trying
  }

  async #first(): Promise<ChildDescription> {
    try {
      return await this.#try()
    } catch (thrown) {
      const error = toBridgeError(thrown)
      if (this.#options.needsClient && error.code !== 'child_spawn_failed') {
        const fields = { reason: error.message, ...error.data }
        this.#log.warn(fields, 'the tool does not start without what a client brings; each client will see')
        return UNKNOWN_TOOL
      }
      this.#problem = error
      if (!this.#isClosed) this.#fail(error)
      // Forget the failure after a while, so that the next client triggers a new attempt.
      this.#forget = setTimeout(() => {
        this.#trial = undefined
      }, RETRIAL_MS).unref()
      throw error
    }
  }

  #blame(owner: Owner, error: BridgeError): void {
    const { backoffs } = this.#options
    const wasLoop = backoffs.loopOf(owner) !== undefined
    backoffs.crashed(owner, error)
    if (backoffs.loopOf(owner) === undefined) return
    const { principal } = owner
    if (!wasLoop) this.#logLoop(error, ...(owner === TOOL ? [] : [{ principal }]))
    if (owner === TOOL) this.#tryAgain(Math.max(RETRIAL_MS, backoffs.delayMs(TOOL)))
    else if (owner.isOperators || error.code === 'child_spawn_failed')
      this.#tryAgain(Math.max(0, this.#triedAt + SUSPICION_MS - monotonicMs()))
  }

  #logLoop({ message, data }: BridgeError, whose?: { principal: string }): void {
    const fields = { reason: message, ...whose, ...data }
    if (whose === undefined) this.#log.error(fields, 'the tool crashes again and again')
    else this.#log.warn(fields, 'processes of one client crash again and again')
  }

  /** In a crash loop of the operator's environment no client may come any more to find out that the tool works again. */
  #tryAgain(afterMs: number): void {
    if (this.#retrial !== undefined || this.#trying !== undefined || this.#isClosed) return
    this.#retrial = setTimeout(() => {
      this.#retrial = undefined
      this.#trying = this.#retry().finally(() => {
        this.#trying = undefined
        const { backoffs, needsClient } = this.#options
        if (this.#failure === undefined && (needsClient || backoffs.loopOf(TOOL) === undefined)) return
        this.#tryAgain(Math.max(RETRIAL_MS, backoffs.delayMs(TOOL)))
      })
    }, afterMs).unref()
  }

  /** If the tool works it was its clients that crashed it, and nobody is held back; else everybody is. */
  async #retry(): Promise<void> {
    const { backoffs, needsClient } = this.#options
    try {
      await this.#try()
      this.#failure = undefined
      backoffs.recovered()
    } catch (thrown) {
      const error = toBridgeError(thrown)
      // A shared child waits for its turn as everybody does: it was not even tried.
      if (error.code === 'child_backing_off') return
      if (needsClient && error.code !== 'child_spawn_failed') return
      this.#failure = error
      backoffs.crashed(TOOL, error)
      this.#logLoop(error)
    }
  }

  async #try(): Promise<ChildDescription> {
    this.#triedAt = monotonicMs()
    const slow = setTimeout(() => {
      this.#log.info('still waiting for the tool to answer initialize; the first start may download it')
    }, SLOW_START_MS)
    try {
      this.#report = await this.#options.describe()
    } catch (thrown) {
      const error = withHint(toBridgeError(thrown), this.#options)
      this.#options.onFailed(error)
      throw error
    } finally {
      clearTimeout(slow)
    }
    this.#problem = undefined
    const { name, version, protocolVersion, tools, startMs } = this.#report
    const facts = {
      name: excerpt(name),
      version: excerpt(version),
      protocolVersion: excerpt(protocolVersion),
      tools: tools.length,
      durationMs: startMs,
    }
    this.#log.info(facts, 'tool answers')
    if (!this.#isClosed) this.#options.onHealthy(this.#report)
    return this.#report
  }
}

const UNKNOWN_TOOL: ChildDescription = {
  name: 'unknown',
  version: '?',
  protocolVersion: '?',
  instructions: undefined,
  capabilities: [],
  canSubscribe: false,
  tools: [],
  resources: [],
  prompts: [],
  answer: undefined,
  definitions: [],
  paramHeaders: new Map(),
  startMs: 0,
}
