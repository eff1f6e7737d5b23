// lines: who shares which process: one per session, one for all, or one per request.
import { UNCHARGED, type Account } from './budget/budget.ts'
import type { Child } from './child/child.ts'
import { monotonicMs } from './clock.ts'
import { describeTool, type ChildReport } from './child/interview.ts'
import type { Disclosure } from './lease/disclosure.ts'
import type { ChildSupply } from './lease/supply.ts'
import { ownerOf, TOOL, type Owner } from './lease/owner.ts'
import type { Config } from './config/config.ts'
import { BridgeError, toBridgeError } from './errors.ts'
import type { Logger } from './telemetry/logger.ts'
import type { Crash } from './tool/startup-probe.ts'
import { Pool } from './lease/pool.ts'
import { Port } from './relay/connection.ts'
import { ownRoute, type Route } from './relay/route.ts'
import { SharedChild } from './lease/shared.ts'
import type { Sink } from './relay/sink.ts'
import { Switchboard } from './relay/multiplexer.ts'
import { areRules, ToolRoute, type ToolRules } from './relay/interceptors/tool-filter.ts'
import type { Line, LineRequest } from './session/line.ts'
import type { Timings } from './timings.ts'
import { VERSION } from './version.ts'

export interface Lines {
  open(request: LineRequest): Promise<Line>
  /** Asks the child that everybody will have, where there is one; else a throw-away child has to be asked. */
  describe?: () => Promise<ChildReport>
  close(graceMs: number): Promise<void>
}

export interface LinesOptions {
  config: Config
  timings: Timings
  supply: ChildSupply
  disclosure: Disclosure
  /** A child may be of no use before a client brings its part of the environment. */
  needsClient: boolean
  /** Which tools a client may use. */
  rulesFor(principal: string): ToolRules
  /** What a stop may take at this moment. */
  stopGraceMs(): number
  /** A child has ended without being asked to. */
  onCrash(crash: Crash): void
  /** A child has answered a request after `initialize`. */
  onHealthy(owner: Owner): void
}

/** Standbys: none beside a shared child, unless asked for; none where each client brings what a child needs. */
export function warmOf({ warm, children, headerEnv }: Config): number {
  if (headerEnv.length > 0) return 0
  return warm ?? (children === 'shared' ? 0 : 1)
}

export function createLines(options: LinesOptions, log: Logger): Lines {
  switch (options.config.children) {
    case 'session':
      return sessionLines(options, log)
    case 'shared':
      return sharedLines(options, log)
    case 'pool':
      return poolLines(options, log)
  }
}

/** A process for each session; its client's pace is its own. */
function sessionLines(
  { config, timings, supply, disclosure, rulesFor, stopGraceMs, onCrash, onHealthy }: LinesOptions,
  log: Logger,
): Lines {
  return {
    open: async (request) => {
      const { env, principal, account, signal, onGone } = request
      const owner = ownerOf(principal, env)
      const child = await charged(account, () => supply.acquire(owner, signal)).catch((error: unknown) => {
        throw disclosure.toUser(owner, toBridgeError(error))
      })
      const audience = { ports: new Set<Port>() }
      const switchboard = new Switchboard(child, audience, log, {
        isOwn: true,
        maxBacklogBytes: config.maxBufferBytes,
        lostMs: timings.lostMs,
      })
      const port = plugIn(ownRoute(switchboard), request, rulesFor(principal), timings, log)
      audience.ports.add(port)
      let answers = 0
      child.listen({
        receive: (message) => {
          // The first answer is that to `initialize`: a child that crashes right after it has proven nothing.
          if (message.kind === 'response' && ++answers === 2) onHealthy(owner)
          switchboard.receive(message)
        },
        receiveLost: (id, error, isSure) => switchboard.receiveLost(id, error, isSure),
        childGone: (ended) => {
          const error = answers === 0 && supply.size > 1 ? withLockAdvice(ended) : ended
          onCrash({ owner, error, isHealthy: answers > 1 })
          const told = disclosure.toUser(owner, error)
          switchboard.childGone(told)
          onGone(told)
        },
      })
      return {
        port,
        childPid: child.pid,
        get backlogBytes() {
          return child.backlogBytes
        },
        pause: () => child.pause(),
        resume: () => child.resume(),
        close: () => void child.stop(stopGraceMs()),
      }
    },
    close: async () => {},
  }
}

