// connect/connect: an HTTP server as a stdio command: lines of stdin to it, what it says to stdout.
import type { Readable, Writable } from 'node:stream'
import { Framer } from '../child/framer.ts'
import { BridgeError } from '../errors.ts'
import { errorFor } from '../rpc/factory.ts'
import { writeTo } from '../rpc/write.ts'
import { Link, type LinkOptions } from './link.ts'
import { Peer } from './peer.ts'
import { SseServer } from './sse.ts'
import { StreamableServer } from './streamable.ts'

export interface ConnectOptions extends LinkOptions {
  url: URL
  input: Readable
  output: Writable
  /** For a person: one line. */
  note(text: string): void
  /** Ends it as the end of the input does, without waiting for answers. */
  signal: AbortSignal
}

const MAX_LINE_BYTES = 64 * 1024 * 1024
/** What is in flight when the input ends may be answered: somebody may have piped it in. */
const LAST_ANSWERS_MS = 10_000

/**
 * Resolves once the input has ended, what was in flight is answered, and the session is closed.
 *
 * @throws BridgeError `config_invalid` for a file that cannot be read
 */
export async function connect(options: ConnectOptions): Promise<void> {
  const { url, input, output, note } = options
  // Whom nobody hears does nothing more.
  const deaf = new AbortController()
  output.on('error', () => deaf.abort())
  const signal = AbortSignal.any([options.signal, deaf.signal])
  const link = new Link(options)
  const peer = new Peer(output)
  const serverOptions = { link, url, peer, note }
  const server = new StreamableServer(serverOptions, () => SseServer.open(serverOptions))
  const framer = new Framer(MAX_LINE_BYTES)
  const wrong = (code: 'parse_failed' | 'request_invalid', problem: string, id = 'null') =>
    writeTo(output, errorFor(id, new BridgeError(code, problem)).encode('', '\n'))
  const take: Parameters<Framer['read']>[1] = (frame) => {
    if (frame.type === 'message') server.send(frame.message)
    else if (frame.type === 'too_large')
      wrong('request_invalid', `a line of ${frame.bytes} bytes is too long`, frame.asked)
    else wrong('parse_failed', 'a line is no message of JSON-RPC')
  }
  const end = () => input.destroy()
  signal.addEventListener('abort', end)
  try {
    for await (const chunk of input) framer.read(chunk as Buffer, take)
  } catch (error) {
    // Ended from outside.
    if (!signal.aborted) throw error
  }
  framer.end(take)
  signal.removeEventListener('abort', end)
  if (!signal.aborted) await Promise.race([peer.idle(), after(LAST_ANSWERS_MS), aborted(signal)])
  await server.close()
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
}
