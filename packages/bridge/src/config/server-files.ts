// config/server-files: what `servers` was given (files of clients, or a map in our own file) → entries by name.
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import {
  ClientFileError,
  CLIENTS,
  readClientFile,
  type Client,
  type ClientFile,
  type Entry,
} from '@mcp-bridge/client-file'
import { excerpt } from '../visible.ts'
import type { Environment } from './environment.ts'
import { clientServer, ownServer } from './server-entry.ts'
import { homeOf } from './server-text.ts'
import { SERVER_NAME, type RawServer } from './servers.ts'
import type { Origin } from './source.ts'
import { splitList } from './split.ts'

export interface ServersRead {
  servers: Record<string, RawServer>
  /** Files that were looked for. */
  files: string[]
  /** Of a whole file that cannot be read. */
  problems: string[]
  warnings: string[]
}

/**
 * Never throws, and shows no value: what is wrong with one entry is its `wrong`, what is wrong with a file a problem.
 *
 * @param value a name of a file, several, or of our own file the map below `servers`
 * @param configFile where such a map stands
 */
export function readServers(
  [value, origin]: readonly [unknown, Origin],
  { env, configFile = '' }: { env: Environment; configFile?: string | undefined },
): ServersRead {
  const read: ServersRead = { servers: {}, files: [], problems: [], warnings: [] }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const place = {
      env,
      inputs: [],
      isBare: false,
      workspace: undefined,
      folder: dirname(resolve(configFile)),
    }
    read.servers = Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, { origin, ...ownServer(each, place) }]),
    )
    return read
  }
  const paths: unknown[] = typeof value === 'string' ? splitList(value) : Array.isArray(value) ? value : []
  if (paths.length === 0 || !paths.every((path) => typeof path === 'string' && path !== '')) {
    read.problems.push(`${origin}: write the name of a file, or a map from names to options`)
    return read
  }
  read.files = paths.map(String)
  const merged = new Merged(read.warnings)
  for (const path of read.files) {
    const file = readFile(path, (what) => read.problems.push(`${origin}: ${what}`))
    if (file === undefined) continue
    if (file.entries.length === 0) read.warnings.push(`there is no server in ${path}`)
    merged.add(path, serversOf(file, path, env))
  }
  read.servers = merged.servers
  return read
}

function readFile(path: string, complain: (what: string) => void): ClientFile | undefined {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (error) {
    complain(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
    return undefined
  }
  try {
    const file = readClientFile(content, resolve(path))
    if (!/\.ya?ml$/i.test(path) || file.client !== 'vscode') return file
    complain(`${path} is a file of the bridge: give it with --config ${path}`)
  } catch (error) {
    if (!(error instanceof ClientFileError)) throw error
    const { message, hint } = error
    complain(hint === undefined ? message : `${message}: ${hint}`)
  }
  return undefined
}

function serversOf(file: ClientFile, path: string, env: Environment): [name: string, server: RawServer][] {
  // The settings in a home folder are those of every project.
  const workspace = file.workspace === homeOf(env) || file.workspace === '' ? undefined : file.workspace
  const { isBare = false }: Client = CLIENTS[file.client]
  const place = { env, inputs: file.inputs, isBare, workspace, folder: dirname(resolve(path)) }
  const taken = new Map<string, Entry>()
  const keys = new Set<string>()
  return file.entries.map((entry) => {
    const name = nameOf(entry)
    const other = taken.get(name.toLowerCase())
    const { notes: said = [], ...outcome } = clientServer(entry, place)
    const notes = [...said]
    const origin: Origin = `file ${path}`
    if (other !== undefined) {
      const wrong = `${labelOf(other)} has the same path: rename one of the two`
      return [unused(labelOf(entry), keys), { origin, wrong, notes }]
    }
    taken.set(name.toLowerCase(), entry)
    keys.add(name.toLowerCase())
    if (name !== entry.name)
      notes.push(
        `its name ${JSON.stringify(excerpt(entry.name, 80))} is no part of a path: it is ${name} here`,
      )
    return [name, { origin, notes, ...outcome }]
  })
}

/** By which people find it in the file. */
function labelOf({ name, project }: Entry): string {
  return project === undefined ? name : `${name} of ${project}`
}

/** It has no path; but what is wrong with it is listed under a name. */
function unused(label: string, keys: Set<string>): string {
  let key = label
  for (let count = 2; keys.has(key.toLowerCase()); count += 1) key = `${label} (${count})`
  keys.add(key.toLowerCase())
  return key
}

/** Its own, if that can stand in a path; else what is left of it, or of its program's name. */
function nameOf({ name, command }: Entry): string {
  if (SERVER_NAME.test(name)) return name
  const [runner = '', ...args] = command
  const program = (args.find((word) => !word.startsWith('-')) ?? runner).replace(/(?<=.)@[^/]*$/, '')
  return slugOf(name) || slugOf(program.split(/[\\/]/).at(-1) ?? '') || 'server'
}

function slugOf(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
}

/** Of a name that stands in two files the later counts. */
class Merged {
  readonly #byPath = new Map<string, { name: string; server: RawServer }>()
  readonly #warnings: string[]

  constructor(warnings: string[]) {
    this.#warnings = warnings
  }

  add(path: string, servers: readonly (readonly [string, RawServer])[]): void {
    for (const [name, server] of servers) {
      const before = this.#byPath.get(name.toLowerCase())
      if (before !== undefined)
        this.#warnings.push(`${name} of ${path} is served in place of that of ${fileOf(before.server)}`)
      const notes = before === undefined ? [] : [`in place of that of ${fileOf(before.server)}`]
      // Its place in the list is that of the file which counts.
      this.#byPath.delete(name.toLowerCase())
      this.#byPath.set(name.toLowerCase(), {
        name,
        server: { ...server, notes: [...(server.notes ?? []), ...notes] },
      })
    }
  }

  get servers(): Record<string, RawServer> {
    return Object.fromEntries([...this.#byPath.values()].map(({ name, server }) => [name, server]))
  }
}

function fileOf({ origin }: RawServer): string {
  return origin.replace(/^file /, '')
}
