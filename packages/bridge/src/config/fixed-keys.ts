// config/fixed-keys: which options of the whole have changed, and wait for the next start.
import { SERVER_KEYS, type Config } from './config.ts'

/** A running bridge takes over what belongs to servers and clients alone. */
export function changedFixedKeys(before: Config, after: Config): string[] {
  const isTaken = new Set<string>(['servers', 'clients', ...SERVER_KEYS])
  return Object.keys({ ...before, ...after }).filter((key) => {
    const [old, now] = [before, after].map((config) => JSON.stringify(config[key as keyof Config]))
    return !isTaken.has(key) && old !== now
  })
}
