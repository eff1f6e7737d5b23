// cli/tool-locks: the tools of one or several servers against the file of those that were accepted.
import type { Config } from '../config/config.ts'
import { changeLines, differences } from '../lock/difference.ts'
import { acceptedOf, readLockIfThere, writeLock, type Accepted, type LockFile } from '../lock/file.ts'
import type { Tool } from '../lock/definition.ts'
import { readTools } from '../server/create.ts'
import { excerpt, visible } from '../visible.ts'
import { invalid } from './options.ts'

/** One server that is to be asked, and the file that holds what was accepted of it. */
export interface Locked {
  /** Empty for the only one. */
  server: string
  config: Config
  path: string
}

export type Differences = ReturnType<typeof differences>

/**
 * What is to be asked: the command, one of several servers, or all of them that can be started.
 *
 * @param path in place of that of each server
 * @throws BridgeError `config_invalid`
 */
export function lockedIn(
  config: Config,
  { name, path }: { name?: string | undefined; path?: string | undefined },
): Locked[] {
  const { servers } = config
  if (servers === undefined) {
    if (name === undefined) return [lockedOf('', config, path)]
    throw invalid(`there are no servers, and so no "${name}"`, 'name their file with --servers')
  }
  const all = Object.entries(servers).flatMap(([server, { config: own }]) =>
    own === undefined || (name !== undefined && name !== server) ? [] : [lockedOf(server, own, path)],
  )
  if (name === undefined || all.length > 0) return all
  throw invalid(`there is no server ${JSON.stringify(name)} that can be started`, 'see mcp-bridge servers')
}

function lockedOf(server: string, config: Config, given: string | undefined): Locked {
  const path = given ?? config.toolsLock
  if (path !== undefined) return { server, config, path }
  const whose = server === '' ? '' : ` of ${server}`
  throw invalid(
    `no file of the accepted tools${whose} is named`,
    'name it with --tools-lock, or in the config file',
  )
}

/** Undefined where nothing of this server has been accepted yet. Throws BridgeError `config_invalid`. */
export function acceptedAt({ path, server }: Locked): Accepted | undefined {
  return readLockIfThere(path)?.get(server)
}

/** @param only of these tools alone; all else stays as it was accepted */
export function accept({ path, server }: Locked, tools: readonly Tool[], only?: ReadonlySet<string>): void {
  const before: LockFile = readLockIfThere(path) ?? new Map()
  // A file of one command names no server, and that of several has no nameless one.
  const others = [...before].filter(([name]) => (name === '') === (server === ''))
  const now = acceptedOf(tools)
  const kept = before.get(server) ?? new Map()
  const taken: Accepted =
    only === undefined
      ? now
      : new Map(
          [...new Set([...kept.keys(), ...now.keys()])].flatMap((name) => {
            const entry = only.has(name) ? now.get(name) : kept.get(name)
            return entry === undefined ? [] : [[name, entry] as const]
          }),
        )
  writeLock(path, new Map([...others, [server, taken]]))
}

export function compared(accepted: Accepted | undefined, tools: readonly Tool[]): Differences {
  return differences(accepted ?? new Map(), tools)
}

/** For people; nothing where nothing differs. */
export function differenceText(server: string, found: Differences): string {
  if (found.length === 0) return ''
  const head = server === '' ? [] : [`${excerpt(server)}:`]
  return [...head, ...found.flatMap(changeLines), ''].join('\n')
}

/**
 * Accepts the tools of servers of which nothing has been accepted yet. What differs from what was is shown, on stderr: stdout
 * may be JSON. Gives the exit code.
 */
export async function record(config: Config, path: string, name?: string): Promise<0 | 1> {
  let code: 0 | 1 = 0
  for (const locked of lockedIn(config, { name, path })) {
    const accepted = acceptedAt(locked)
    const tools = await readTools(locked.config).catch(() => undefined)
    // Why it could not be asked is told by the check itself.
    if (tools === undefined) {
      code = 1
      continue
    }
    const changes = accepted === undefined ? [] : compared(accepted, tools)
    if (accepted === undefined) {
      accept(locked, tools)
      say(locked, `${tools.length} tools recorded in ${path}`)
    } else if (changes.length === 0) say(locked, `as accepted in ${path}`)
    else {
      code = 1
      process.stderr.write(differenceText(locked.server, changes))
      say(locked, `not as accepted in ${path}: mcp-bridge tools accept takes it`)
    }
  }
  return code
}

function say({ server }: Locked, what: string): void {
  process.stderr.write(`${server === '' ? '' : `${excerpt(server)}: `}${visible(what)}\n`)
}
