// gate/auth: who is calling, by bearer token or API key.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { BridgeError } from '../errors.ts'
import { headerText } from '../encoding.ts'

/** A token by its hash: the tokens themselves are not kept. */
interface KnownToken {
  name: string
  hash: Buffer
}

/** The name of a caller where no token is asked for. */
export const ANONYMOUS = 'anonymous'
/** The name of the caller that has the token of `--token`. */
export const DEFAULT_NAME = 'default'

/** The tokens in force; replaced as a whole when the file changes. */
export class Tokens {
  #known: readonly KnownToken[]

  constructor(tokens: ReadonlyMap<string, string>) {
    this.#known = hashed(tokens)
  }

  get isEmpty(): boolean {
    return this.#known.length === 0
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#known.map(({ name }) => name))
  }

  replace(tokens: ReadonlyMap<string, string>): void {
    this.#known = hashed(tokens)
  }

  /**
   * The name of the caller.
   *
   * @throws BridgeError `unauthorized`
   */
  principalOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
    if (this.isEmpty) return ANONYMOUS
    const token = presented(headers)
    if (token === undefined) throw new BridgeError('unauthorized', 'a token is needed')
    const hash = digest(token)
    // Every known token is compared, in constant time each: how long it takes tells nothing.
    let name: string | undefined
    for (const known of this.#known) if (timingSafeEqual(known.hash, hash)) name = known.name
    if (name === undefined) throw new BridgeError('unauthorized', 'this token is not known')
    return name
  }
}

/**
 * Lines `name:token`; blank lines and lines that begin with # are skipped. Token → name.
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
    else if (tokens.has(token)) problems.push(`${path}:${i + 1} repeats a token`)
    else tokens.set(token, name)
  }
  if (tokens.size === 0 && problems.length === 0) problems.push(`${path} holds no token`)
  if (problems.length > 0)
    throw new BridgeError('config_invalid', problems.join('\n'), {
      hint: 'write one name:token on each line',
    })
  return tokens
}

function presented(headers: IncomingMessage['headers']): string | undefined {
  const [, bearer] = /^Bearer +(\S+)\s*$/i.exec(headerText(headers.authorization ?? '')) ?? []
  const key = headers['x-api-key']
  return bearer ?? (typeof key === 'string' ? headerText(key) : undefined)
}

function hashed(tokens: ReadonlyMap<string, string>): KnownToken[] {
  return [...tokens].map(([token, name]) => ({ name, hash: digest(token) }))
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
