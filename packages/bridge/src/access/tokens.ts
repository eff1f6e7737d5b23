// access/tokens: who is calling, by bearer token or API key.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { BridgeError } from '../errors.ts'
import { headerText } from '../encoding.ts'
import { ANONYMOUS, DEFAULT_NAME } from '../config/principals.ts'
import type { Config } from '../config/config.ts'
import { crossCheck } from '../config/cross-check.ts'

/** A token by its hash: the tokens themselves are not kept. */
interface KnownToken {
  name: string
  hash: Buffer
  /** The same as text. */
  tokenHash: string
}

/** Who is calling, by which token: a session ends with the token that opened it. */
export interface Identity {
  principal: string
  tokenHash: string | undefined
}

/** The tokens in force; replaced as a whole when the file changes. */
export class Tokens {
  /** Decided at the start: if there are tokens then, no request is let in without one, even after the last is revoked. */
  readonly areNeeded: boolean
  #known: readonly KnownToken[]

  constructor(tokens: ReadonlyMap<string, string>) {
    this.#known = hashed(tokens)
    this.areNeeded = tokens.size > 0
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#known.map(({ name }) => name))
  }

  /** Equal for a name whose tokens are. */
  get byName(): Record<string, string[]> {
    const groups = Map.groupBy(this.#known, ({ name }) => name)
    return Object.fromEntries(
      [...groups].map(([name, known]) => [name, known.map(({ tokenHash }) => tokenHash)]),
    )
  }

  replace(tokens: ReadonlyMap<string, string>): void {
    this.#known = hashed(tokens)
  }

  /** Whether the token is still valid, and still belongs to this principal. */
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
    if (!this.areNeeded) return UNIDENTIFIED
    const token = presented(headers)
    if (token === undefined) throw new BridgeError('unauthorized', 'a token is needed')
    const hash = digest(token)
    // Compares with every known token, each in constant time: the duration tells nothing.
    let found: KnownToken | undefined
    for (const known of this.#known) if (timingSafeEqual(known.hash, hash)) found = known
    if (found === undefined) throw new BridgeError('unauthorized', 'this token is not known')
    return { principal: found.name, tokenHash: found.tokenHash }
  }
}

const UNIDENTIFIED: Identity = { principal: ANONYMOUS, tokenHash: undefined }

/**
 * Token → name, of all places a token can come from; `file` is what the token file says.
 *
 * @param isStart a client without a token is an error then; on a reload it means that its token was revoked
 * @throws BridgeError `config_invalid`
 */
export function tokensOf(
  config: Config,
  file: ReadonlyMap<string, string>,
  isStart: boolean,
): Map<string, string> {
  const tokens = new Map<string, string>()
  const problems: string[] = []
  const add = (token: string, name: string) => {
    const other = tokens.get(token)
    if (other !== undefined && other !== name) problems.push(`${other} and ${name} have the same token`)
    tokens.set(token, name)
  }
  if (config.token !== undefined) add(config.token, DEFAULT_NAME)
  for (const [token, name] of file) add(token, name)
  const inFile = new Set(file.values())
  for (const [name, { token }] of Object.entries(config.clients)) {
    if (token !== undefined) add(token, name)
    else if (isStart && !inFile.has(name))
      problems.push(`clients, ${name}: has no token, here or in the token file`)
  }
  if (problems.length > 0) throw new BridgeError('config_invalid', problems.join('\n'))
  // The schema checked the options alone; only now is it known whether there are tokens.
  const exposed = isStart && tokens.size === 0 ? crossCheck(config, false) : []
  if (exposed.length > 0)
    throw new BridgeError('config_invalid', exposed.map(({ message }) => message).join('\n'))
  return tokens
}

/** Names of the token file that `clients` does not have; where it has none at all, none is missing. */
export function strangersIn(file: ReadonlyMap<string, string>, { clients }: Config): string[] {
  if (Object.keys(clients).length === 0) return []
  return [...new Set(file.values())].filter((name) => !Object.hasOwn(clients, name))
}

function presented(headers: IncomingMessage['headers']): string | undefined {
  // A gateway hands on what a person typed: LiteLLM 1.77.3 puts a `Bearer` in front of whatever it is, 1.108 puts none.
  const [, scheme, token] =
    /^((?:Bearer +){0,2})(\S+)[ \t]*$/i.exec(headerText(headers.authorization ?? '')) ?? []
  const header = headers['x-api-key']
  const key = typeof header === 'string' && header !== '' ? headerText(header) : undefined
  return scheme === '' ? (key ?? token) : (token ?? key)
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
