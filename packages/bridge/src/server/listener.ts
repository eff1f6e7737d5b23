// server/listener: the HTTP server under the app: its timeouts, and what it says to what is no request.
import { createServer, maxHeaderSize, type RequestListener, type Server, type ServerOptions } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { monotonicMs } from '../clock.ts'
import { BridgeError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { errorFor } from '../rpc/factory.ts'

export interface ListenerOptions {
  host: string
  port: number
  maxBodyBytes: number
  /** Which options say where to listen, for whoever has to correct them. */
  flags?: Flags
}

interface Flags {
  host: string
  port: string
}

const FLAGS: Flags = { host: '--host', port: '--port' }

/** Longer than the 60 s after which proxies close an idle connection: they must be the first. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000
/** A peer whose machine has gone is found out by TCP. */
const TCP_KEEP_ALIVE_MS = 30_000
/** The slowest client that may still send the largest body: 128 bytes a millisecond, about 1 Mbit/s. */
const SLOWEST_BYTES_PER_MS = 128
/** For the headers, and for a body however small. */
const LEAST_REQUEST_MS = 60_000
/** How often Node looks for requests that are late. */
const LOOK_EVERY_MS = 10_000
/** How long a client that was refused here may take to read why. */
const REFUSED_MS = 5000

/**
 * Listens, or says why it cannot.
 *
 * @param timeouts for tests
 * @throws BridgeError `listen_failed`
 */
export async function openListener(
  handler: RequestListener,
  { host, port, maxBodyBytes, flags = FLAGS }: ListenerOptions,
  log: Logger,
  timeouts: Pick<ServerOptions, 'headersTimeout' | 'requestTimeout' | 'connectionsCheckingInterval'> = {},
): Promise<Server> {
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
      headersTimeout: LEAST_REQUEST_MS,
      requestTimeout: LEAST_REQUEST_MS + Math.ceil(maxBodyBytes / SLOWEST_BYTES_PER_MS),
      connectionsCheckingInterval: LOOK_EVERY_MS,
      ...timeouts,
    },
    handler,
  )
  const refused = new WeakSet<object>()
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // What it still sends is no request either.
    if (refused.has(socket)) return
    refused.add(socket)
    const problem = problemOf(error)
    if (!isSilent(socket as Socket & Answering)) return socket.destroy()
    const { remoteAddress } = socket as Socket
    log.info({ code: problem.code, reason: problem.message, remoteAddress }, 'request refused')
    refuseRaw(socket as Socket, problem)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port, flags)))
    server.listen(port, host, resolve)
  })
  return server
}

export function addressOf(server: Server): AddressInfo {
  return server.address() as AddressInfo
}

/** Resolves when no connection is left; what does not end by itself is cut. */
export async function closeListener(server: Server, graceMs: number): Promise<void> {
  await allAccepted(server, graceMs)
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const cut = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(cut)
}

/** Connections that still waited to be accepted would be reset, and their requests lost. Each turn of the loop accepts one. */
async function allAccepted(server: Server, withinMs: number): Promise<void> {
  const from = monotonicMs()
  let quietTurns = 0
  const accepted = () => (quietTurns = 0)
  server.on('connection', accepted)
  // The first may be the rest of a turn, in which nothing is accepted any more.
  while (quietTurns < 3 && monotonicMs() - from < withinMs) {
    quietTurns++
    await setImmediate()
  }
  server.off('connection', accepted)
}

function problemOf({ code }: NodeJS.ErrnoException): BridgeError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new BridgeError(
      'headers_too_large',
      `the request headers are too large: over ${maxHeaderSize} bytes`,
      {
        hint: 'send fewer or shorter headers; the operator may set NODE_OPTIONS=--max-http-header-size=65536',
      },
    )
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new BridgeError('request_timeout', 'the request was not there in time')
  return new BridgeError('request_invalid', 'not an HTTP request')
}

/** What Node keeps at a socket whose request is being answered. */
interface Answering {
  _httpMessage?: { headersSent: boolean } | null
}

/** In the middle of another answer a refusal would be part of that; Node itself asks the same way. */
function isSilent({ writable, _httpMessage }: Socket & Answering): boolean {
  return writable && _httpMessage?.headersSent !== true
}

function refuseRaw(socket: Socket, error: BridgeError): void {
  const body = errorFor('null', error).encode('', '\n') as string
  const status = { 408: 'Request Timeout', 431: 'Request Header Fields Too Large' }[error.row.http]
  const head = [
    `HTTP/1.1 ${error.row.http} ${status ?? 'Bad Request'}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${body.length}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1')
  // Closing with bytes unread would reset the connection before the client has read why.
  socket.resume()
  const cut = setTimeout(() => socket.destroy(), REFUSED_MS).unref()
  socket.on('close', () => clearTimeout(cut))
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number, flags: Flags): BridgeError {
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const fail = (text: string, hint: string) => new BridgeError('listen_failed', text, { hint, cause: error })
  switch (error.code ?? '') {
    case 'EADDRINUSE':
      return fail(
        `${at} is in use`,
        `choose another ${flags.port} (0 takes a free one), or stop what listens there`,
      )
    case 'EACCES':
      return fail(`no permission to listen on ${at}`, `choose a ${flags.port} above 1023`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return fail(`${host} is not an address of this machine`, `correct ${flags.host}`)
    default:
      return fail(
        `cannot listen on ${at}: ${error.code ?? error.message}`,
        `correct ${flags.host} and ${flags.port}`,
      )
  }
}
