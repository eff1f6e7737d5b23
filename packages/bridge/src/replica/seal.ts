// replica/seal: what one replica says to another with a request that it passes on, and that nobody else can say.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileText } from '../encoding.ts'
import { BridgeError } from '../errors.ts'

/** Carries the seal; no client sends it. */
export const HOP_HEADER = 'mcp-bridge-hop'

/** A request on its way between two replicas. */
export interface Hop {
  from: string
  to: string
  method: string
  url: string
  /** Of the machine that the first replica has it from. */
  address: string
}

/** Clocks may differ by this, and a request may be on its way for so long. */
const FRESH_S = 60
const LEAST_KEY_LENGTH = 32
const MAX_REMEMBERED = 64

/** Two machines have no other clock in common. */
const wallClockS = (): number => Math.floor((performance.timeOrigin + performance.now()) / 1000)

/** HMAC-SHA-256, so that the secret itself is on no wire; whose request it is, is found out again by its own credentials. */
export class Seal {
  readonly #key: Buffer
  readonly #nowS: () => number
  /** Within a second most seals are the same: an HMAC costs as much as a tenth of the hop. */
  readonly #written = new Map<string, string>()
  readonly #read = new Map<string, { hop: Hop; at: string }>()

  /** @param nowS for tests */
  constructor(secret: string, nowS: () => number = wallClockS) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', 'mcp-bridge hop', 32))
    this.#nowS = nowS
  }

  write(hop: Hop): string {
    const at = String(this.#nowS())
    const same = `${hop.from} ${hop.to} ${at} ${hop.address} ${hop.method} ${hop.url}`
    return remembered(this.#written, same, () =>
      [hop.from, hop.to, at, hop.address, this.#mac(hop, at).toString('base64url')].join(' '),
    )
  }

  /** @throws BridgeError `hop_forbidden` */
  read(sealed: string, method: string, url: string): Hop {
    const { hop, at } = remembered(this.#read, `${sealed} ${method} ${url}`, () =>
      this.#checked(sealed, method, url),
    )
    if (Math.abs(this.#nowS() - Number(at)) > FRESH_S)
      throw new BridgeError('hop_forbidden', `${HOP_HEADER} was sealed more than ${FRESH_S} seconds ago`)
    return hop
  }

  #checked(sealed: string, method: string, url: string): { hop: Hop; at: string } {
    const [from = '', to = '', at = '', address = '', mac = ''] = sealed.split(' ')
    const hop = { from, to, method, url, address }
    const given = Buffer.from(mac, 'base64url')
    const own = this.#mac(hop, at)
    if (given.length === own.length && timingSafeEqual(given, own)) return { hop, at }
    throw new BridgeError('hop_forbidden', `${HOP_HEADER} is not sealed with the key of this replica`)
  }

  #mac({ from, to, method, url, address }: Hop, at: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([from, to, at, address, method, url]))
      .digest()
  }
}

/** Few at a time: clients choose what is in them. */
function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make()
  if (known.size >= MAX_REMEMBERED) known.clear()
  known.set(key, made)
  return made
}

/** @throws BridgeError `config_invalid` */
export function readReplicaKey(path: string): string {
  let key: string
  try {
    key = fileText(readFileSync(path)).trim()
  } catch (cause) {
    throw new BridgeError('config_invalid', `the replica key file ${path} cannot be read`, {
      cause,
      hint: 'correct --replica-key-file',
    })
  }
  if (key.length >= LEAST_KEY_LENGTH) return key
  throw new BridgeError('config_invalid', `${path} holds fewer than ${LEAST_KEY_LENGTH} characters`, {
    hint: 'make one with: openssl rand -base64 32',
  })
}
