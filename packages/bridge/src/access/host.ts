// access/host: refuses a Host this bridge does not answer for, against DNS rebinding.
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { monotonicMs } from '../clock.ts'
import { isLoopback, LOOPBACK_NAMES } from '../config/loopback.ts'
import { BridgeError } from '../errors.ts'
import { excerpt } from '../visible.ts'
import type { Gate } from './gate.ts'

export interface HostPolicy {
  /** The address listened on. */
  host: string
  /** Host names, ports ignored; '*' admits all. */
  allowHost: readonly string[]
  insecure: boolean
  /** A web page that rebinds a name to this machine has no token: with tokens, Host is checked only if asked for. */
  hasTokens: boolean
  /** The addresses of this machine, and the time; for tests. */
  addresses?: () => readonly string[]
  now?: () => number
}

/** The machine may get an address later; but the system is not asked again at every refusal. */
const ADDRESSES_MS = 5000

/**
 * On loopback, or without tokens, `Host` must be a loopback name, the bound address or an allowed name; where all
 * addresses of the machine are listened on, any of them. Beyond loopback with tokens it is checked only if `allowHost` is
 * given.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
 */
export function hostGate(policy: HostPolicy): Gate | undefined {
  const isLocal = isLoopback(policy.host) || policy.insecure || !policy.hasTokens
  if (policy.allowHost.includes('*')) return undefined
  if (!isLocal && policy.allowHost.length === 0) return undefined
  const allowed = new Set<string>(policy.allowHost.map((host) => hostName(host)))
  if (isLocal) for (const name of [...LOOPBACK_NAMES, policy.host]) allowed.add(hostName(name))
  const isOwnAddress = isLocal && isWildcard(policy.host) ? ownAddresses(policy) : () => false
  let admitted: string | undefined
  return ({ headers }) => {
    const host = headers.host ?? ''
    // Nearly all requests send the same Host.
    if (host === admitted) return
    const name = hostName(host)
    if (allowed.has(name) || (isLocal && isLoopback(name)) || isOwnAddress(name)) {
      admitted = host
      return
    }
    // The hint may be pasted into a shell: only a plain name is quoted in it.
    throw new BridgeError('host_forbidden', `host "${excerpt(host)}" is not served here`, {
      hint: `admit it with --allow-host ${/^[\w.:-]{1,200}$/.test(name) ? name : 'NAME'}`,
    })
  }
}

/** The name in `name:port`, `[v6]:port` or a bare address; lower case, no brackets, no trailing dot. */
export function hostName(text: string): string {
  const host = text.trim().toLowerCase()
  const [, address] = /^\[([\da-f:.]+)\](?::\d*)?$/.exec(host) ?? []
  if (address !== undefined) return address
  const [, name = host] = /^([^:]*):\d*$/.exec(host) ?? []
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** An address as Host is safe: DNS rebinding needs a name. */
function ownAddresses({
  addresses = interfaceAddresses,
  now = monotonicMs,
}: HostPolicy): (name: string) => boolean {
  let known: ReadonlySet<string> = new Set()
  let askedAt = -Infinity
  return (name) => {
    if (known.has(name) || isIP(name) === 0) return known.has(name)
    if (now() - askedAt >= ADDRESSES_MS) {
      askedAt = now()
      known = new Set(addresses())
    }
    return known.has(name)
  }
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address))
}
