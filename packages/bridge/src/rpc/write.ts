// rpc/write: an encoded message onto a stream, in as few writes as can be.
import type { Writable } from 'node:stream'
import type { Encoded } from './message.ts'

export function writeTo(stream: Pick<Writable, 'cork' | 'uncork' | 'write'>, encoded: Encoded): void {
  if (typeof encoded === 'string') {
    stream.write(encoded, 'latin1')
    return
  }
  stream.cork()
  for (const part of encoded) stream.write(part)
  stream.uncork()
}

export function lengthOf(encoded: Encoded): number {
  if (typeof encoded === 'string') return encoded.length
  let length = 0
  for (const part of encoded) length += part.length
  return length
}
