// child/suspect: whether what cannot be read may have been an answer, and to which call.
import type { Envelope, Scan } from '../rpc/scanner.ts'

/** It may have been an answer: to the request with this id (JSON text, latin1), or to one that is not known. */
export interface Suspect {
  id: string | undefined
  /**
   * False: it begins like a message, and was cut before it could be told what it is; or it does not say that it is one, as
   * log lines with an `id` and an `error` do not.
   */
  isSure: boolean
}

// Quotes may be those of another language that was printed in place of JSON, or escaped.
const RPC = /["']jsonrpc\\*["']\s*:/
const METHOD = /["']method\\*["']\s*:/
const BEGINS = /^\s*[[{]/
const OUTCOME = /["'](result|error)\\*["']\s*:/
const IDS = /["']id\\*["']\s*:\s*\\*["']?(\d{1,15})(?!\d)/g

/**
 * Judges what is no message. Carefully: a tool that prints its own data between messages must not have a call of its own
 * ended by it, and a client must not wait for an answer that has come.
 *
 * @param text what there is of the line, latin1; asked for only if it was no JSON
 */
export function suspect(scan: Scan, text: () => string): Suspect | undefined {
  const before = scan.type === 'malformed' ? scan.before : scan
  const envelope = before.type === 'object' ? before.envelope : undefined
  const isOutcome = envelope !== undefined && hasOutcome(envelope)
  // A request or a notification, whatever is wrong with it.
  if (envelope?.method !== undefined && !isOutcome) return undefined
  const isRpc = envelope?.isRpc === true
  const raw = envelope?.id?.raw
  const id = raw === 'null' ? undefined : raw
  if (scan.type !== 'malformed' || (scan.isComplete && envelope !== undefined)) {
    if (id === undefined) return isRpc && isOutcome ? { id, isSure: true } : undefined
    return isRpc || isOutcome ? { id, isSure: isRpc } : undefined
  }
  return suspectText(text(), { id, isRpc, isOutcome })
}

interface Seen {
  id?: string | undefined
  isRpc?: boolean
  isOutcome?: boolean
}

/** The same of a text that no scanner can read. */
export function suspectText(text: string, seen: Seen = {}): Suspect | undefined {
  const isOutcome = seen.isOutcome === true || OUTCOME.test(text)
  const isRpc = seen.isRpc === true || RPC.test(text)
  if (!isOutcome && METHOD.test(text)) return undefined
  // The last: an `id` before it is more likely to belong to the cargo than the other way round.
  const id = seen.id ?? [...text.matchAll(IDS)].at(-1)?.[1]
  if (id !== undefined) return isRpc || isOutcome ? { id, isSure: isRpc } : undefined
  return isRpc && (isOutcome || BEGINS.test(text)) ? { id, isSure: isOutcome } : undefined
}

function hasOutcome({ hasResult, hasError, nulls }: Envelope): boolean {
  return (hasResult && nulls?.result === undefined) || (hasError && nulls?.error === undefined)
}

/** The kept pieces of a line as one text. */
export function textsOf(parts: readonly Buffer[], tail: Buffer | undefined): string {
  const all = tail === undefined ? parts : [...parts, tail]
  return all.map((part) => part.toString('latin1')).join('')
}
