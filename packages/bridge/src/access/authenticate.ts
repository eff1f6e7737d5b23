// access/authenticate: the headers of a request → its caller, at once or after a look-up.
import type { IncomingMessage } from 'node:http'
import type { Account } from '../budget/budget.ts'
import { headerText } from '../encoding.ts'
import { addressOf } from './address.ts'
import type { Caller, Profiles } from './caller.ts'
import type { Tokens } from './tokens.ts'

/**
 * Who is calling. At once where everything is known, since a promise for each request costs; a promise where somebody has
 * to be asked.
 *
 * @throws BridgeError `unauthorized`, or rejects with it
 */
export type Authenticate = (req: IncomingMessage) => Caller | Promise<Caller>

export interface TokenAuthentication {
  tokens: Tokens
  profiles: Profiles
  /** Which headers become which variables of the caller's processes (`--header-env`). */
  headerEnv: readonly { header: string; name: string }[]
  accountOf(principal: string, remoteAddress: string | undefined): Account
}

/** Callers are known by their token. What the operator has set for a principal wins over its headers. */
export function authenticateByToken({
  tokens,
  profiles,
  headerEnv,
  accountOf,
}: TokenAuthentication): (req: IncomingMessage) => Caller {
  return (req) => {
    const { principal, tokenHash } = tokens.identify(req)
    const { env: own, filters } = profiles.of(principal)
    const env = headerEnv.length === 0 ? own : { ...environmentOf(req.headers, headerEnv), ...own }
    return { principal, tokenHash, env, filters, account: accountOf(principal, addressOf(req)) }
  }
}

function environmentOf(
  headers: IncomingMessage['headers'],
  headerEnv: TokenAuthentication['headerEnv'],
): Record<string, string> {
  const env: Record<string, string> = {}
  for (const { header, name } of headerEnv) {
    const value = headers[header]
    if (typeof value === 'string' && value !== '') env[name] = headerText(value)
  }
  return env
}
