// access/tokens: who is calling, by bearer token or API key.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { BridgeError } from '../errors.ts'
import { headerText } from '../encoding.ts'
import { ANONYMOUS, isReserved } from './principals.ts'

/** A token by its hash: the tokens themselves are not kept. */
interface KnownToken {
  name: string
  hash: Buffer
  /** The same as text. */
  tokenHash: string
}

/** Who calls, and by which token: a session that it opens ends with it. */
export interface Identity {
  principal: string
  tokenHash: string | undefined
}

/** The tokens in force; replaced as a whole when the file changes. */
export class Tokens {
  /** Whether anybody needs a token: once one does, nobody ever gets in without, also when none is left. */
  readonly areNeeded: boolean
  #known: readonly KnownToken[]

  constructor(tokens: ReadonlyMap<string, string>) {
    this.#known = hashed(tokens)
    this.areNeeded = tokens.size > 0
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#known.map(({ name }) => name))
  }

  replace(tokens: ReadonlyMap<string, string>): void {
    this.#known = hashed(tokens)
  }

  /** Whether the token that somebody came with still is one, and still theirs. */
  isInForce({ principal, tokenHash }: Identity): boolean {
    if (!this.areNeeded) return true
    return this.#known.some((known) => known.tokenHash === tokenHash && known.name === principal)
  }

  /**
   * Who is calling.
   *
   * @throws BridgeError `unauthorized`
   */
  identify({ headers }: Pick<IncomingMessage, 'headers'>): Identity {
    if (!this.areNeeded) return NOBODY
    const token = presented(headers)
    if (token === undefined) throw new BridgeError('unauthorized', 'a token is needed')
    const hash = digest(token)
    // Every known token is compared, in constant time each: how long it takes tells nothing.
    let found: KnownToken | undefined
    for (const known of this.#known) if (timingSafeEqual(known.hash, hash)) found = known
    if (found === undefined) throw new BridgeError('unauthorized', 'this token is not known')
    return { principal: found.name, tokenHash: found.tokenHash }
  }
}

const NOBODY: Identity = { principal: ANONYMOUS, tokenHash: undefined }

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

function presented(headers: IncomingMessage['headers']): string | undefined {
  const [, bearer] = /^Bearer +(\S+)[ \t]*$/i.exec(headerText(headers.authorization ?? '')) ?? []
  const key = headers['x-api-key']
  return bearer ?? (typeof key === 'string' ? headerText(key) : undefined)
}

function hashed(tokens: ReadonlyMap<string, string>): KnownToken[] {
  return [...tokens].map(([token, name]) => {
    const hash = digest(token)
    return { name, hash, tokenHash: hash.toString('base64') }
  })
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
