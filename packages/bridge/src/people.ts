// people: what each client that has a name brings along: its environment, its tools, its token.
import { readEnvFiles } from './child/environment.ts'
import { crossCheck, type Config } from './config/schema.ts'
import { BridgeError } from './errors.ts'
import { idleGlobs } from './globs.ts'
import type { Logger } from './telemetry/logger.ts'
import { DEFAULT_NAME } from './access/principals.ts'
import type { ToolFilter } from './relay/interceptors/tool-filter.ts'

export interface Person {
  env: Readonly<Record<string, string>>
  filter: ToolFilter
}

/** By name; who is not in it has nothing of its own. Throws BridgeError `config_invalid` for a file that cannot be read. */
export function peopleOf({ clients }: Config, log: Logger): ReadonlyMap<string, Person> {
  return new Map(
    Object.entries(clients).map(([name, { env, envFile, ...filter }]) => [
      name,
      { env: { ...readEnvFiles(envFile, log), ...env }, filter },
    ]),
  )
}

/** Globs in lists of tools that mean no tool: a slip of the pen there admits what was to be denied. */
export function idleToolGlobs(
  { clients, ...all }: Config,
  tools: readonly string[],
): { option: 'tools-allow' | 'tools-deny'; glob: string; principal?: string }[] {
  const filters = [all, ...Object.entries(clients).map(([principal, client]) => ({ ...client, principal }))]
  return filters.flatMap(({ toolsAllow, toolsDeny, ...of }) => {
    const whose = 'principal' in of ? { principal: of.principal } : {}
    return [
      ...idleGlobs(toolsAllow, tools).map((glob) => ({ option: 'tools-allow' as const, glob, ...whose })),
      ...idleGlobs(toolsDeny, tools).map((glob) => ({ option: 'tools-deny' as const, glob, ...whose })),
    ]
  })
}

/**
 * Token → name, of all places a token can come from; `file` is what the token file says.
 *
 * @param isStart a person without a token is a mistake then; later it is one whose token was withdrawn
 * @throws BridgeError `config_invalid`
 */
export function tokensOf(
  config: Config,
  file: ReadonlyMap<string, string>,
  isStart: boolean,
): Map<string, string> {
  const tokens = new Map<string, string>()
  const problems: string[] = []
  const add = (token: string, name: string) => {
    const other = tokens.get(token)
    if (other !== undefined && other !== name) problems.push(`${other} and ${name} have the same token`)
    tokens.set(token, name)
  }
  if (config.token !== undefined) add(config.token, DEFAULT_NAME)
  for (const [token, name] of file) add(token, name)
  const inFile = new Set(file.values())
  for (const [name, { token }] of Object.entries(config.clients)) {
    if (token !== undefined) add(token, name)
    else if (isStart && !inFile.has(name))
      problems.push(`clients, ${name}: has no token, here or in the token file`)
  }
  if (problems.length > 0) throw new BridgeError('config_invalid', problems.join('\n'))
  // What the schema finds out from the options is found out once more from the tokens there are.
  const exposed = isStart && tokens.size === 0 ? crossCheck(config, false) : []
  if (exposed.length > 0)
    throw new BridgeError('config_invalid', exposed.map(({ message }) => message).join('\n'))
  return tokens
}

/** Names of the token file that `clients` does not know; where it knows nobody, nobody is missing. */
export function strangersIn(file: ReadonlyMap<string, string>, { clients }: Config): string[] {
  if (Object.keys(clients).length === 0) return []
  return [...new Set(file.values())].filter((name) => !Object.hasOwn(clients, name))
}
