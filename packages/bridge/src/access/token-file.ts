// access/token-file: what the token file says, read again whenever it changes.
import { readFileSync, statSync } from 'node:fs'
import { isReserved } from '../config/principals.ts'
import { FileWatch, type FileWatchOptions } from '../config/watch.ts'
import { fileText } from '../encoding.ts'
import { BridgeError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface TokenFileOptions extends Omit<FileWatchOptions, 'changed'> {
  path: string
  /** Puts these in force, token → name, in place of all that the file has said before. Throws `config_invalid`. */
  take(tokens: ReadonlyMap<string, string>): void
  /** A program that replaces the file may remove it first: its tokens stay in force for so long. */
  graceMs: number
}

/**
 * The tokens in the file are those in force. An empty file lets nobody in; one that cannot be read lets nobody in after its
 * grace; one with a wrong line changes nothing, since its meaning is unknown. Each is logged.
 */
export class TokenFile {
  /** Token → name, as read at the start. */
  readonly initial: ReadonlyMap<string, string>
  /** Why no token of the file is in force, if the operator did not mean it so. */
  problem: string | undefined
  readonly #options: TokenFileOptions
  readonly #log: Logger
  readonly #isRegular: boolean
  #inForce: ReadonlyMap<string, string>
  readonly #watch: FileWatch
  #grace: NodeJS.Timeout | undefined

  /** @throws BridgeError `config_invalid`, also for a file without tokens: at a start that is a mistake */
  constructor(options: TokenFileOptions, log: Logger) {
    this.#options = options
    this.#log = log
    const { path } = options
    this.#watch = new FileWatch({ ...options, changed: () => this.#read() })
    let bytes: Buffer
    try {
      this.#isRegular = statSync(path).isFile()
      this.#watch.watch([path])
      bytes = readFileSync(path)
    } catch (cause) {
      const hint = 'correct --token-file'
      throw new BridgeError('config_invalid', `the token file ${path} cannot be read`, { cause, hint })
    }
    this.initial = parseTokenFile(fileText(bytes), path)
    if (this.initial.size === 0) {
      const hint = 'write one name:token on each line'
      throw new BridgeError('config_invalid', `${path} holds no token`, { hint })
    }
    this.#inForce = this.initial
  }

  watch(): void {
    this.#watch.begin()
  }

  /** Token → name. */
  get inForce(): ReadonlyMap<string, string> {
    return this.#inForce
  }

  /** Token → name, as `reload` would put them in force now. */
  get next(): ReadonlyMap<string, string> {
    try {
      const { path } = this.#options
      // A pipe can be read once.
      if (this.#isRegular) return parseTokenFile(fileText(readFileSync(path)), path)
    } catch {
      // `reload` says why.
    }
    return this.#inForce
  }

  /** Reads it now. What else says who may come may have changed: what cannot be taken over leaves in force what was. */
  reload(): void {
    this.#watch.lookNow()
    if (!this.#isRegular || !this.#read()) this.#take(() => this.#inForce)
  }

  /** Whether it is in force now. */
  #read(): boolean {
    const { path, graceMs } = this.#options
    let bytes: Buffer
    try {
      bytes = readFileSync(path)
    } catch (err) {
      if (this.problem === undefined) this.#grace ??= setTimeout(this.#giveUp, graceMs).unref()
      this.#log.error({ err, path }, 'token file cannot be read')
      return false
    }
    clearTimeout(this.#grace)
    this.#grace = undefined
    if (!this.#take(() => parseTokenFile(fileText(bytes), path))) return false
    this.problem = undefined
    if (this.#inForce.size === 0) this.#log.warn({ path }, 'token file is empty: nobody of it is let in')
    return true
  }

  #take(read: () => ReadonlyMap<string, string>): boolean {
    const { path, take } = this.#options
    try {
      const tokens = read()
      take(tokens)
      this.#inForce = tokens
      return true
    } catch (err) {
      this.#log.error({ err, path }, 'token file not taken over')
      return false
    }
  }

  close(): void {
    this.#watch.close()
    clearTimeout(this.#grace)
  }

  readonly #giveUp = (): void => {
    const { path, take } = this.#options
    this.#grace = undefined
    this.problem = `the token file ${path} cannot be read`
    this.#log.error({ path }, 'token file cannot be read: nobody of it is let in any more')
    this.#inForce = new Map()
    take(this.#inForce)
  }
}

/**
 * Lines `name:token`; blank lines and lines that begin with # are skipped. Token → name. A file of nothing else is empty,
 * and so is the map.
 *
 * @throws BridgeError `config_invalid`, which names the line but never shows it
 */
export function parseTokenFile(text: string, path: string): Map<string, string> {
  const tokens = new Map<string, string>()
  const problems: string[] = []
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const [, name, token] = /^([A-Za-z0-9._@-]+):(\S+)$/.exec(line) ?? []
    if (name === undefined || token === undefined) problems.push(`${path}:${i + 1} is not "name:token"`)
    else if (isReserved(name)) problems.push(`${path}:${i + 1}: the name ${name} is taken`)
    else if (tokens.has(token)) problems.push(`${path}:${i + 1} repeats a token`)
    else tokens.set(token, name)
  }
  if (problems.length > 0)
    throw new BridgeError('config_invalid', problems.join('\n'), {
      hint: 'write one name:token on each line',
    })
  return tokens
}
