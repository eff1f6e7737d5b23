// session/registry: the only map from id to session.
import { monotonicMs } from '../clock.ts'
import { BridgeError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { mintSessionId } from './id.ts'
import { idleVerdict } from './idle.ts'
import type { Caller } from '../access/caller.ts'
import type { OpenLease } from './lease.ts'
import { Session, type SessionLimits, type Wire } from './session.ts'

export interface RegistryOptions extends SessionLimits {
  idleMs: number
  /** Of several replicas the name of this one. */
  replica?: string | undefined
  /** A token may be withdrawn, or what it may do be changed, while a request that was let in by it is read. */
  isInForce(caller: Caller): boolean
}

const MAX_SWEEP_MS = 1000
/** What a session costs that does nothing, with its connection. */
const SESSION_BYTES = 16 * 1024

export class Registry {
  readonly #sessions = new Map<string, Session>()
  readonly #options: RegistryOptions
  readonly #openLease: OpenLease
  readonly #log: Logger
  readonly #sweeper: NodeJS.Timeout
  #isDraining = false

  constructor(options: RegistryOptions, openLease: OpenLease, log: Logger) {
    this.#options = options
    this.#openLease = openLease
    this.#log = log
    const { detachedMs, pongMs, newMs } = options.timings
    const everyMs = Math.max(
      20,
      Math.min(MAX_SWEEP_MS, options.idleMs / 5, detachedMs / 5, pongMs / 5, newMs / 5),
    )
    this.#sweeper = setInterval(() => this.#sweep(), everyMs).unref()
  }

  get all(): Iterable<Session> {
    return this.#sessions.values()
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Whether there is a session with this id, whosever it is. */
  knows(id: string): boolean {
    return this.#sessions.has(id)
  }

  /** Requests of all sessions that are not answered yet. */
  get inFlight(): number {
    let sum = 0
    for (const session of this.#sessions.values()) sum += session.inFlight
    return sum
  }

  /** @throws BridgeError `session_limit_reached`, `memory_limit_reached`, `shutting_down`, `unauthorized` */
  open(wire: Wire, caller: Caller): Session {
    this.refuseIfDraining()
    if (!this.#options.isInForce(caller))
      throw new BridgeError('unauthorized', 'this token was withdrawn, or may do other things now')
    const { sessions, bytes } = caller.account
    if (!sessions.take(1)) {
      throw new BridgeError('session_limit_reached', sessions.refusal(1, 'sessions', '--max-sessions'))
    }
    const cost = SESSION_BYTES + sizeOf(caller.env)
    if (bytes.quota.isTight || !bytes.take(cost)) {
      sessions.give(1)
      throw new BridgeError('memory_limit_reached', bytes.refusal(cost, 'bytes', '--max-memory'))
    }
    const id = mintSessionId(this.#options.replica)
    const session = new Session({ id, wire, caller }, this.#options, this.#openLease, this.#log, {
      closed: () => {
        if (!this.#sessions.delete(id)) return
        sessions.give(1)
        bytes.give(cost)
      },
      refuseIfDraining: () => this.refuseIfDraining(),
    })
    this.#sessions.set(id, session)
    return session
  }

  /**
   * The session with this id, if it is the caller's.
   *
   * @throws BridgeError `session_unknown` (also for somebody else's: who guesses learns nothing), `identity_changed`
   */
  find(id: string, wire: Wire, caller: Caller): Session {
    const session = this.#ofCaller(id, wire, caller)
    if (session === undefined) {
      throw new BridgeError('session_unknown', 'this session has ended or never was', {
        hint: 'send initialize without a session id',
      })
    }
    const changed = changedName(session.caller.env, caller.env) ?? changedName(caller.env, session.caller.env)
    if (changed !== undefined) {
      throw new BridgeError('identity_changed', `the header that gives ${changed} changed within the session`)
    }
    return session
  }

  /** Whether `find` would know it: somebody else's id is like one that never was. */
  has(id: string, wire: Wire, caller: Caller): boolean {
    return this.#ofCaller(id, wire, caller) !== undefined
  }

  #ofCaller(id: string, wire: Wire, { principal }: Caller): Session | undefined {
    const session = this.#sessions.get(id)
    return session?.wire === wire && session.caller.principal === principal ? session : undefined
  }

  /** @throws BridgeError `shutting_down` */
  refuseIfDraining(): void {
    if (this.#isDraining) throw new BridgeError('shutting_down', 'the bridge is shutting down')
  }

  /** Takes no new sessions and requests; resolves when nothing is in flight, or after `ms`. */
  async drain(ms: number): Promise<void> {
    this.#isDraining = true
    const deadline = monotonicMs() + ms
    while (this.inFlight > 0 && monotonicMs() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  closeWhere(matches: (session: Session) => boolean, reason: string): void {
    for (const session of this.#sessions.values()) {
      if (!matches(session)) continue
      try {
        session.close(reason)
      } catch (err) {
        this.#log.error({ err, sessionId: session.shortId }, 'session not closed in order')
      }
    }
  }

  close(reason: string): void {
    this.#isDraining = true
    clearInterval(this.#sweeper)
    this.closeWhere(() => true, reason)
  }

  #sweep(): void {
    const now = monotonicMs()
    for (const session of this.#sessions.values()) {
      try {
        this.#look(session, now)
      } catch (err) {
        this.#log.error({ err, sessionId: session.shortId }, 'session could not be looked after')
      }
    }
  }

  #look(session: Session, now: number): void {
    session.abandonDetached(now)
    const verdict = idleVerdict(session, now, this.#options)
    if (verdict === 'ping') session.ping()
    else if (verdict === 'close') session.close(reasonOf(session))
  }
}

function sizeOf(env: Caller['env']): number {
  let size = 0
  for (const name in env) size += name.length + (env[name]?.length ?? 0)
  return size
}

function reasonOf({ isNew, pingedAt }: Session): string {
  if (isNew) return 'never initialised'
  return pingedAt === undefined ? 'idle' : 'no answer to ping'
}

/** A variable of `a` that has another value in `b`, or none. */
function changedName(a: Caller['env'], b: Caller['env']): string | undefined {
  for (const name in a) if (a[name] !== b[name]) return name
  return undefined
}
