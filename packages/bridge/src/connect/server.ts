// connect/server: what both wires to a server have in common.
import { BridgeError, toBridgeError } from '../errors.ts'
import type { Message } from '../rpc/message.ts'
import { excerpt } from '../visible.ts'
import { LinkError, type Link } from './link.ts'
import type { Peer } from './peer.ts'

export interface ServerOptions {
  link: Link
  url: URL
  peer: Peer
  /** For a person. */
  note(text: string): void
}

/** A server at the other end of HTTP. */
export interface Server {
  /** Takes one message of the client; what comes of it is told to the peer. Throws nothing. */
  send(message: Message): void
  /** Ends the session, and what is open. */
  close(): Promise<void>
}

/** To ask these twice does no harm. */
export function isRepeatable(method: string): boolean {
  return method.endsWith('/list') || REPEATABLE.has(method)
}

const REPEATABLE = new Set([
  'initialize',
  'ping',
  'server/discover',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'prompts/get',
  'completion/complete',
  'logging/setLevel',
  'subscriptions/listen',
  'tasks/get',
  'tasks/result',
])

/** Whether to send it again is of use, and doubles nothing. */
export function canRepeat(error: unknown, method: string): boolean {
  return error instanceof LinkError && !error.isLasting && (error.isUnsent || isRepeatable(method))
}

export function lost(why: string): BridgeError {
  return new BridgeError('answer_lost', why, { hint: 'the call may have been carried out' })
}

/** What the client is told of a server that could not be asked. */
export function errorOf(thrown: unknown): BridgeError {
  if (!(thrown instanceof LinkError)) return toBridgeError(thrown)
  if (!thrown.isUnsent) return lost(thrown.message)
  return new BridgeError('server_unreachable', thrown.message, {
    ...(thrown.isLasting && { hint: 'name the certificate to trust with --ca' }),
  })
}

/** For an answer that is whole, and holds no message. */
export function silent(status: number, url: URL, method: string): BridgeError {
  const why = `${url.origin} answers ${method} with status ${status}, but with no message`
  return isRepeatable(method) ? new BridgeError('server_refused', why) : lost(why)
}

/** An answer that was not JSON-RPC. */
export function refused(status: number, url: URL, text: string): BridgeError {
  const why = text.trim() === '' ? '' : `: ${excerpt(text.trim())}`
  return new BridgeError('server_refused', `${url.origin} answers with status ${status}${why}`, {
    ...(status === 401 && { hint: 'name a token with --token-file, or a header with --header' }),
  })
}

/** Resolves with it, or without it after so long. */
export async function within(ms: number, promise: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([promise, late])
  clearTimeout(timer)
}

/** How often, and how long apart, a server that is away is looked for. */
export class Patience {
  readonly #until: number
  #waitMs = FIRST_WAIT_MS

  constructor(ms: number) {
    this.#until = performance.now() + ms
  }

  /**
   * @param askedMs what the server asks for at least
   * @returns false: that was long enough
   */
  async wait(signal: AbortSignal, askedMs = 0): Promise<boolean> {
    const ms = Math.min(Math.max(askedMs, this.#waitMs), LONGEST_WAIT_MS)
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS)
    if (signal.aborted || performance.now() + ms > this.#until) return false
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, ms)
      function done(): void {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      signal.addEventListener('abort', done)
    })
    return !signal.aborted
  }
}

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5000
/** A server that is started anew, with a tool that has to be downloaded. */
export const AWAY_MS = 30_000
