// config/units: what a raw value means: durations, sizes, numbers, lists, pairs; and back to text.
import { z } from 'zod'
import { BridgeError } from '../errors.ts'
import { splitGlobs } from '../globs.ts'
import { isOwnVariable, isSteering } from '../variables.ts'

const MILLISECONDS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const
const BYTES = { GiB: 1024 ** 3, MiB: 1024 ** 2, KiB: 1024, GB: 1e9, MB: 1e6, KB: 1000 } as const

/** setTimeout takes no more: it would fire at once. */
const MAX_MS = 2 ** 31 - 1

/** The name of an environment variable. */
export const VARIABLE = /^[A-Za-z_][\w.-]*$/
/** Their meaning belongs to HTTP, MCP and the bridge. */
const OWN_HEADER = /^(accept|connection|host|last-event-id|origin|transfer-encoding|mcp-.*|content-.*)$/
const NO_PAIR = 'is not KEY=VALUE (to hand on a variable that is set here, use --pass-env)'
const IS_OWN = 'is a variable of the bridge: no command gets it'
const WRITE_BOOLEAN = 'write true or false'

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

/** The shortest text that `parseDuration` reads back as the same number. */
export function formatDuration(ms: number): string {
  return ms === 0 ? '0' : inUnits(ms, MILLISECONDS)
}

/** The shortest text that `parseSize` reads back as the same number. */
export function formatSize(bytes: number): string {
  return bytes === 0 ? '0' : inUnits(bytes, BYTES)
}

function durationIn(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) *(ms|s|m|h)$/.exec(text) ?? []
  if (amount !== undefined) return exact(Number(amount) * MILLISECONDS[unit as keyof typeof MILLISECONDS])
  // A bare number would be seconds to one reader and milliseconds to the next; only zero is the same to both.
  if (/^0+$/.test(text)) return 0
  if (/^\d+$/.test(text)) throw invalid(text, 'has no unit', `write ${text}ms or ${text}s`)
  return Number.NaN
}

function sizeIn(text: string): number {
  const [, amount, prefix = '', rest = ''] = /^(\d+(?:\.\d+)?) *([kmg]?)(|b|i|ib)$/i.exec(text) ?? []
  if (amount === undefined || (prefix === '' && /^i/i.test(rest))) return Number.NaN
  const base = rest.toLowerCase() === 'b' ? 1000 : 1024
  return exact(Number(amount) * base ** ['', 'k', 'm', 'g'].indexOf(prefix.toLowerCase()))
}

/** 1.1 * 1000 is 1100.0000000000002: what is a whole number but for that, is one. */
function exact(product: number): number {
  const whole = Math.round(product)
  return Math.abs(product - whole) < 1e-6 ? whole : product
}

function inUnits(amount: number, units: Record<string, number>): string {
  const [unit, factor] = Object.entries(units).find(([, size]) => amount % size === 0) ?? ['', 1]
  return `${amount / factor}${unit}`
}

function invalid(raw: string | number, what: string, remedy: string): BridgeError {
  return new BridgeError('config_invalid', `${JSON.stringify(raw)} ${what}: ${remedy}`)
}

/** A field of the schema that is read by `parse`, whose complaint becomes the problem of that field. */
export function field<T>(parse: (raw: string | number) => T) {
  return z.union([z.string(), z.number()], 'write text or a number').transform((raw, ctx): T => {
    try {
      return parse(raw)
    } catch (error) {
      ctx.addIssue({ code: 'custom', message: (error as BridgeError).message })
      return z.NEVER
    }
  })
}

/** A whole number within bounds, both included. */
export function int(min: number, max: number) {
  return field((raw) => {
    const number = typeof raw === 'number' ? raw : /^-?\d+$/.test(raw.trim()) ? Number(raw) : Number.NaN
    if (Number.isInteger(number) && number >= min && number <= max) return number
    throw new BridgeError(
      'config_invalid',
      `${JSON.stringify(raw)} is not a whole number from ${min} to ${max}`,
    )
  })
}

export function duration(minMs = 0) {
  return field(parseDuration).refine((ms) => ms >= minMs, `must be at least ${formatDuration(minMs)}`)
}

export function size(minBytes = 1) {
  return field(parseSize).refine((bytes) => bytes >= minBytes, `must be at least ${minBytes}`)
}

export function boolean() {
  return z.union([z.boolean(), z.string(), z.number()], WRITE_BOOLEAN).transform((raw, ctx): boolean => {
    const text = String(raw).toLowerCase()
    if (['true', '1', 'yes', 'on'].includes(text)) return true
    if (!['false', '0', 'no', 'off'].includes(text)) ctx.addIssue({ code: 'custom', message: WRITE_BOOLEAN })
    return false
  })
}

