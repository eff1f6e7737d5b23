// config/loopback: which addresses nobody but this machine can reach.

export const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1'] as const

/** 127.0.0.0/8, ::1 and localhost. */
export function isLoopback(host: string): boolean {
  return (
    (LOOPBACK_NAMES as readonly string[]).includes(host.toLowerCase()) || /^127(\.\d{1,3}){3}$/.test(host)
  )
}

/** The host part of a URL that reaches what listens on this address from this machine. */
export function connectableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
