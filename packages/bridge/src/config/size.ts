// config/size: bytes, as people write them.
import { exact, inUnits, invalid } from './units.ts'

const BYTES = { GiB: 1024 ** 3, MiB: 1024 ** 2, KiB: 1024, GB: 1e9, MB: 1e6, KB: 1000 } as const

/**
 * Bytes of `16MiB`, `1MB`, `64k`, `1024`, or of a number. KB, MB, GB count in 1000; KiB, MiB, GiB, and the bare k, m, g
 * of nginx and Docker in 1024. Upper and lower case are the same.
 *
 * @throws BridgeError `config_invalid`
 */
export function parseSize(raw: string | number): number {
  const bytes = typeof raw === 'number' ? raw : sizeIn(raw.trim())
  if (!Number.isSafeInteger(bytes) || bytes < 0)
    throw invalid(raw, 'is not a size', 'write 1024, 64KiB or 16MiB')
  return bytes
}

/** The shortest text that `parseSize` reads back as the same number. */
export function formatSize(bytes: number): string {
  return inUnits(bytes, BYTES)
}

function sizeIn(text: string): number {
  const [, amount, prefix = '', rest = ''] = /^(\d+(?:\.\d+)?) *([kmg]?)(|b|i|ib)$/i.exec(text) ?? []
  if (amount === undefined || (prefix === '' && /^i/i.test(rest))) return Number.NaN
  const base = rest.toLowerCase() === 'b' ? 1000 : 1024
  return exact(Number(amount) * base ** ['', 'k', 'm', 'g'].indexOf(prefix.toLowerCase()))
}
