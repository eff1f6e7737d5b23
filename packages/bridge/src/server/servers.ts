// server/servers: the tools of one bridge by name: one without a name, or those of a file, which may change.
import type { Caller } from '../access/caller.ts'
import type { Details } from '../access/details.ts'
import type { Config, Server } from '../config/config.ts'
import { BridgeError } from '../errors.ts'
import type { Changes } from '../telemetry/events.ts'
import { changesBetween, withChanged } from './changes.ts'
import type { ChildReport } from '../relay/describe.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Readiness } from '../tool/startup-probe.ts'
import type { Tool } from '../tool/tool.ts'
import type { StatusTool } from '../status/view.ts'
import { seenBy, type Concern, type Health } from './health.ts'
import { isOn, Plans, type On, type PlansOptions } from './plans.ts'
import { notServed, shownOf } from './shown.ts'
import { Slot, type Plan } from './slot.ts'

export interface ServersOptions extends PlansOptions {
  /** What is served is other than before. */
  onMounts(): void
}

/** How often it is looked whether a tool may rest. */
const REST_LOOK_MS = 1000

export class Servers {
  /** With several never: none of them ends the others. */
  readonly failed: Promise<BridgeError>
  readonly #options: ServersOptions
  readonly #log: Logger
  readonly #plans: Plans
  readonly #slots = new Map<string, Slot>()
  readonly #resting: NodeJS.Timeout | undefined
  #config: Config

  constructor(config: Config, options: ServersOptions, log: Logger) {
    this.#options = options
    this.#log = log
    this.#config = config
    this.#plans = new Plans(options, config.maxChildren, log)
    if (config.servers === undefined) {
      const slot = new Slot('', this.#plans.of('', only(config), config))
      this.#slots.set('', slot)
      // What is wrong with its environment is wrong with the bridge.
      this.failed = slot.serve().tool.failed
      return
    }
    this.failed = new Promise(() => {})
    for (const [name, server] of Object.entries(config.servers)) {
      if (isOn(server)) this.#put(name, this.#plans.of(name, server, config))
      else this.#say(name, server)
    }
    this.#warnOfUnknown(config)
    this.#resting = setInterval(() => {
      for (const slot of this.#slots.values()) slot.restIfUnused()
    }, REST_LOOK_MS).unref()
  }

