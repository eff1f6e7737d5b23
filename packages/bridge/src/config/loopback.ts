// config/loopback: which addresses nobody but this machine can reach.

export const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1'] as const

/** 127.0.0.0/8, ::1 and localhost. */
export function isLoopback(host: string): boolean {
  return (
    (LOOPBACK_NAMES as readonly string[]).includes(host.toLowerCase()) || /^127(\.\d{1,3}){3}$/.test(host)
  )
}
