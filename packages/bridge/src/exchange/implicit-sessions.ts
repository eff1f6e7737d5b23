// exchange/implicit-sessions: which modern client is which, though it has no session: by who it is and what it takes.
import type { Caller } from '../access/caller.ts'
import { monotonicMs } from '../clock.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import { clientOf } from '../rpc/initialize-params.ts'
import type { Message } from '../rpc/message.ts'
import type { ModernRequest, Sender } from '../rpc/modern-request.ts'
import type { Era, OpenLease } from '../session/lease.ts'
import type { SessionLimits } from '../session/session.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Exchange } from './exchange.ts'
import { keyOf, whoIs } from './identity.ts'
import { ImplicitSession } from './implicit-session.ts'
import { fingerprintOf, placeOf, RequestStates, unknownState } from './request-state.ts'

export interface ImplicitSessionsOptions extends SessionLimits {
  idleMs: number
  /** Of several replicas the name of this one. */
  replica?: string | undefined
  /** A token may be withdrawn, or what it may do be changed, while a request that was let in by it is read. */
  isInForce(caller: Caller): boolean
  onTools(tools: readonly unknown[]): void
}

const MAX_SWEEP_MS = 1000
/** What one costs that does nothing. */
const SESSION_BYTES = 16 * 1024
/** A process that is let go has ended by then, or is killed. */
const STOP_MS = 15_000

export class ImplicitSessions {
  readonly #options: ImplicitSessionsOptions
  readonly #openLease: OpenLease
  readonly #log: Logger
  readonly #states: RequestStates
  /** By `whoIs`. */
  readonly #sessions = new Map<string, ImplicitSession>()
  readonly #sweeper: NodeJS.Timeout
  #isDraining = false

  constructor(options: ImplicitSessionsOptions, openLease: OpenLease, log: Logger) {
    this.#options = options
    this.#openLease = openLease
    this.#log = log
    this.#states = new RequestStates(options.replica)
    const everyMs = Math.max(20, Math.min(MAX_SWEEP_MS, options.idleMs / 5))
    this.#sweeper = setInterval(() => this.#sweep(), everyMs).unref()
  }

  get all(): Iterable<ImplicitSession> {
    return this.#sessions.values()
  }

  /**
   * The client that has sent this request, as it was left.
   *
   * @param address of its machine
   * @throws BridgeError `session_limit_reached`, `memory_limit_reached`, `shutting_down`, `unauthorized`
   */
  of(caller: Caller, address: string | undefined, request: ModernRequest, era: Era): ImplicitSession {
    this.#refuseIfDraining()
    const who = whoIs(caller, address, request.sender, era)
    return this.#sessions.get(who) ?? this.#open(who, caller, request.sender, era)
  }

  /**
   * The exchange that this request goes on with.
   *
   * @throws BridgeError `request_state_invalid`
   */
  waiting(caller: Caller, address: string | undefined, message: Message, request: ModernRequest): Exchange {
    this.#refuseIfDraining()
    const who = whoIs(caller, address, request.sender, 'legacy')
    const binding = { owner: keyOf(who), request: fingerprintOf(message.method, request.params) }
    const ticket = this.#states.open(request.params['requestState'], binding)
    const exchange = this.#sessions.get(who)?.waiting(ticket.exchange, ticket.round)
    if (exchange === undefined) throw unknownState()
    return exchange
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Whether a client that brings this `requestState` goes on with something here; nothing is said about its right to. */
  awaits(state: unknown): boolean {
    const exchange = placeOf(state)?.exchange
    return exchange !== undefined && [...this.#sessions.values()].some((session) => session.awaits(exchange))
  }

  /** Takes nothing new; resolves when nobody waits for a response, or after `ms`. */
  async drain(ms: number): Promise<void> {
    this.#isDraining = true
    const deadline = monotonicMs() + ms
    while (this.#awaited > 0 && monotonicMs() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  closeWhere(matches: (session: ImplicitSession) => boolean, reason: string): void {
    for (const session of this.#sessions.values()) if (matches(session)) this.#close(session, reason)
  }

  close(reason: string): void {
    this.#isDraining = true
    clearInterval(this.#sweeper)
    this.closeWhere(() => true, reason)
  }

  get #awaited(): number {
    let sum = 0
    for (const { awaited } of this.#sessions.values()) sum += awaited
    return sum
  }

  #open(who: string, caller: Caller, sender: Sender, era: Era): ImplicitSession {
    if (!this.#options.isInForce(caller))
      throw new BridgeError('unauthorized', 'this token was withdrawn, or may do other things now')
    const { capabilities, clientName: name, clientVersion: version } = sender
    const { sessions, bytes } = caller.account
    const cost = SESSION_BYTES + who.length
    if (!sessions.has(1)) this.#letGoOne(caller)
    if (!sessions.take(1))
      throw new BridgeError('session_limit_reached', sessions.refusal(1, 'sessions', '--max-sessions'))
    if (bytes.quota.isTight || !bytes.take(cost)) {
      sessions.give(1)
      throw new BridgeError('memory_limit_reached', bytes.refusal(cost, 'bytes', '--max-memory'))
    }
    const session = new ImplicitSession(
      {
        key: keyOf(who),
        caller,
        client: clientOf({ clientInfo: { name, version } }),
        era,
        capabilities: era === 'legacy' ? capabilities : {},
      },
      {
        ...this.#options,
        states: this.#states,
        openLease: (request) => this.#lease(request),
        onClosed: () => {
          if (this.#sessions.get(who) !== session) return
          this.#sessions.delete(who)
          sessions.give(1)
          bytes.give(cost)
        },
      },
      this.#log,
    )
    this.#sessions.set(who, session)
    return session
  }

  /** Nobody says goodbye who has no session: whoever has not come for longest makes room for the same caller. */
  async #lease(request: Parameters<OpenLease>[0]): ReturnType<OpenLease> {
    const deadline = monotonicMs() + STOP_MS
    let hasMadeRoom = false
    for (;;) {
      try {
        return await this.#openLease(request)
      } catch (error) {
        if (toBridgeError(error).code !== 'child_limit_reached') throw error
        hasMadeRoom ||= this.#letGoOne(request.caller)
        if (!hasMadeRoom || request.signal.aborted || monotonicMs() > deadline) throw error
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  #letGoOne({ account }: Caller): boolean {
    let longest: ImplicitSession | undefined
    for (const session of this.#sessions.values()) {
      if (session.account !== account || !session.isIdle) continue
      if (longest === undefined || session.lastRequestAt < longest.lastRequestAt) longest = session
    }
    if (longest !== undefined) this.#close(longest, 'room for others')
    return longest !== undefined
  }

  /** @throws BridgeError `shutting_down` */
  #refuseIfDraining(): void {
    if (this.#isDraining) throw new BridgeError('shutting_down', 'the bridge is shutting down')
  }

  #close(session: ImplicitSession, reason: string): void {
    try {
      session.close(reason)
    } catch (err) {
      this.#log.error({ err, sessionId: session.shortId }, 'session not closed in order')
    }
  }

  #sweep(): void {
    const before = monotonicMs() - this.#options.idleMs
    for (const session of this.#sessions.values())
      if (session.isIdle && session.lastRequestAt < before) this.#close(session, 'idle')
  }
}
