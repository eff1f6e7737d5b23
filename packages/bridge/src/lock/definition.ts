// lock/definition: what a tool says of itself, written in one way only, and the hash of that.
import { createHash } from 'node:crypto'
import { isRecord, type Members } from '../rpc/content.ts'
import { keptNumber } from '../rpc/exact.ts'

export interface Tool extends Members {
  readonly name: string
}

/** Schemas nest to a dozen levels. Deeper ones are made to exhaust whoever follows them. */
const DEEPEST = 256

/** What is no object, has no name or has no bottom is no tool: nobody can call it, or ever accept it. */
export function isTool(value: unknown): value is Tool {
  return isRecord(value) && typeof value['name'] === 'string' && !isDeeper(value, DEEPEST)
}

function isDeeper(value: unknown, than: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return than === 0 || Object.values(value).some((inner) => isDeeper(inner, than - 1))
}

/**
 * Of all members: whatever a client is given of a tool can steer a model. The order of the members of an object does not
 * count, nor that of the names in `required`, nor how a number is spelled.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8785
 */
export function hashOf(tool: Members): string {
  const text = JSON.stringify(canonical(tool))
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

export function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (!isRecord(value)) return value
  const number = keptNumber(value)
  if (number !== undefined) return isHeld(Number(number)) ? Number(number) : value
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, canonical(key === 'required' ? sorted(value[key]) : value[key])]),
  )
}

/** Whether JavaScript can hold it, but for digits beyond those of a double. */
function isHeld(number: number): boolean {
  return Number.isSafeInteger(number) || (Number.isFinite(number) && !Number.isInteger(number))
}

/** Servers that keep the names in a set write them in another order at each start. */
function sorted(value: unknown): unknown {
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value.toSorted() : value
}
