// wire/stdio: no bridge at all: lines to and from the child itself. All sessions of a process share its pipes.
import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { ends, nextId, type Answer, type Session } from './wire.ts'

interface Waiting {
  resolve(answer: Answer): void
  reject(error: Error): void
}

/** Gives what opens a session on the pipes of this process. */
export function connectStdio({ stdin, stdout }: ChildProcess): () => Promise<Session> {
  if (stdin === null || stdout === null) throw new Error('it was started without pipes')
  const waiting = new Map<number, Waiting>()
  let progress = 0
  stdin.on('error', () => {})
  stdout.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('its stdout ended'))
    waiting.clear()
  })
  readLines(stdout, (chunks, bytes) => {
    const text = ends(chunks, bytes)
    if (text.includes('"notifications/progress"')) progress++
    const id = Number(/"id":\s*(\d+)/.exec(text)?.[1])
    const asked = waiting.get(id)
    if (asked === undefined) return
    waiting.delete(id)
    if (!text.includes('"result"')) return asked.reject(new Error(`no result: ${text.slice(0, 300)}`))
    asked.resolve({ bytes, progress })
    progress = 0
  })
  const say = (message: object): void => {
    stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }
  const session: Session = {
    request: (method, params) => {
      const id = nextId()
      const { promise, resolve, reject } = Promise.withResolvers<Answer>()
      waiting.set(id, { resolve, reject })
      say({ id, method, params })
      return promise
    },
    notify: async (method) => say({ method }),
    close: async () => {},
  }
  return async () => session
}

const LF = 10

/** A line is handed on in the parts in which it came, for nobody to join 20 MB in vain. */
function readLines(stream: Readable, take: (chunks: readonly Buffer[], bytes: number) => void): void {
  let chunks: Buffer[] = []
  let bytes = 0
  const add = (part: Buffer): void => {
    chunks.push(part)
    bytes += part.length
  }
  stream.on('data', (chunk: Buffer) => {
    let start = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      add(chunk.subarray(start, end))
      take(chunks, bytes)
      chunks = []
      bytes = 0
      start = end + 1
    }
    if (start < chunk.length) add(chunk.subarray(start))
  })
}
