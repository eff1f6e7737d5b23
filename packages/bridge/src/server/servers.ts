// server/servers: the tools of one bridge by name: one without a name, or those of a file, which may change.
import { readFileSync } from 'node:fs'
import { authenticateByToken, type TokenAuthentication } from '../access/authenticate.ts'
import { Profiles, type Caller } from '../access/caller.ts'
import type { Tokens } from '../access/tokens.ts'
import { InnerBudget } from '../budget/budget.ts'
import { SERVER_KEYS, type Config, type Server } from '../config/config.ts'
import { BridgeError } from '../errors.ts'
import type { Heartbeat } from '../http/heartbeat.ts'
import { Places } from '../lease/places.ts'
import type { ChildReport } from '../relay/describe.ts'
import { Events } from '../telemetry/events.ts'
import { logEvents } from '../telemetry/log-events.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Timings } from '../timings.ts'
import { Tool } from '../tool/tool.ts'
import type { StatusTool } from '../status/view.ts'
import type { Health } from './health.ts'
import { notServed, shownOf } from './shown.ts'
import { Slot, type Plan, type Served } from './slot.ts'
import { wiresOf } from './wires.ts'

export interface ServersOptions {
  timings: Timings
  heartbeat: Heartbeat
  tokens: Tokens
  accountOf: TokenAuthentication['accountOf']
  /** More than one principal may come. */
  isForSeveral(): boolean
  /** What is served is other than before. */
  onMounts(): void
}

type On = Server & { config: Config }

/** How often it is looked whether a tool may rest. */
const REST_LOOK_MS = 1000

export class Servers {
  /** With several never: none of them ends the others. */
  readonly failed: Promise<BridgeError>
  readonly #options: ServersOptions
  readonly #log: Logger
  readonly #places: Places
  readonly #slots = new Map<string, Slot>()
  readonly #resting: NodeJS.Timeout | undefined
  #config: Config

