// exchange/request-state: what a client brings back with the answers to what it was asked: sealed, and good for one round.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { BridgeError } from '../errors.ts'
import { recordOf, type Members } from '../rpc/content.ts'

/** Which call a retry goes on with. */
export interface Ticket {
  /** The exchange that waits. */
  exchange: string
  /** How often it has asked. */
  round: number
}

/** Whose it is, and of what: neither is written in it, and both must be the same again. */
export interface Binding {
  owner: string
  request: string
}

/**
 * "`requestState` is attacker-controlled": it is sealed with a key that lives as long as the bridge, since the calls that
 * it names do so too.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr
 */
export class RequestStates {
  readonly #key = randomBytes(32)
  /** Of several replicas the name of the one that has the calls, and a dot. */
  readonly #prefix: string

  constructor(replica: string | undefined) {
    this.#prefix = replica === undefined ? '' : `${replica}.`
  }

  seal({ exchange, round }: Ticket, binding: Binding): string {
    const text = `${this.#prefix}${exchange}.${round}`
    return `${text}.${this.#mac(text, binding)}`
  }

  /** @throws BridgeError `request_state_invalid` */
  open(state: unknown, binding: Binding): Ticket {
    const [, text = '', exchange = '', round = '', mac = ''] =
      typeof state === 'string'
        ? (/^((?:[\w-]+\.)?([\w-]{1,64})\.(\d{1,9}))\.([\w-]{43})$/.exec(state) ?? [])
        : []
    if (text === '' || !timingSafeEqual(Buffer.from(mac), Buffer.from(this.#mac(text, binding))))
      throw unknownState()
    return { exchange, round: Number(round) }
  }

  #mac(text: string, { owner, request }: Binding): string {
    const mac = createHmac('sha256', this.#key)
    for (const part of [text, owner, request]) mac.update(`${part.length}:${part}`)
    return mac.digest('base64url')
  }
}

/** The exchange that a state names, and the replica that has it; nothing is said about whether the state is genuine. */
export function placeOf(state: unknown): { replica: string | undefined; exchange: string } | undefined {
  if (typeof state !== 'string') return undefined
  const [, replica, exchange] = /^(?:([\w-]{1,63})\.)?([\w-]{1,64})\.\d{1,9}\.[\w-]{43}$/.exec(state) ?? []
  return exchange === undefined ? undefined : { replica, exchange }
}

/** Nothing is said about which of the reasons it was. */
export function unknownState(): BridgeError {
  return new BridgeError('request_state_invalid', 'this requestState is unknown, used already, or too old')
}

/** What the same request has in common in each of its rounds. */
export function fingerprintOf(method: string, params: Members): string {
  const { _meta: _1, inputResponses: _2, requestState: _3, ...asked } = params
  return createHash('sha256')
    .update(JSON.stringify([method, sorted(asked)]))
    .digest('base64url')
}

/** Whoever writes a request anew may write its members in another order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  const members = Object.entries(recordOf(value)).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]))
}
