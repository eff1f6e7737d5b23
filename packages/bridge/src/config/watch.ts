// config/watch: files whose content has changed, however they were written.
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'

export interface FileWatchOptions {
  pollMs: number
  /** A program that rewrites a file may empty it first: it is read so long after a change. */
  settleMs: number
  changed(): void
}

/** Compares the content: a time stamp may stay the same, and an editor may put another file in the place of the first. */
export class FileWatch {
  readonly #options: FileWatchOptions
  /** Path → what was seen there last: a hash, since what is watched may be secret. */
  #seen = new Map<string, string>()
  #poll: NodeJS.Timeout | undefined
  #settling: NodeJS.Timeout | undefined

  constructor(options: FileWatchOptions) {
    this.#options = options
  }

  /** Which files these are. Those that are new among them are looked at now, the others are known as they were seen. */
  watch(paths: readonly string[]): void {
    this.#seen = new Map(paths.map((path) => [path, this.#seen.get(path) ?? lookNow(path)]))
  }

  /** To be called before they are read for another reason: that must not be told again, and what is written later must. */
  lookNow(): void {
    for (const path of this.#seen.keys()) this.#seen.set(path, lookNow(path))
  }

  begin(): void {
    this.#poll ??= setInterval(() => void this.#compare(), this.#options.pollMs).unref()
  }

  close(): void {
    clearInterval(this.#poll)
    clearTimeout(this.#settling)
    this.#poll = undefined
  }

  async #compare(): Promise<void> {
    if (!(await this.#hasChanged()) || this.#settling !== undefined || this.#poll === undefined) return
    this.#settling = setTimeout(() => {
      this.#settling = undefined
      void this.#settle()
    }, this.#options.settleMs).unref()
  }

  async #settle(): Promise<void> {
    if (!(await this.#hasChanged()) || this.#poll === undefined) return
    this.lookNow()
    this.#options.changed()
  }

  async #hasChanged(): Promise<boolean> {
    const all = await Promise.all(
      [...this.#seen.keys()].map(async (path) => [path, await look(path)] as const),
    )
    // As it is known by now: it may have been read meanwhile.
    return all.some(([path, now]) => this.#seen.has(path) && this.#seen.get(path) !== now)
  }
}

const UNREADABLE = ''
/** A pipe can be read once: the next read would wait, or see an empty file. */
const NO_FILE = '-'

async function look(path: string): Promise<string> {
  try {
    return (await stat(path)).isFile() ? digestOf(await readFile(path)) : NO_FILE
  } catch {
    return UNREADABLE
  }
}

function lookNow(path: string): string {
  try {
    return statSync(path).isFile() ? digestOf(readFileSync(path)) : NO_FILE
  } catch {
    return UNREADABLE
  }
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64')
}