/** One process for everybody, or for everybody with the same environment. */
function sharedLines(
  { config, timings, supply, disclosure, needsClient, rulesFor, onCrash, onHealthy }: LinesOptions,
  log: Logger,
): Lines {
  const children = new Map<string, SharedChild>()
  const childFor = (env: Readonly<Record<string, string>>, account = UNCHARGED): SharedChild => {
    const owner = ownerOf('', env)
    const { key } = owner
    const existing = children.get(key)
    if (existing !== undefined) return existing
    const created = new SharedChild(
      {
        version: VERSION,
        startTimeoutMs: config.startTimeoutMs,
        maxBacklogBytes: config.maxBufferBytes,
        timings,
        // Where each client brings what the child needs, the one that was asked what it is may be nobody's.
        idleMs: owner === TOOL && !needsClient ? 0 : config.idleMs,
        // One for all is nobody's; one for an environment is charged to who came first with it.
        start: () => charged(owner === TOOL ? UNCHARGED : account, () => supply.acquire(owner)),
        told: (error) => disclosure.told(owner, error),
        onCrash: (error, isHealthy) => onCrash({ owner, error, isHealthy }),
        onHealthy: () => onHealthy(owner),
        onIdle: () => {
          children.delete(key)
          void created.close()
        },
      },
      log,
    )
    children.set(key, created)
    return created
  }
  return {
    open: async (request) => {
      const child = childFor(request.env, request.account)
      return lineOf(child.plug(plugIn(child, request, rulesFor(request.principal), timings, log)))
    },
    describe: async () => {
      const child = childFor({})
      try {
        const { process, init, housekeeper } = await child.ready()
        const startMs = monotonicMs() - process.startedAt
        return await describeTool(init, startMs, (method, params) =>
          housekeeper.ask(method, params, config.startTimeoutMs),
        )
      } finally {
        child.restIfUnused()
      }
    },
    close: async (graceMs) => {
      await Promise.all([...children.values()].map((child) => child.close(graceMs)))
    },
  }
}

/** Some processes; a request has one for itself while it runs. */
function poolLines(
  { config, timings, supply, disclosure, rulesFor, onCrash, onHealthy }: LinesOptions,
  log: Logger,
): Lines {
  const pool = new Pool(
    {
      version: VERSION,
      startTimeoutMs: config.startTimeoutMs,
      maxBacklogBytes: config.maxBufferBytes,
      timings,
      maxChildren: config.maxChildren,
      warm: warmOf(config),
      idleMs: config.idleMs,
      recycleAfter: config.recycleAfter,
      start: (owner, account) => charged(account, () => supply.acquire(owner)),
      told: (owner, error) => disclosure.told(owner, error),
      onCrash: (owner, error, isHealthy) => onCrash({ owner, error, isHealthy }),
      onHealthy,
    },
    log,
  )
  return {
    open: async (request) => {
      const route = pool.routeFor(ownerOf(request.principal, request.env))
      return lineOf(plugIn(route, request, rulesFor(request.principal), timings, log))
    },
    close: (graceMs) => pool.close(graceMs),
  }
}

/** It ran alone, and now that others of its kind run it does not even start: it may hold a lock. */
function withLockAdvice(error: BridgeError): BridgeError {
  const hint = 'if it cannot run beside another of its kind (it holds a lock), use --children shared --warm 0'
  return new BridgeError(error.code, error.message, {
    cause: error,
    hint,
    ...(error.data && { data: error.data }),
  })
}

/** A process that counts as this account's until nothing of it is left. Throws BridgeError `child_limit_reached`, `child_…`. */
async function charged({ children }: Account, acquire: () => Promise<Child>): Promise<Child> {
  if (!children.take(1))
    throw new BridgeError('child_limit_reached', children.refusal(1, 'children', '--max-children'))
  try {
    const child = await acquire()
    void child.ended.then(() => children.give(1))
    return child
  } catch (error) {
    children.give(1)
    throw error
  }
}

/** Nobody's own process: nothing to pause, nothing to stop. A client may be gone before it has used its port. */
function lineOf(port: Port): Line {
  return { port, close: (reason) => port.close(reason) }
}

/** Puts the rules of this client between it and where its requests go. */
function plugIn(
  route: Route,
  { unrelated, principal, account }: LineRequest,
  rules: ToolRules,
  { holdMs }: Timings,
  log: Logger,
): Port {
  if (!areRules(rules)) return new Port(route, unrelated, log, holdMs, principal, account)
  const tools = new ToolRoute(route, rules)
  const sink: Sink = {
    answer: (message) => unrelated.answer(message),
    relate: (message) => {
      if (message.method === 'notifications/tools/list_changed') tools.forget()
      unrelated.relate(message)
    },
    get isOpen() {
      return unrelated.isOpen
    },
    isStanding: unrelated.isStanding,
  }
  return new Port(tools, sink, log, holdMs, principal, account)
}
