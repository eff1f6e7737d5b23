// config/duration: milliseconds, as people write them.
import { exact, inUnits, invalid } from './units.ts'

const MILLISECONDS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const

/** setTimeout takes no more: it would fire at once. */
const MAX_MS = 2 ** 31 - 1

/**
 * Milliseconds of `500ms`, `30s`, `5m`, `2h`, `0`, or of a number, which is milliseconds already.
 *
 * @throws BridgeError `config_invalid`
 */
export function parseDuration(raw: string | number): number {
  const ms = typeof raw === 'number' ? raw : durationIn(raw.trim())
  if (!Number.isInteger(ms) || ms < 0) throw invalid(raw, 'is not a duration', 'write 500ms, 30s, 5m or 2h')
  if (ms > MAX_MS) throw invalid(raw, 'is too long', 'the longest is 596h')
  return ms
}

/** The shortest text that `parseDuration` reads back as the same number. */
export function formatDuration(ms: number): string {
  return inUnits(ms, MILLISECONDS)
}

function durationIn(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) *(ms|s|m|h)$/.exec(text) ?? []
  if (amount !== undefined) return exact(Number(amount) * MILLISECONDS[unit as keyof typeof MILLISECONDS])
  // A bare number would be seconds to one reader and milliseconds to the next; only zero is the same to both.
  if (/^0+$/.test(text)) return 0
  if (/^\d+$/.test(text)) throw invalid(text, 'has no unit', `write ${text}ms or ${text}s`)
  return Number.NaN
}
