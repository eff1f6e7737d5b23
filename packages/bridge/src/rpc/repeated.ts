// rpc/repeated: whether a member stands twice anywhere in a message: of such some readers take the first and some the last.
import { isRecord } from './content.ts'
import { keptNumber } from './exact.ts'
import type { Message } from './message.ts'

/** @param value the message, parsed: of what is there twice that holds one */
export function hasRepeated(message: Message, value: unknown): boolean {
  return written(message) !== held(value)
}

/** Members in the text: each has a colon that stands in no string. */
function written(message: Message): number {
  const encoded = message.encode('', '')
  const text = typeof encoded === 'string' ? encoded : Buffer.concat(encoded).toString('latin1')
  let count = 0
  let isInString = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (c === '\\') i++
    else if (c === '"') isInString = !isInString
    else if (c === ':' && !isInString) count++
  }
  return count
}

function held(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + held(each), 0)
  if (!isRecord(value) || keptNumber(value) !== undefined) return 0
  return Object.values(value).reduce<number>((sum, each) => sum + held(each), Object.keys(value).length)
}
