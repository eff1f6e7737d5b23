// config/watch: files whose content has changed, however they were written.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

export interface FileWatchOptions {
  pollMs: number
  /** A program that rewrites a file may empty it first: it is read so long after a change. */
  settleMs: number
  changed(): void
}

/** Compares the content: a time stamp may stay the same, and an editor may put another file in the place of the first. */
export class FileWatch {
  readonly #options: FileWatchOptions
  #paths: readonly string[] = []
  /** What was seen last. */
  #digest: string | undefined
  #poll: NodeJS.Timeout | undefined
  #settling: NodeJS.Timeout | undefined

  constructor(options: FileWatchOptions) {
    this.#options = options
  }

  /** Reports changes from what these files hold now on. */
  watch(paths: readonly string[]): void {
    if (paths.join('\n') === this.#paths.join('\n')) return
    this.#paths = paths
    // At once: whoever has just read them must miss nothing that is written while somebody else has his turn.
    this.#digest = digestOf(paths.map(contentNow))
    this.#poll ??= setInterval(() => void this.#compare(), this.#options.pollMs).unref()
  }

  close(): void {
    clearInterval(this.#poll)
    clearTimeout(this.#settling)
    this.#poll = undefined
  }

  async #compare(): Promise<void> {
    const digest = await this.#look()
    if (digest === this.#digest || this.#settling !== undefined || this.#poll === undefined) return
    this.#settling = setTimeout(() => {
      this.#settling = undefined
      void this.#settle()
    }, this.#options.settleMs).unref()
  }

  async #settle(): Promise<void> {
    const digest = await this.#look()
    if (this.#poll === undefined) return
    this.#digest = digest
    this.#options.changed()
  }

  /** One that cannot be read is another than an empty one. */
  async #look(): Promise<string> {
    return digestOf(await Promise.all(this.#paths.map((path) => readFile(path).catch(() => undefined))))
  }
}

function contentNow(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

function digestOf(contents: readonly (Buffer | undefined)[]): string {
  const hash = createHash('sha256')
  for (const bytes of contents) {
    hash.update(`${bytes?.length ?? '-'}:`)
    if (bytes !== undefined) hash.update(bytes)
  }
  return hash.digest('base64')
}
