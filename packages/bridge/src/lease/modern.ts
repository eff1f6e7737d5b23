// lease/modern: clients of a tool that speaks 2026-07-28: all with the same environment have one process.
import { UNCHARGED, type Account } from '../budget/budget.ts'
import { compose } from '../relay/intercept.ts'
import type { Lease, LeaseRequest } from '../session/lease.ts'
import type { Logger } from '../telemetry/logger.ts'
import { recordOf } from '../rpc/content.ts'
import { initializeAnswerOf } from '../rpc/modern.ts'
import type { Envelope } from '../rpc/modern-request.ts'
import { MODERN_REVISION, NEWEST_LEGACY_REVISION } from '../rpc/revisions.ts'
import type { Call } from '../relay/dispatch.ts'
import { enveloped } from '../relay/interceptors/envelope.ts'
import { legacyToModern } from '../relay/interceptors/legacy-to-modern.ts'
import { initializeResult } from './initialize-result.ts'
import { interceptorsFor, type LeasesOptions } from './lease.ts'
import { ENVELOPED, ModernChild, type Discovered } from './modern-child.ts'
import { ownerOf, TOOL } from './owner.ts'

export class ModernLeases {
  readonly #options: LeasesOptions
  readonly #log: Logger
  /** By environment. */
  readonly #children = new Map<string, ModernChild>()
  /** The tool has answered as a modern one: a process that does not is a crash. */
  #isKnown = false
  #isClosed = false

  constructor(options: LeasesOptions, log: Logger) {
    this.#options = options
    this.#log = log
  }

  /** Throws BridgeError, `child_…`. */
  async open({ caller, onGone }: LeaseRequest): Promise<Lease> {
    const child = this.#childFor(caller.env, caller.account)
    const { result } = await child.discover()
    this.#isKnown = true
    const way = compose(child.open(caller, onGone), [
      ...interceptorsFor(this.#options.rulesFor(caller), this.#log),
      ENVELOPED,
    ])
    return { dispatcher: way, discovered: result, childRevision: MODERN_REVISION }
  }

  /** For a client with a session, where no child takes `initialize`. */
  async openLegacy(request: LeaseRequest): Promise<Lease> {
    const { caller, params, onGone } = request
    const child = this.#childFor(caller.env, caller.account)
    const { result } = await child.discover()
    this.#isKnown = true
    const answer = initializeAnswerOf(result)
    const { capabilities, clientInfo } = params
    // Whoever sets no level hears what servers say by default.
    const envelope: Envelope = { capabilities, clientInfo, logLevel: 'info' }
    const session = {
      bytes: caller.account.bytes,
      offered: recordOf(answer['capabilities']),
      initializeResult: (call: Call) =>
        initializeResult(call, params.protocolVersion ?? NEWEST_LEGACY_REVISION, answer, {
          withoutSubscribe: false,
        }),
      setLevel: (level: string) => {
        envelope.logLevel = level
      },
    }
    const way = compose(child.open(caller, onGone), [
      legacyToModern(session),
      ...interceptorsFor(this.#options.rulesFor(caller), this.#log),
      enveloped(() => envelope),
    ])
    return { dispatcher: way, childRevision: MODERN_REVISION }
  }

  /** Has the child of the operator's own environment say what it is. */
  async discover(): Promise<Discovered> {
    const child = this.#childFor({}, UNCHARGED)
    const discovered = await child.discover()
    this.#isKnown = true
    child.restIfUnused()
    return discovered
  }

  /** Ends what nobody uses: it was only asked. */
  async letGo(): Promise<void> {
    for (const child of [...this.#children.values()]) if (child.isUnused) await child.close()
  }

  /** Ends one that works, but that nobody has: others need its place. */
  async makeRoom(): Promise<void> {
    const child = [...this.#children].find(([, { isIdle }]) => isIdle)
    if (child === undefined) return
    this.#children.delete(child[0])
    await child[1].close()
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#children.values()].map((child) => child.close(graceMs)))
  }

  #childFor(env: Readonly<Record<string, string>>, account: Account): ModernChild {
    const { config, timings, supply, disclosure, needsClient, onCrash, onHealthy } = this.#options
    const owner = ownerOf('', env)
    const existing = this.#children.get(owner.key)
    if (existing !== undefined) return existing
    const child: ModernChild = new ModernChild(
      {
        startTimeoutMs: config.startTimeoutMs,
        maxBacklogBytes: config.maxBufferBytes,
        timings,
        // As for a shared child: that of the operator's own environment stays, unless it may be nobody's.
        idleMs: owner === TOOL && !needsClient ? 0 : config.idleMs,
        start: () => supply.acquire(owner, owner === TOOL ? UNCHARGED : account),
        told: (error) => disclosure.told(owner, error),
        onCrash: (error, isHealthy) => {
          if (this.#isKnown) onCrash({ owner, error, isHealthy })
        },
        onHealthy: () => onHealthy(owner),
        onGone: () => {
          if (this.#children.get(owner.key) === child) this.#children.delete(owner.key)
        },
      },
      this.#log,
    )
    if (!this.#isClosed) this.#children.set(owner.key, child)
    return child
  }
}
