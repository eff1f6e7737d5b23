// config/fields: the fields of the schema: what a raw value from a flag, a variable or a file means.
import * as z from 'zod'
import { BridgeError } from '../errors.ts'
import { splitGlobs } from '../globs.ts'
import { isOwnVariable, isSteering } from '../variables.ts'
import { excerpt } from '../visible.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { parseSize } from './size.ts'
import { splitList, splitPair } from './split.ts'

/** What a field holds, for whoever shows it or asks for it on a command line. */
export type Kind = 'text' | 'duration' | 'size' | 'boolean' | 'list' | 'pairs'

const kinds = z.registry<{ kind: Kind }>()

/** The kind of a field, whatever has been wrapped around it since: a default, a check, a transformation. */
export function kindOf(field: z.core.$ZodType): Kind {
  const known = kinds.get(field)?.kind
  if (known !== undefined) return known
  const { innerType, in: input } = field._zod.def as { innerType?: z.core.$ZodType; in?: z.core.$ZodType }
  const inner = innerType ?? input
  return inner === undefined ? 'text' : kindOf(inner)
}

/** The name of an environment variable. */
const VARIABLE = /^[A-Za-z_][\w.-]*$/
/** Their meaning belongs to HTTP, MCP and the bridge. */
const OWN_HEADER = /^(accept|connection|host|last-event-id|origin|transfer-encoding|mcp-.*|content-.*)$/
const NO_PAIR = 'is not KEY=VALUE (to hand on a variable that is set here, use --pass-env)'
const IS_OWN = 'is a variable of the bridge: no command gets it'
const WRITE_BOOLEAN = 'write true or false'

/** A field of the schema that is read by `parse`, whose complaint becomes the problem of that field. */
function field<T>(parse: (raw: string | number) => T, kind: Kind = 'text') {
  const raw = z.union([z.string(), z.number()], 'write text or a number').register(kinds, { kind })
  return raw.transform((raw, ctx): T => {
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
  return field(parseDuration, 'duration').refine(
    (ms) => ms >= minMs,
    `must be at least ${formatDuration(minMs)}`,
  )
}

export function size(minBytes = 1) {
  return field(parseSize, 'size').refine((bytes) => bytes >= minBytes, `must be at least ${minBytes}`)
}

export function boolean() {
  const raw = z
    .union([z.boolean(), z.string(), z.number()], WRITE_BOOLEAN)
    .register(kinds, { kind: 'boolean' })
  return raw.transform((raw, ctx): boolean => {
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

/** What is read and checked elsewhere; of a command line it may be several texts. */
export function whole<T>() {
  return z.custom<T>().register(kinds, { kind: 'list' })
}

/** A text of nothing is a slip, often a variable of a shell that is not set: as a list it would let everything through. */
function texts() {
  const some = z.string().regex(/[^\s,]/, 'is empty: leave it out, or say what it should hold')
  return z.union([some, z.array(some)], 'write a list of texts').register(kinds, { kind: 'list' })
}

/** `NAME=VALUE` in one string or a list, or a map; what has no `=` has no name. */
export function listOfPairs() {
  const value = z.union([z.string(), z.number(), z.boolean()])
  return z
    .union(
      [z.string(), z.array(z.string()), z.record(z.string(), value)],
      'write NAME: value, or a list of NAME=VALUE',
    )
    .register(kinds, { kind: 'list' })
    .transform((raw): readonly (readonly [string, string])[] =>
      typeof raw === 'string' || Array.isArray(raw)
        ? [raw].flat().flatMap((each) => splitList(each).map(splitPair))
        : Object.entries(raw).map(([name, text]) => [name, String(text)] as const),
    )
}

/** `KEY=VALUE` lines, a list of them, or a map. */
export function pairs() {
  const value = z.union([z.string(), z.number(), z.boolean()])
  return z
    .union(
      [z.string(), z.array(z.string()), z.record(z.string(), value)],
      'write KEY: text, or a list of KEY=VALUE',
    )
    .register(kinds, { kind: 'pairs' })
    .transform((raw, ctx): Readonly<Record<string, string>> => {
      const lines = typeof raw === 'string' ? splitList(raw, /\r?\n/) : raw
      const entries = Array.isArray(lines) ? lines.map(splitPair) : Object.entries(lines)
      const isMap = typeof raw === 'object' && !Array.isArray(raw)
      for (const [index, [name]] of entries.entries()) {
        // The text itself is not repeated: what is no pair may well be the bare value.
        if (isMap && !VARIABLE.test(name))
          ctx.addIssue({
            code: 'custom',
            message: `${JSON.stringify(excerpt(name))} is no name of a variable`,
          })
        else if (!VARIABLE.test(name))
          ctx.addIssue({ code: 'custom', message: `item ${index + 1} ${NO_PAIR}` })
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
    .register(kinds, { kind: 'list' })
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
