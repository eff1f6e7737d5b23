// access/caller: who is calling, and what the operator has set for a principal: its environment and its tools.
import type { Account } from '../budget/budget.ts'
import { readEnvFiles } from '../child/environment.ts'
import type { ClientConfig, ClientServer, Config } from '../config/config.ts'
import { idleGlobs } from '../globs.ts'
import { narrows, type ToolFilter } from '../relay/interceptors/tool-filter.ts'
import type { Logger } from '../telemetry/logger.ts'

/** Who is calling: a value, made once for each request, that goes with it to whatever it opens. */
export interface Caller {
  /** The name of its token, or `anonymous`. */
  readonly principal: string
  /** Of the token it came with: the sessions that it opens end with that token. */
  readonly tokenHash: string | undefined
  /** What it costs the bridge is charged to this. */
  readonly account: Account
  /** Variables for its processes, besides those that all get: from its headers and its profile. */
  readonly env: Readonly<Record<string, string>>
  /** Its own, besides those that hold for all. */
  readonly filters: readonly ToolFilter[]
}

/** What the operator has set for one principal, under its name in `clients`. */
export type Profile = Pick<Caller, 'env' | 'filters'>

/** Of several servers the one that is asked for, and what holds for all of them. */
export interface ServerScope {
  name: string
  filter: ToolFilter
}

/** What is set for whom, by principal. */
export class Profiles {
  readonly #byPrincipal: ReadonlyMap<string, Profile>
  /** Of whoever is not named in `clients`. */
  readonly #others: Profile
  /** They may not come here. */
  readonly #excluded: ReadonlySet<string>

  /** @throws BridgeError `config_invalid` for an env file that cannot be read */
  constructor({ clients }: Pick<Config, 'clients'>, log: Logger, scope?: ServerScope) {
    const filters = scope === undefined ? [] : [scope.filter]
    // A server may be called `constructor`, which every object has.
    const here = ({ servers = {} }: ClientConfig): ClientServer | undefined =>
      scope !== undefined && Object.hasOwn(servers, scope.name) ? servers[scope.name] : undefined
    const all = Object.entries(clients)
    this.#others = { env: {}, filters }
    this.#excluded = new Set(
      all.flatMap(([name, client]) =>
        client.servers === undefined || here(client) !== undefined || scope === undefined ? [] : name,
      ),
    )
    this.#byPrincipal = new Map(
      all.map(([name, client]) => {
        const given = [client, here(client)].filter((each) => each !== undefined)
        return [
          name,
          {
            env: Object.assign(
              {},
              ...given.map(({ env, envFile }) => ({ ...readEnvFiles(envFile, log), ...env })),
            ),
            filters: [
              ...filters,
              ...given
                .map(({ toolsAllow, toolsDeny, readOnly }) => ({ toolsAllow, toolsDeny, readOnly }))
                .filter(narrows),
            ],
          },
        ]
      }),
    )
  }

  of(principal: string): Profile {
    return this.#byPrincipal.get(principal) ?? this.#others
  }

  /** Whose environment or tools are others than there, or who may come here and not there, or the reverse. */
  differingFrom(other: Profiles): Set<string> {
    const names = [this, other].flatMap((each) => [...each.#byPrincipal.keys()])
    return new Set(names.filter((name) => this.#text(name) !== other.#text(name)))
  }

  #text(principal: string): string {
    return JSON.stringify([this.mayEnter(principal), this.of(principal)])
  }

  /** Whether this is still what is set for a caller who was let in before. */
  areThoseOf({ principal, filters }: Caller): boolean {
    return this.mayEnter(principal) && JSON.stringify(filters) === JSON.stringify(this.of(principal).filters)
  }

  /** Of several servers somebody may be kept to some. */
  mayEnter(principal: string): boolean {
    return !this.#excluded.has(principal)
  }

  /** All values that stand in an environment: credentials that no message may show. */
  get secrets(): string[] {
    return [...this.#byPrincipal.values()].flatMap(({ env }) => Object.values(env))
  }

  /** Some processes get variables that others do not get. */
  get haveEnv(): boolean {
    return this.secrets.length > 0
  }
}

/** Globs in lists of tools that match no tool: a typo there admits what was to be denied. */
export function idleToolGlobs(
  { clients, ...all }: Config,
  tools: readonly string[],
): { option: 'tools-allow' | 'tools-deny'; glob: string; principal?: string }[] {
  const idle = ({ toolsAllow, toolsDeny }: Omit<ToolFilter, 'readOnly'>, whose: { principal?: string }) => [
    ...idleGlobs(toolsAllow, tools).map((glob) => ({ option: 'tools-allow' as const, glob, ...whose })),
    ...idleGlobs(toolsDeny, tools).map((glob) => ({ option: 'tools-deny' as const, glob, ...whose })),
  ]
  const own = Object.entries(clients).flatMap(([principal, client]) => idle(client, { principal }))
  return [...idle(all, {}), ...own]
}
