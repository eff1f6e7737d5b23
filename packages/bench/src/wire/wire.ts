// wire/wire: what the two clients of the bench share: the session as a measure sees it.
import type { Agent } from 'node:http'

/** `stateless` is Streamable HTTP of 2026-07-28; `stdio` is the child itself, without a bridge. */
export type WireName = 'streamable' | 'stateless' | 'sse' | 'stdio'

/** Where a contestant listens. */
export interface Target {
  port: number
  path: string
  /** The same for all sessions: sockets are kept alive between calls. */
  agent: Agent
  /** Sent with `initialize`. */
  oldSession?: string | undefined
}

export interface Answer {
  /** Of the answer's text, framing included. */
  bytes: number
  /** Progress notifications that came before it. */
  progress: number
}

export interface Session {
  /** Resolves when the whole answer is there; rejects when it is an error or none comes. */
  request(method: string, params: object): Promise<Answer>
  notify(method: string): Promise<void>
  /** Says that the session is over, and lets its stream go. */
  close(): Promise<void>
}

export type OpenWire = (target: Target) => Promise<Session>

/** Unique among all clients: some bridges hand each client the answers of all, told apart by nothing else. */
export function nextId(): number {
  return ++lastId
}
let lastId = 0

const PROGRESS = 'notifications/progress'
/** Answers up to this size are looked at as a whole. */
const SMALL = 256 * 1024
const END = 300

/** How many progress notifications are in a text. */
export function countProgress(text: string): number {
  let found = 0
  for (let at = text.indexOf(PROGRESS); at !== -1; at = text.indexOf(PROGRESS, at + 1)) found++
  return found
}

/** The parts of an answer in which its id, method and kind can be: all of a small one, both ends of a large one. */
export function ends(chunks: readonly Buffer[], bytes: number): string {
  if (bytes <= SMALL) return Buffer.concat(chunks).toString('latin1')
  let head = ''
  for (const chunk of chunks) {
    head += chunk.toString('latin1', 0, END)
    if (head.length >= END) break
  }
  let tail = ''
  for (let at = chunks.length - 1; at >= 0 && tail.length < END; at--) {
    const chunk = chunks[at] as Buffer
    tail = chunk.toString('latin1', Math.max(0, chunk.length - END)) + tail
  }
  return `${head}…${tail}`
}

const BEGIN = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'bench', version: '1.0.0' },
}

/** A session as clients of before open it: initialize, then initialized. */
export async function initialized(session: Session): Promise<Session> {
  await session.request('initialize', BEGIN)
  await session.notify('notifications/initialized')
  return session
}

export async function echo(session: Session): Promise<Answer> {
  const answer = await session.request('tools/call', { name: 'echo', arguments: { text: 'hello' } })
  if (answer.bytes < 5) throw new Error('the answer is empty')
  return answer
}
