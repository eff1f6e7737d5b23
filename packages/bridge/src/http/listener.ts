// http/listener: the HTTP server under the app: its timeouts, and what it says to what is no HTTP.
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BridgeError } from '../errors.ts'

/** Longer than the 60 s after which proxies close an idle connection: they must be the first. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000
/** A peer whose machine has gone is found out by TCP. */
const TCP_KEEP_ALIVE_MS = 30_000
const NO_HTTP = JSON.stringify({
  jsonrpc: '2.0',
  id: null,
  error: { code: -32600, message: 'not an HTTP request' },
})

/**
 * Listens, or says why it cannot.
 *
 * @throws BridgeError `listen_failed`
 */
export async function openListener(handler: RequestListener, host: string, port: number): Promise<Server> {
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS, keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS },
    handler,
  )
  server.on('clientError', (_error, socket) => {
    if (!socket.writable) return socket.destroy()
    socket.end(
      `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${NO_HTTP.length}\r\n\r\n${NO_HTTP}`,
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)))
    server.listen(port, host, resolve)
  })
  return server
}

export function addressOf(server: Server): AddressInfo {
  return server.address() as AddressInfo
}

/** Resolves when no connection is left; what does not end by itself is cut. */
export async function closeListener(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const cut = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(cut)
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): BridgeError {
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const fail = (text: string, hint: string) => new BridgeError('listen_failed', text, { hint, cause: error })
  switch (error.code ?? '') {
    case 'EADDRINUSE':
      return fail(`${at} is in use`, 'choose another --port (0 takes a free one), or stop what listens there')
    case 'EACCES':
      return fail(`no permission to listen on ${at}`, 'choose a --port above 1023')
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return fail(`${host} is not an address of this machine`, 'correct --host')
    default:
      return fail(`cannot listen on ${at}: ${error.code ?? error.message}`, 'correct --host and --port')
  }
}
