// server/plans: what an entry comes to when it is put in force: who may use it, at whose cost, and its tool.
import { readFileSync } from 'node:fs'
import { authenticateByToken, type TokenAuthentication } from '../access/authenticate.ts'
import { Profiles, type Caller } from '../access/caller.ts'
import type { Tokens } from '../access/tokens.ts'
import { InnerBudget } from '../budget/budget.ts'
import { SERVER_KEYS, type Config, type Server } from '../config/config.ts'
import type { Heartbeat } from '../http/heartbeat.ts'
import { ToolLock } from '../lock/tool-lock.ts'
import { Places } from '../lease/places.ts'
import { Events } from '../telemetry/events.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Timings } from '../timings.ts'
import { Tool } from '../tool/tool.ts'
import type { Observers } from './observers.ts'
import type { Plan, Served } from './slot.ts'
import { wiresOf } from './wires.ts'

export interface PlansOptions {
  timings: Timings
  heartbeat: Heartbeat
  tokens: Tokens
  accountOf: TokenAuthentication['accountOf']
  observers: Observers
  /** More than one principal may come. */
  isForSeveral(): boolean
}

/** An entry that is served. */
export type On = Server & { config: Config }

export function isOn(server: Server): server is On {
  return server.state === 'on' && server.config !== undefined
}

export class Plans {
  readonly #options: PlansOptions
  readonly #log: Logger
  /** Shared by all tools. */
  readonly #places: Places

  constructor(options: PlansOptions, maxChildren: number, log: Logger) {
    this.#options = options
    this.#log = log
    this.#places = new Places(maxChildren)
  }

  /** @throws BridgeError `config_invalid` for an environment file of a client that cannot be read */
  of(name: string, server: On, whole: Config, before?: Plan): Plan {
    const { timings, tokens, heartbeat, observers } = this.#options
    const { config } = server
    const log = name === '' ? this.#log : this.#log.child({ server: name })
    const { toolsAllow, toolsDeny, readOnly } = whole
    const scope = name === '' ? undefined : { name, filter: { toolsAllow, toolsDeny, readOnly } }
    const profiles = new Profiles(whole, log, scope)
    const { headerEnv } = config
    const fingerprint = fingerprintOf(server, whole, profiles.haveEnv)
    const isSame = before?.fingerprint === fingerprint
    const { accountOf, budget } = this.#accountsOf(config, whole, isSame ? before.budget : undefined)
    return {
      server,
      budget,
      profiles,
      authenticate: authenticateByToken({ tokens, profiles, headerEnv, accountOf }),
      fingerprint,
      serve: (current): Served => {
        const isInForce = (caller: Caller) => tokens.isInForce(caller) && current().areThoseOf(caller)
        const hooks = observers.hooksOf((text) => tool.masked(text))
        const events = new Events(name === '' ? (config.command[0] ?? '') : name, hooks)
        const lock = lockOf(name, config, events, log)
        const options = { timings, profiles, places: this.#places, events, isInForce, lock }
        const tool = new Tool(config, options, log)
        const release = observers.follow(name, events.source, log, () => tool.report)
        const wires = wiresOf(tool, { name, config, heartbeat, hasTokens: tokens.areNeeded })
        return { tool, wires, release }
      },
    }
  }

  /** One of several tools may have less than the whole. */
  #accountsOf({ maxSessions, maxChildren }: Config, whole: Config, inUse: InnerBudget | undefined) {
    const { accountOf, isForSeveral } = this.#options
    if (maxSessions >= whole.maxSessions && maxChildren >= whole.maxChildren)
      return { accountOf, budget: undefined }
    const budget = inUse ?? new InnerBudget({ sessions: maxSessions, children: maxChildren }, isForSeveral())
    return {
      accountOf: (principal: string, address?: string) => budget.account(accountOf(principal, address)),
      budget,
    }
  }
}

/** What a server is made of, but for what is set for single clients: its own options, and what holds for all. */
function fingerprintOf({ config, start }: On, whole: Config, needsClient: boolean): string {
  const own = ['command' as const, ...SERVER_KEYS].map((key) => config[key])
  const { toolsAllow, toolsDeny, readOnly } = whole
  // What the lock of tools holds is no part of it: what is accepted in the meantime holds without a new start.
  const texts = config.envFile.map(textOf)
  return JSON.stringify([own, start, [toolsAllow, toolsDeny, readOnly], needsClient, texts])
}

/** @throws BridgeError `config_invalid` for a file that cannot be read */
function lockOf(name: string, config: Config, events: Events, log: Logger): ToolLock | undefined {
  const { toolsLock: path, onToolChange: mode } = config
  return path === undefined ? undefined : new ToolLock({ path, server: name, mode, events }, log)
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
