// rpc/content: total readers for whatever the bridge looks into: a wrong shape is an empty one, and nothing throws.
import type { Message } from './message.ts'

export type Members = Readonly<Record<string, unknown>>

/** The largest message that is looked into: lists of tools and answers to `initialize` are far smaller. */
export const MAX_CONTENT_BYTES = 8 * 1024 * 1024

/** Members of a message; none of one that is larger than `maxBytes`. */
export function contentOf(message: Message, maxBytes = MAX_CONTENT_BYTES): Members {
  return membersOf(message, maxBytes, () => message.json())
}

/** The same to be written again: numbers that would change are written as they came, and are none to who looks at them. */
export function exactContentOf(message: Message): Members {
  return membersOf(message, MAX_CONTENT_BYTES, () => message.exactJson())
}

function membersOf(message: Message, maxBytes: number, parse: () => unknown): Members {
  if (message.byteLength > maxBytes) return {}
  try {
    return recordOf(parse())
  } catch {
    return {}
  }
}

/** `params` of a request or a notification. */
export function paramsOf(message: Message): Members {
  return recordOf(contentOf(message)['params'])
}

/** `result` of an answer. */
export function resultOf(message: Message): Members {
  return recordOf(contentOf(message)['result'])
}

export function isRecord(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Members of an object; none of anything else, arrays included. */
export function recordOf(value: unknown): Members {
  return isRecord(value) ? value : {}
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** NaN for what is none, and for one that JavaScript cannot hold as it came. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN
}

export function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}