  constructor(config: Config, options: ServersOptions, log: Logger) {
    this.#options = options
    this.#log = log
    this.#config = config
    this.#places = new Places(config.maxChildren)
    if (config.servers === undefined) {
      const slot = new Slot('', this.#plan('', only(config)))
      this.#slots.set('', slot)
      // What is wrong with its environment is wrong with the bridge.
      this.failed = slot.serve().tool.failed
      return
    }
    this.failed = new Promise(() => {})
    for (const [name, server] of Object.entries(config.servers)) {
      if (isOn(server)) this.#put(name, this.#plan(name, server))
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
    const { servers = {}, clients } = this.#config
    const [, name = ''] = path.split('/')
    const server = Object.hasOwn(servers, name) ? servers[name] : undefined
    const given = Object.hasOwn(clients, principal) ? clients[principal]?.servers : undefined
    if (server === undefined || server.state === 'on') return undefined
    if (given !== undefined && !Object.hasOwn(given, name)) return undefined
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
   * @throws BridgeError `config_invalid` for an environment file of a client that cannot be read: then nothing has changed
   */
  apply(config: Config): void {
    const before = this.#config
    const servers = Object.entries(config.servers ?? {})
    this.#config = config
    let plans: Map<string, Plan>
    try {
      plans = new Map(
        servers
          .filter((each) => this.#isNew(...each))
          .map(([name, server]) => [name, this.#plan(name, server as On)]),
      )
    } catch (error) {
      this.#config = before
      throw error
    }
    for (const [name, slot] of this.#slots)
      if (config.servers?.[name]?.state !== 'on' && !slot.isRemoved) this.#remove(name, slot)
    for (const [name, server] of servers) {
      const plan = plans.get(name)
      if (plan !== undefined) this.#put(name, plan)
      else if (server.state !== 'on' && JSON.stringify(before.servers?.[name]) !== JSON.stringify(server))
        this.#say(name, server)
    }
    this.#warnOfUnknown(config)
    this.#options.onMounts()
    this.begin()
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

  get health(): Health {
    const { servers: all } = this.#config
    if (all === undefined) return this.#slots.get('')?.readiness() ?? { status: 'ready' }
    const problems = Object.entries(all).flatMap(([name, { state, reason = '' }]) => {
      if (state === 'wrong') return [[name, reason] as const]
      const readiness = this.#slots.get(name)?.readiness()
      return readiness?.status === 'failing' ? [[name, readiness.reason] as const] : []
    })
    if (problems.length === 0) return { status: 'ready' }
    const isServing = this.all.some(
      ({ name, isRemoved }) => !isRemoved && !problems.some(([each]) => each === name),
    )
    return { status: isServing ? 'degraded' : 'failing', servers: Object.fromEntries(problems) }
  }

  async drain(ms: number): Promise<void> {
    clearInterval(this.#resting)
    await Promise.all(this.all.map((slot) => slot.drain(ms)))
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((slot) => slot.close()))
  }

  #isNew(name: string, server: Server): boolean {
    const slot = this.#slots.get(name)
    if (!isOn(server)) return false
    return (
      slot === undefined ||
      slot.isRemoved ||
      slot.plan.fingerprint !== fingerprintOf(name, server, this.#config)
    )
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

  #plan(name: string, server: On): Plan {
    const { timings, tokens, heartbeat } = this.#options
    const { config } = server
    const whole = this.#config
    const isInForce = (caller: Caller) => tokens.isInForce(caller)
    const log = name === '' ? this.#log : this.#log.child({ server: name })
    const { toolsAllow, toolsDeny, readOnly } = whole
    const scope = name === '' ? undefined : { name, filter: { toolsAllow, toolsDeny, readOnly } }
    const profiles = new Profiles(whole, log, scope)
    const { headerEnv } = config
    const { accountOf, budget } = this.#accountsOf(config)
    return {
      server,
      budget,
      profiles,
      authenticate: authenticateByToken({ tokens, profiles, headerEnv, accountOf }),
      fingerprint: fingerprintOf(name, server, whole),
      serve: (): Served => {
        const events = new Events(name === '' ? (config.command[0] ?? '') : name)
        const tool = new Tool(config, { timings, profiles, places: this.#places, events, isInForce }, log)
        return { tool, wires: wiresOf(tool, config, heartbeat), release: logEvents(events.source, log) }
      },
    }
  }

  /** One of several tools may have less than the whole. */
  #accountsOf({ maxSessions, maxChildren }: Config) {
    const { accountOf, isForSeveral } = this.#options
    const whole = this.#config
    if (maxSessions >= whole.maxSessions && maxChildren >= whole.maxChildren)
      return { accountOf, budget: undefined }
    const budget = new InnerBudget({ sessions: maxSessions, children: maxChildren }, isForSeveral())
    return {
      accountOf: (principal: string, address?: string) => budget.account(accountOf(principal, address)),
      budget,
    }
  }
}

function isOn(server: Server): server is On {
  return server.state === 'on' && server.config !== undefined
}

function only(config: Config): On {
  return { origin: 'default', state: 'on', config, start: 'eager', notes: [] }
}

function begin(slot: Slot): void {
  if (slot.plan.server.start === 'eager') slot.begin()
}

/** What a server is made of: its own options, what holds for all, and what is set for each client there. */
function fingerprintOf(name: string, { config, start }: On, { clients, ...whole }: Config): string {
  const own = ['command' as const, ...SERVER_KEYS].map((key) => config[key])
  const theirs = Object.entries(clients).map(([client, { token: _token, servers, ...given }]) => [
    client,
    given,
    servers === undefined ? null : (servers[name] ?? false),
  ])
  const files = Object.values(clients).flatMap(({ envFile, servers }) => [
    ...envFile,
    ...(servers?.[name]?.envFile ?? []),
  ])
  const texts = [...config.envFile, ...files].map(textOf)
  const { toolsAllow, toolsDeny, readOnly } = whole
  return JSON.stringify([own, start, [toolsAllow, toolsDeny, readOnly], theirs, texts])
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
