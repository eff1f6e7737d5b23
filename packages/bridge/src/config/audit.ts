// config/audit: where audit lines go, as it is written: a file, - for stdout, or a syslog receiver.
import { isIPv6 } from 'node:net'
import { BridgeError } from '../errors.ts'

export type AuditPlace =
  | { kind: 'stdout' }
  | { kind: 'file'; path: string }
  | { kind: 'udp' | 'tcp'; host: string; port: number }
  | { kind: 'unix'; path: string }

const WRITE = 'write syslog+udp://HOST:PORT, syslog+tcp://HOST:PORT or syslog+unix:/PATH'

/** @throws BridgeError `config_invalid` */
export function auditPlaceOf(text: string): AuditPlace {
  if (text === '-') return { kind: 'stdout' }
  const [, scheme, rest = ''] = /^([a-z][a-z\d+.-]*):(.*)$/is.exec(text) ?? []
  if (scheme === undefined) return { kind: 'file', path: text }
  const transport = /^syslog\+(udp|tcp|unix)$/i.exec(scheme)?.[1]?.toLowerCase()
  if (transport === 'unix') return { kind: 'unix', path: socketPath(rest) }
  if (transport === 'udp' || transport === 'tcp') return { kind: transport, ...hostAndPort(rest) }
  // A colon may be part of the name of a file.
  if (/^syslog$/i.test(scheme) || rest.startsWith('//')) throw new BridgeError('config_invalid', WRITE)
  return { kind: 'file', path: text }
}

/** `///run/x`, or `/run/x`. */
function socketPath(rest: string): string {
  const path = rest.replace(/^\/\/(?=\/)/, '')
  if (!/^\/[^/]/.test(path)) throw new BridgeError('config_invalid', WRITE)
  return path
}

function hostAndPort(rest: string): { host: string; port: number } {
  const [, inBrackets, name, port] = /^\/\/(?:\[([^\]]+)\]|([\w.-]+)):(\d{1,5})\/?$/.exec(rest) ?? []
  const host = inBrackets ?? name
  const isSound = inBrackets === undefined || isIPv6(inBrackets)
  if (host === undefined || !isSound || Number(port) < 1 || Number(port) > 65_535)
    throw new BridgeError('config_invalid', WRITE)
  return { host, port: Number(port) }
}
