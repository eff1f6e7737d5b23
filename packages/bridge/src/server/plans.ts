// server/plans: what an entry comes to when it is put in force: who may use it, at whose cost, and its tool.
import { readFileSync } from 'node:fs'
import { authenticateByToken, type TokenAuthentication } from '../access/authenticate.ts'
import { Profiles, type Caller } from '../access/caller.ts'
import type { Tokens } from '../access/tokens.ts'
import { InnerBudget } from '../budget/budget.ts'
import { SERVER_KEYS, type Config, type Server } from '../config/config.ts'
import type { Heartbeat } from '../http/heartbeat.ts'
import { Places } from '../lease/places.ts'
import { Events } from '../telemetry/events.ts'
import { logEvents } from '../telemetry/log-events.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Timings } from '../timings.ts'
import { Tool } from '../tool/tool.ts'
import type { Plan, Served } from './slot.ts'
import { wiresOf } from './wires.ts'

export interface PlansOptions {
  timings: Timings
  heartbeat: Heartbeat
  tokens: Tokens
  accountOf: TokenAuthentication['accountOf']
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
  of(name: string, server: On, whole: Config): Plan {
    const { timings, tokens, heartbeat } = this.#options
    const { config } = server
    const isInForce = (caller: Caller) => tokens.isInForce(caller)
    const log = name === '' ? this.#log : this.#log.child({ server: name })
    const { toolsAllow, toolsDeny, readOnly } = whole
    const scope = name === '' ? undefined : { name, filter: { toolsAllow, toolsDeny, readOnly } }
    const profiles = new Profiles(whole, log, scope)
    const { headerEnv } = config
    const { accountOf, budget } = this.#accountsOf(config, whole)
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
  #accountsOf({ maxSessions, maxChildren }: Config, whole: Config) {
    const { accountOf, isForSeveral } = this.#options
    if (maxSessions >= whole.maxSessions && maxChildren >= whole.maxChildren)
      return { accountOf, budget: undefined }
    const budget = new InnerBudget({ sessions: maxSessions, children: maxChildren }, isForSeveral())
    return {
      accountOf: (principal: string, address?: string) => budget.account(accountOf(principal, address)),
      budget,
    }
  }
}

/** What a server is made of: its own options, what holds for all, and what is set for each client there. */
export function fingerprintOf(name: string, { config, start }: On, { clients, ...whole }: Config): string {
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
