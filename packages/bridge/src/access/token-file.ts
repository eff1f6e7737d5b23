// access/token-file: what the token file says, read again whenever it changes.
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isReserved } from '../config/principals.ts'
import { fileText } from '../encoding.ts'
import { BridgeError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface TokenFileOptions {
  path: string
  /** Puts these in force, token → name, in place of all that the file has said before. Throws `config_invalid`. */
  take(tokens: ReadonlyMap<string, string>): void
  pollMs: number
  /** Whoever writes a file anew may empty it first. */
  settleMs: number
  /** Whoever puts another in its place may remove it first; its tokens stay in force for so long. */
  graceMs: number
}

/**
 * Whoever is not in the file is out: an empty one lets nobody in, and one that cannot be read neither, once it has had its
 * grace. One that is wrong changes nothing, for what it means cannot be known. The log says each.
 */
export class TokenFile {
  /** What it said at first. */
  readonly initial: ReadonlyMap<string, string>
  /** Why nobody of the file is let in, if that is so and nobody wished it. */
  problem: string | undefined
  readonly #options: TokenFileOptions
  readonly #log: Logger
  readonly #isRegular: boolean
  /** Of what was read last, since tokens are not kept; undefined if it could not be read. */
  #digest: string | undefined
  #poll: NodeJS.Timeout | undefined
  #settling: NodeJS.Timeout | undefined
  #grace: NodeJS.Timeout | undefined

  /** @throws BridgeError `config_invalid`: a file that holds no token is a mistake at a start */
  constructor(options: TokenFileOptions, log: Logger) {
    this.#options = options
    this.#log = log
    const { path } = options
    let bytes: Buffer
    try {
      this.#isRegular = statSync(path).isFile()
      bytes = readFileSync(path)
    } catch (cause) {
      const hint = 'correct --token-file'
      throw new BridgeError('config_invalid', `the token file ${path} cannot be read`, { cause, hint })
    }
    this.#digest = digestOf(bytes)
    this.initial = parseTokenFile(fileText(bytes), path)
    if (this.initial.size === 0) {
      const hint = 'write one name:token on each line'
      throw new BridgeError('config_invalid', `${path} holds no token`, { hint })
    }
  }

  /** By what it says, not by its time: that may stay, or change between two looks, and a missed change lets somebody in. */
  watch(): void {
    // A pipe says what it says once; who reads it again waits, or takes its end for an empty file.
    if (!this.#isRegular) return
    this.#poll = setInterval(() => void this.#look(), this.#options.pollMs).unref()
  }

  /** Reads it now. */
  reload(): void {
    if (!this.#isRegular) return
    const { path, take, graceMs } = this.#options
    let bytes: Buffer
    try {
      bytes = readFileSync(path)
    } catch (err) {
      this.#digest = undefined
      if (this.problem === undefined) this.#grace ??= setTimeout(this.#giveUp, graceMs).unref()
      this.#log.error({ err, path }, 'token file cannot be read')
      return
    }
    this.#digest = digestOf(bytes)
    clearTimeout(this.#grace)
    this.#grace = undefined
    try {
      const tokens = parseTokenFile(fileText(bytes), path)
      take(tokens)
      this.problem = undefined
      if (tokens.size === 0) this.#log.warn({ path }, 'token file is empty: nobody of it is let in')
    } catch (err) {
      this.#log.error({ err, path }, 'token file not taken over')
    }
  }

  close(): void {
    clearInterval(this.#poll)
    clearTimeout(this.#settling)
    clearTimeout(this.#grace)
    this.#poll = undefined
  }

  async #look(): Promise<void> {
    const digest = await readFile(this.#options.path).then(digestOf, () => undefined)
    if (digest === this.#digest || this.#settling !== undefined || this.#poll === undefined) return
    this.#settling = setTimeout(() => {
      this.#settling = undefined
      this.reload()
    }, this.#options.settleMs).unref()
  }

  readonly #giveUp = (): void => {
    const { path, take } = this.#options
    this.#grace = undefined
    this.problem = `the token file ${path} cannot be read`
    this.#log.error({ path }, 'token file cannot be read: nobody of it is let in any more')
    take(new Map())
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

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64')
}
