// access/caller: who is calling, and what the operator has set for a principal: its environment and its tools.
import type { Account } from '../budget/budget.ts'
import { readEnvFiles } from '../child/environment.ts'
import type { Config } from '../config/config.ts'
import { idleGlobs } from '../globs.ts'
import type { ToolFilter } from '../relay/interceptors/tool-filter.ts'
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

/** Nothing is set for whoever is not named in `clients`. */
const NO_PROFILE: Profile = { env: {}, filters: [] }

/** What is set for whom, by principal. */
export class Profiles {
  readonly #byPrincipal: ReadonlyMap<string, Profile>

  /** @throws BridgeError `config_invalid` for an env file that cannot be read */
  constructor({ clients }: Pick<Config, 'clients'>, log: Logger) {
    this.#byPrincipal = new Map(
      Object.entries(clients).map(([name, { env, envFile, toolsAllow, toolsDeny, readOnly }]) => [
        name,
        {
          env: { ...readEnvFiles(envFile, log), ...env },
          filters: [{ toolsAllow, toolsDeny, readOnly }],
        },
      ]),
    )
  }

  of(principal: string): Profile {
    return this.#byPrincipal.get(principal) ?? NO_PROFILE
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
