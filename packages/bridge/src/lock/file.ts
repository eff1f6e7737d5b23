// lock/file: the file of accepted tools: read, checked and written so that a diff of it can be read.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { BridgeError } from '../errors.ts'
import { isRecord, listOf, recordOf, type Members } from '../rpc/content.ts'
import { parseExact } from '../rpc/exact.ts'
import { excerpt, visibleJson } from '../visible.ts'
import { canonical, hashOf, type Tool } from './definition.ts'
import { namesOf, suspicionsOf } from './suspicions.ts'

/** What was accepted of one server: its tools, by name. */
export type Accepted = ReadonlyMap<string, AcceptedTool>

export interface AcceptedTool {
  readonly hash: string
  readonly definition: Tool
}

/** By name of the server; that of the only one is empty. */
export type LockFile = ReadonlyMap<string, Accepted>

const VERSION = 1

/** @throws BridgeError `config_invalid` for what cannot be read, or does not fit its own hashes */
export function readLock(path: string): LockFile {
  return parseLock(readText(path), path)
}

/** None where there is no file yet. Throws likewise. */
export function readLockIfThere(path: string): LockFile | undefined {
  try {
    return readLock(path)
  } catch (error) {
    if (error instanceof BridgeError && (error.cause as NodeJS.ErrnoException)?.code === 'ENOENT')
      return undefined
    throw error
  }
}

/** As a whole or not at all: a bridge may be reading it. */
export function writeLock(path: string, lock: LockFile): void {
  const draft = `${path}.${process.pid}.tmp`
  try {
    writeFileSync(draft, lockText(lock))
    renameSync(draft, path)
  } catch (cause) {
    throw wrong(path, `cannot be written: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`, cause)
  }
}

/** The same text for the same tools, whatever their order. */
export function lockText(lock: LockFile): string {
  const only = lock.size === 1 ? lock.get('') : undefined
  const content =
    only === undefined
      ? { version: VERSION, servers: byName(lock, (accepted) => ({ tools: toolsOf(accepted) })) }
      : { version: VERSION, tools: toolsOf(only) }
  return `${visibleJson(JSON.stringify(content, undefined, 2))}\n`
}

export function acceptedOf(tools: readonly Tool[]): Accepted {
  return new Map(tools.map((tool) => [tool.name, { hash: hashOf(tool), definition: tool }]))
}

function parseLock(text: string, path: string): LockFile {
  let content: Members
  try {
    content = recordOf(parseExact(text))
  } catch (cause) {
    throw wrong(path, `is not JSON: ${(cause as Error).message}`, cause)
  }
  if (content['version'] !== VERSION)
    throw wrong(path, `is no lock of tools, or of another version than ${VERSION}`)
  const { servers, tools } = content
  if (isRecord(tools)) return new Map([['', acceptedIn(tools, path)]])
  if (!isRecord(servers)) throw wrong(path, 'has neither tools nor servers')
  return new Map(
    Object.entries(servers).map(([name, server]) => [
      name,
      acceptedIn(recordOf(recordOf(server)['tools']), path),
    ]),
  )
}

function acceptedIn(tools: Members, path: string): Accepted {
  return new Map(
    Object.entries(tools).map(([name, value]) => {
      const entry = recordOf(value)
      const { hash, description } = entry
      const text = Array.isArray(description) ? { description: listOf(description).join('\n') } : {}
      const definition = { ...recordOf(entry['definition']), ...text, name }
      // A merge that went wrong, or a text that somebody has changed by hand: nobody has accepted that.
      if (hash !== hashOf(definition)) throw wrong(path, `${excerpt(name)} does not fit its hash`)
      return [name, { hash, definition }]
    }),
  )
}

/** The description line by line, as people read it. */
function toolsOf(accepted: Accepted): Members {
  const names = namesOf([...accepted.values()].map(({ definition }) => definition))
  return byName(accepted, ({ hash, definition }) => {
    const { name: _name, description, ...rest } = definition
    // For whoever reads the file before it is used: nothing reads it from there.
    const suspicions = suspicionsOf(definition, names)
    const odd = suspicions.length === 0 ? {} : { odd: suspicions }
    return typeof description === 'string'
      ? { hash, ...odd, description: description.split('\n'), definition: canonical(rest) }
      : {
          hash,
          ...odd,
          definition: canonical({ ...rest, ...('description' in definition && { description }) }),
        }
  })
}

function byName<T>(map: ReadonlyMap<string, T>, written: (value: T) => unknown): Members {
  const names = [...map.keys()].toSorted()
  return Object.fromEntries(names.map((name) => [name, written(map.get(name) as T)]))
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw wrong(path, `cannot be read: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`, cause)
  }
}

function wrong(path: string, what: string, cause?: unknown): BridgeError {
  return new BridgeError('config_invalid', `the lock of tools ${path} ${what}`, {
    hint: 'write it anew with mcp-bridge check --lock, after a look at what the tools say',
    ...(cause !== undefined && { cause }),
  })
}
