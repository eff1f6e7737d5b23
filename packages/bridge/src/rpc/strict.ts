// rpc/strict: what a client may not say, because the child could read it otherwise than the bridge does.
import type { Envelope } from './scanner.ts'

/**
 * Why this envelope is refused whatever the child is; undefined where all readers agree on it.
 *
 * Of two members some readers take the first and some the last, some fold case, and some pass over null: what the bridge
 * has judged and renumbered must be what the child obeys.
 */
export function problemOf(envelope: Envelope): string | undefined {
  const { doubted, method, id } = envelope
  if (doubted.length > 0) return `a member is there twice, or in another spelling: ${doubted.join(', ')}`
  if (envelope.hasOddParams) return 'params is an object'
  if (method === undefined)
    return envelope.hasMethod && envelope.nulls?.method === undefined ? 'a method is a string' : undefined
  // Readers that end a text at NUL would see another method than the one that was judged.
  if (method.includes('\0')) return 'a method is plain text'
  if (method === 'tools/call' && envelope.name === undefined) return 'the name of a tool is a string'
  if (envelope.hasOddToken) return 'a progress token is a string or a number'
  // To some readers the method alone makes a notification: it would reach them with what a request may carry.
  if (id !== undefined && method.startsWith('notifications/')) return 'a notification has no id'
  return undefined
}

/** JSON text (latin1) of the id, where this is a request without doubt. */
export function idToEcho({ id, hasResult, hasError, doubted }: Envelope): string | undefined {
  if (id === undefined || hasResult || hasError) return undefined
  return doubted.some((name) => ANSWERS.has(name)) || !/^["\d-]/.test(id.raw) ? undefined : id.raw
}

const ANSWERS = new Set(['id', 'result', 'error'])
