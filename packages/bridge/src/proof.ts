// proof: whether the tool works: tried at the start, and again while it crashes and crashes.
import type { ChildReport } from './child/interview.ts'
import type { Restart } from './child/restart.ts'
import { withAdvice } from './child/trial.ts'
import { toBridgeError, type BridgeError } from './errors.ts'
import { excerpt } from './foreign.ts'
import type { Readiness } from './http/health.ts'
import type { Logger } from './log/logger.ts'

export interface ProofOptions {
  /** What is awaited, for those who ask. */
  command: string
  /** The environment a child is given: what its stderr asks for is looked up in it. */
  env: Readonly<Record<string, string>>
  /** A child may be of no use before a client brings its part of the environment. */
  needsClient: boolean
  onCrash: 'restart' | 'exit'
  restart: Restart
  /** Asks a child what it is. Throws BridgeError, `child_…`. */
  describe(): Promise<ChildReport>
  /** It works. */
  onProven(report: ChildReport): void
}

/** How long a silent start is watched before the log says what is awaited. */
const SLOW_START_MS = 5000
const RETRIAL_MS = 5000

export class Proof {
  /** Settles once: the tool cannot start, or has crashed where that is the end. */
  readonly failed: Promise<BridgeError>
  readonly #options: ProofOptions
  readonly #log: Logger
  #proven: Promise<ChildReport> | undefined
  #report: ChildReport | undefined
  #problem: BridgeError | undefined
  #retrial: NodeJS.Timeout | undefined
  #isClosed = false
  #fail!: (error: BridgeError) => void

  constructor(options: ProofOptions, log: Logger) {
    this.#options = options
    this.#log = log
    this.failed = new Promise((resolve) => {
      this.#fail = resolve
    })
  }

  /** The report of the first child; the same for all who ask. Throws BridgeError, `child_…`. */
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

  /** A child has ended without being asked to. */
  crashed(error: BridgeError): void {
    this.#options.restart.crashed(error)
    if (this.#options.onCrash === 'exit') this.#fail(error)
    else this.tryAgain()
  }

  /** In a crash loop no client may come any more to find out that the tool works again. */
  tryAgain(): void {
    const { restart } = this.#options
    if (restart.failure === undefined || this.#retrial !== undefined || this.#isClosed) return
    const { message, data } = restart.failure
    this.#log.error({ reason: message, ...data }, 'the tool crashes again and again')
    const retry = () => {
      this.#retrial = undefined
      this.#proven = this.#prove().then(
        (report) => {
          restart.proven()
          return report
        },
        (thrown: unknown) => {
          restart.crashed(toBridgeError(thrown))
          this.tryAgain()
          return this.#report ?? UNKNOWN_TOOL
        },
      )
    }
    this.#retrial = setTimeout(retry, Math.max(RETRIAL_MS, restart.delayMs())).unref()
  }

  /** Why no session can be opened now. */
  readonly readiness: Readiness = () => {
    const { restart, command, needsClient } = this.#options
    const failure = restart.failure ?? this.#problem
    if (failure !== undefined) {
      return { status: 'failing', reason: [failure.message, failure.hint].filter(Boolean).join('; ') }
    }
    if (this.#report !== undefined || needsClient) return undefined
    return { status: 'starting', reason: `waiting for ${command} to answer initialize` }
  }

  /** Tries nothing any more; resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retrial)
    await this.#proven?.catch(() => {})
  }

  async #prove(): Promise<ChildReport> {
    const slow = setTimeout(() => {
      this.#log.info('still waiting for the tool to answer initialize; the first start may download it')
    }, SLOW_START_MS)
    try {
      this.#report = await this.#options.describe()
    } catch (thrown) {
      return this.#unproven(toBridgeError(thrown))
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
    if (!this.#isClosed) this.#options.onProven(this.#report)
    return this.#report
  }

  #unproven(failure: BridgeError): ChildReport {
    const stderr = failure.data?.['stderr']
    const error = withAdvice(failure, Array.isArray(stderr) ? stderr.map(String) : [], this.#options)
    if (this.#options.needsClient && error.code !== 'child_spawn_failed') {
      const fields = { reason: error.message, ...error.data }
      this.#log.warn(fields, 'the tool does not start without what a client brings; each client will see')
      return UNKNOWN_TOOL
    }
    // A tool that has worked before is in a crash loop: see `tryAgain`.
    if (this.#report === undefined) {
      this.#problem = error
      if (!this.#isClosed) this.#fail(error)
    }
    throw error
  }
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
