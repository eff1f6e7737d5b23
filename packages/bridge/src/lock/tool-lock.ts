// lock/tool-lock: the accepted tools of one server while it is served, and what was seen to differ from them.
import { statSync } from 'node:fs'
import { toBridgeError } from '../errors.ts'
import type { Events } from '../telemetry/events.ts'
import type { Logger } from '../telemetry/logger.ts'
import { excerpt } from '../visible.ts'
import { hashOf, type Tool } from './definition.ts'
import { byName, differenceOf, removedTool, type Difference, type ToolChange } from './difference.ts'
import { readLock, type Accepted } from './file.ts'
import { namesOf } from './suspicions.ts'

export interface ToolLockOptions {
  path: string
  /** Of several servers; empty for the only one. */
  server: string
  mode: 'refuse' | 'report'
  events: Events
}

/** A tool that says something else each time is told so often, and of so many tools what differs is kept. */
const MOST_TOLD = 10
const MOST_KEPT = 500
const MOST_NAMED = 20
/** Of a difference in the log; `mcp-bridge tools diff` shows all. */
const MOST_LINES = 20
const LINE_LENGTH = 300

export class ToolLock {
  readonly mode: ToolLockOptions['mode']
  readonly #options: ToolLockOptions
  readonly #log: Logger
  #accepted: Accepted
  /** Of the file as it was read. */
  #version: string
  /** What was seen last of each tool that differs, by name. */
  readonly #changes = new Map<string, ToolChange>()
  /** What was accepted and was not in the last list that was read to its end, nor has passed since. */
  #absent = new Set<string>()
  /** Of those that are judged before each call. */
  readonly #hashes = new WeakMap<Tool, string>()
  /** By name: the hashes that were told. */
  readonly #told = new Map<string, Set<string>>()

  /** @throws BridgeError `config_invalid` for a file that cannot be read */
  constructor(options: ToolLockOptions, log: Logger) {
    this.mode = options.mode
    this.#options = options
    this.#log = log
    this.#version = versionOf(options.path)
    this.#accepted = this.#read()
  }

  /** Whether a tool is exactly as it was accepted. */
  admits(tool: Tool): boolean {
    this.#absent.delete(tool.name)
    const hash = this.#hashes.get(tool) ?? hashOf(tool)
    this.#hashes.set(tool, hash)
    this.#refresh()
    if (this.#accepted.get(tool.name)?.hash === hash) return true
    // Told already: what it comes to is not worked out for every list that goes by.
    if (this.#changes.get(tool.name)?.hash !== hash) this.#note(tool)
    return false
  }

  /** Whether a tool of this name was accepted, whatever it says now. */
  knows(name: string): boolean {
    this.#refresh()
    return this.#accepted.has(name)
  }

  /** Tells of those that differ; `tools` are all that one client is offered. What is missing may be for others, and is no alarm. */
  compare(tools: readonly Tool[]): void {
    for (const tool of tools) this.admits(tool)
    const names = new Set(tools.map(({ name }) => name))
    this.#absent = new Set([...this.#accepted.keys()].filter((name) => !names.has(name)))
  }

  /** What was seen to differ and has not been accepted since, by name; and what is not there. */
  get differences(): Difference[] {
    const changes = this.#present()
    const absent = [...this.#absent].filter((name) => this.#accepted.has(name))
    return byName([...changes, ...absent.map((name) => removedTool(this.#accepted, name))])
  }

  /** The same in a sentence; undefined where there is nothing. */
  get concern(): string | undefined {
    const names = byName(this.#present()).map(({ tool }) => excerpt(tool))
    if (names.length === 0) return undefined
    const shown = names.slice(0, MOST_NAMED).join(', ') + (names.length > MOST_NAMED ? ', …' : '')
    return `${names.length === 1 ? 'a tool is' : 'tools are'} not as accepted: ${shown}`
  }

  #present(): ToolChange[] {
    this.#refresh()
    return [...this.#changes.values()]
  }

  #note(present: Tool): void {
    if (this.#changes.size >= MOST_KEPT && !this.#changes.has(present.name)) return
    const names = namesOf([...this.#accepted.values()].map(({ definition }) => definition))
    const change = differenceOf(this.#accepted, present, names)
    if (change === undefined) return
    this.#changes.set(present.name, change)
    const { kind, tool, hash, lines, odd } = change
    const told = this.#told.get(tool) ?? new Set()
    this.#told.set(tool, told)
    if (told.has(hash) || told.size >= MOST_TOLD) return
    told.add(hash)
    const isRefused = this.mode === 'refuse'
    this.#options.events.toolChange({ type: kind, tool: excerpt(tool), hash, isRefused })
    const difference = lines.slice(0, MOST_LINES).map((line) => excerpt(line, LINE_LENGTH))
    this.#log.warn(
      { tool: excerpt(tool), change: kind, isRefused, difference, ...(odd.length > 0 && { odd }) },
      'tool differs from what was accepted',
    )
  }

  /** What was accepted or withdrawn in the meantime holds at once: a look at the file costs two microseconds. */
  #refresh(): void {
    const version = versionOf(this.#options.path)
    if (version === this.#version) return
    this.#version = version
    try {
      this.#accepted = this.#read()
    } catch (thrown) {
      this.#log.error({ reason: toBridgeError(thrown).message }, 'what was accepted before holds on')
      return
    }
    this.#told.clear()
    for (const [name, { hash }] of this.#changes)
      if (this.#accepted.get(name)?.hash === hash) this.#changes.delete(name)
  }

  /** One that the file does not name has had nothing accepted. */
  #read(): Accepted {
    const { path, server } = this.#options
    return readLock(path).get(server) ?? new Map()
  }
}

function versionOf(path: string): string {
  const { mtimeMs, size, ino } = statSync(path, { throwIfNoEntry: false }) ?? {}
  return `${mtimeMs} ${size} ${ino}`
}