  /** Those on their way out last: of two paths that differ in letter case only the other is meant. */
  get all(): readonly Slot[] {
    return [...this.#slots.values()].toSorted((one, other) => Number(one.isRemoved) - Number(other.isRemoved))
  }

  get tools(): Tool[] {
    return this.all.flatMap((slot) => slot.tools)
  }

  /** Why a server is not at its path, for whoever may use it. */
  explain(path: string, principal: string): string | undefined {
    const { servers = {} } = this.#config
    const [, name = ''] = path.split('/')
    const server = Object.hasOwn(servers, name) ? servers[name] : undefined
    if (server === undefined || server.state === 'on' || !this.#isFor(principal, name)) return undefined
    return `${name} is not served: ${server.reason ?? 'it runs elsewhere'}`
  }

  /** What there is to see of each, also of those that are not served. */
  get shown(): StatusTool[] {
    const { servers } = this.#config
    if (servers === undefined) return this.all.map(shownOf)
    return Object.entries(servers).map(([name, server]) => {
      const slot = this.#slots.get(name)
      return slot === undefined || !isOn(server) ? notServed(name, server) : shownOf(slot)
    })
  }

  /** Starts those that do not wait for a client. */
  begin(): void {
    for (const slot of this.#slots.values()) begin(slot)
  }

  /** @throws BridgeError `child_…`, `not_found` */
  start(name: string): Promise<ChildReport> {
    const slot = this.#slots.get(name)
    if (slot === undefined) {
      const names = [...this.#slots.keys()].join(', ')
      throw new BridgeError('not_found', `there is no server ${name}`, { hint: `there are: ${names}` })
    }
    return slot.serve().tool.start()
  }

  /**
   * Only what has changed is touched.
   *
   * @returns what that is
   * @throws BridgeError `config_invalid` for an environment file of a client that cannot be read: then nothing has changed
   */
  apply(config: Config): { servers: Changes; clients: Changes } {
    const before = this.#config
    const servers = Object.entries(config.servers ?? {})
    const plans = new Map(
      servers.flatMap(([name, server]) =>
        isOn(server) ? [[name, this.#plans.of(name, server, config, this.#slots.get(name)?.plan)]] : [],
      ),
    )
    this.#config = config
    for (const [name, slot] of this.#slots)
      if (plans.get(name) === undefined && !slot.isRemoved) this.#remove(name, slot)
    const renewed: string[] = []
    const revised = new Set<string>()
    for (const [name, server] of servers) {
      const plan = plans.get(name)
      if (plan !== undefined) {
        const clients = this.#take(name, plan)
        if (clients === undefined) renewed.push(name)
        else for (const client of clients) revised.add(client)
      } else if (server.state !== 'on' && JSON.stringify(before.servers?.[name]) !== JSON.stringify(server))
        this.#say(name, server)
    }
    this.#warnOfUnknown(config)
    this.#options.onMounts()
    this.begin()
    return {
      servers: withChanged(changesBetween(before.servers ?? {}, config.servers ?? {}), renewed),
      clients: withChanged(changesBetween(before.clients, config.clients), revised),
    }
  }

  /** Whoever came with a token that is gone is shown out. */
  tokensReplaced(): void {
    const isShared = this.#options.isForSeveral()
    for (const { plan } of this.#slots.values())
      if (plan.budget !== undefined) plan.budget.isShared = isShared
    const isOut = ({ caller }: { caller: Caller }) => !this.#options.tokens.isInForce(caller)
    for (const { sessions, clients } of this.tools) {
      sessions.closeWhere(isOut, 'its token was withdrawn')
      clients.closeWhere(isOut, 'its token was withdrawn')
    }
  }

  health(details: Details): Health {
    const { servers: all } = this.#config
    if (all === undefined) return seenBy(details, healthOf(this.#slots.get('')))
    const problems = Object.entries(all).flatMap(([name, { state, reason = '' }]) => {
      if (state === 'wrong') return [[name, reason] as const]
      const readiness = this.#slots.get(name)?.readiness()
      return readiness?.status === 'failing' ? [[name, readiness.reason] as const] : []
    })
    const concerns = this.all.flatMap(({ name, isRemoved, concern }) =>
      isRemoved || concern === undefined ? [] : [[name, concern] as const],
    )
    if (problems.length + concerns.length === 0) return { status: 'ready' }
    const isServing = this.all.some(
      ({ name, isRemoved }) => !isRemoved && !problems.some(([each]) => each === name),
    )
    const status = isServing ? 'degraded' : 'failing'
    if (details === 'none') return { status }
    const seen = [...concerns, ...problems].filter(
      ([name]) => details === 'all' || this.#isFor(details.principal, name),
    )
    return { status, servers: Object.fromEntries(seen) }
  }

  /** Also of one that is not served. */
  #isFor(principal: string, name: string): boolean {
    const { clients } = this.#config
    const given = Object.hasOwn(clients, principal) ? clients[principal]?.servers : undefined
    return given === undefined || Object.hasOwn(given, name)
  }

  async drain(ms: number): Promise<void> {
    clearInterval(this.#resting)
    await Promise.all(this.all.map((slot) => slot.drain(ms)))
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((slot) => slot.close()))
  }

  /** Only what is another than before is touched. Gives the clients for whom it is; undefined where it is for all. */
  #take(name: string, plan: Plan): ReadonlySet<string> | undefined {
    const slot = this.#slots.get(name)
    if (slot === undefined || slot.isRemoved || slot.plan.fingerprint !== plan.fingerprint) {
      this.#put(name, plan)
      return undefined
    }
    if (plan.profiles.differingFrom(slot.plan.profiles).size === 0) return new Set()
    const clients = slot.revise(plan)
    this.#log.info({ server: name, clients: [...clients] }, 'what these clients may use has changed')
    return clients
  }

  #put(name: string, plan: Plan): void {
    const slot = this.#slots.get(name)
    if (slot === undefined || slot.isRemoved) this.#say(name, plan.server)
    else this.#log.info({ server: name }, 'server changed')
    if (slot === undefined) this.#slots.set(name, new Slot(name, plan))
    else slot.replace(plan)
  }

  #remove(name: string, slot: Slot): void {
    this.#log.info({ server: name }, 'server removed')
    void slot.remove().then(() => {
      // It may have come back meanwhile, and be on its way out again.
      if (!slot.isRemoved || slot.tools.length > 0 || this.#slots.get(name) !== slot) return
      this.#slots.delete(name)
      this.#options.onMounts()
    })
  }

  #say(name: string, { state, reason, url, notes, start }: Server): void {
    const fields = { server: name, ...(notes.length === 0 ? {} : { notes }) }
    if (state === 'on') this.#log.info({ ...fields, start }, 'server')
    else if (state === 'remote')
      this.#log.info({ ...fields, url }, 'server runs elsewhere: left to the clients')
    else this.#log[state === 'wrong' ? 'warn' : 'info']({ ...fields, reason }, 'server is not served')
  }

  /** A typo in a name: its holder cannot reach what was meant. */
  #warnOfUnknown({ clients, servers = {} }: Config): void {
    for (const [client, { servers: named = {} }] of Object.entries(clients)) {
      const unknown = Object.keys(named).filter((name) => !Object.hasOwn(servers, name))
      if (unknown.length > 0)
        this.#log.warn({ client, servers: unknown }, 'clients names servers that there are not')
    }
  }
}

function only(config: Config): On {
  return { origin: 'default', state: 'on', config, start: 'eager', notes: [] }
}

function begin(slot: Slot): void {
  if (slot.plan.server.start === 'eager') slot.begin()
}

function healthOf(slot: Slot | undefined): Readiness | Concern | { status: 'ready' } {
  const reason = slot?.concern
  return slot?.readiness() ?? (reason === undefined ? { status: 'ready' } : { status: 'degraded', reason })
}