/** Text as it stands: never shown in a complaint, for it may be a secret. */
export function text() {
  return z.string('write text').min(1, { error: 'is empty', abort: true })
}

/** Several texts, separated by commas or lines wherever they stand: one flag, one item of a list in a file, a variable. */
export function list() {
  return texts().transform((raw): readonly string[] => [raw].flat().flatMap((each) => splitList(each)))
}

/** Several files; a comma may be part of a name, but in one string it separates them. */
export function files() {
  return texts().transform((raw): readonly string[] => (typeof raw === 'string' ? splitList(raw) : raw))
}

/** Globs of names (see globs.ts), as `list`; a comma in braces is theirs. */
export function globs() {
  return texts().transform((raw, ctx): readonly string[] => {
    try {
      return [raw].flat().flatMap(splitGlobs)
    } catch (error) {
      ctx.addIssue({ code: 'custom', message: (error as SyntaxError).message })
      return z.NEVER
    }
  })
}

/** A text of nothing is a slip, often a variable of a shell that is not set: as a list it would let everything through. */
function texts() {
  const some = z.string().regex(/[^\s,]/, 'is empty: leave it out, or say what it should hold')
  return z.union([some, z.array(some)], 'write a list of texts')
}

/** `KEY=VALUE` lines, a list of them, or a map. */
export function pairs() {
  const value = z.union([z.string(), z.number(), z.boolean()])
  return z
    .union(
      [z.string(), z.array(z.string()), z.record(z.string(), value)],
      'write KEY: text, or a list of KEY=VALUE',
    )
    .transform((raw, ctx): Readonly<Record<string, string>> => {
      const lines = typeof raw === 'string' ? splitList(raw, /\r?\n/) : raw
      const entries = Array.isArray(lines) ? lines.map(splitPair) : Object.entries(lines)
      for (const [index, [name]] of entries.entries()) {
        // The text itself is not repeated: what is no pair may well be the bare value.
        if (!VARIABLE.test(name)) ctx.addIssue({ code: 'custom', message: `item ${index + 1} ${NO_PAIR}` })
        else if (isOwnVariable(name)) ctx.addIssue({ code: 'custom', message: `${name} ${IS_OWN}` })
      }
      return Object.fromEntries(entries.map(([name, text]) => [name, String(text)]))
    })
}

/** `HEADER=NAME` in one string or a list, a map, or objects. */
export function headerEnv() {
  const item = z.union([z.string(), z.strictObject({ header: z.string(), name: z.string() })])
  return z
    .union([z.string(), z.array(item), z.record(z.string(), z.string())], 'write a list of HEADER=NAME')
    .transform((raw, ctx): readonly Readonly<{ header: string; name: string }>[] => {
      const refuse = (message: string) => ctx.addIssue({ code: 'custom', message })
      const items = typeof raw === 'string' ? [raw] : raw
      const entries = Array.isArray(items) ? items.flatMap(headersAndNames) : Object.entries(items)
      const seen = new Set<string>()
      return entries.map(([given, name]) => {
        const header = given.toLowerCase()
        if (!/^[\w!#$%&'*+.^`|~-]+$/.test(header) || !VARIABLE.test(name))
          refuse('write HEADER=NAME, such as X-Key=API_KEY')
        else if (OWN_HEADER.test(header)) refuse(`${header} has a meaning of its own: choose another header`)
        else if (isOwnVariable(name)) refuse(`${name} ${IS_OWN}`)
        else if (isSteering(name))
          refuse(`${name} steers what a program loads or whom it trusts: set it yourself, with --env`)
        else if (seen.has(name)) refuse(`${name} is set by two headers`)
        seen.add(name)
        return { header, name }
      })
    })
}

function headersAndNames(item: string | { header: string; name: string }): [string, string][] {
  if (typeof item !== 'string') return [[item.header, item.name]]
  const items = splitList(item)
  return (items.length === 0 ? [item] : items).map(splitPair)
}

/** Trimmed, without the empty ones. */
export function splitList(raw: string, separator = /[,\n]/): string[] {
  return raw
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** `A=B=C` is A and B=C; what has no `=` has no name. */
export function splitPair(pair: string): [name: string, value: string] {
  const end = pair.indexOf('=')
  return end === -1 ? ['', pair] : [pair.slice(0, end), pair.slice(end + 1)]
}
