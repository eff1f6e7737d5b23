// connect/link: one HTTP request to the server, through whatever proxy and by whatever certificate the operator names.
import { readFileSync } from 'node:fs'
import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { rootCertificates } from 'node:tls'
import { readTextFile } from '../encoding.ts'
import { BridgeError } from '../errors.ts'
import type { Encoded } from '../rpc/message.ts'
import { lengthOf, writeTo } from '../rpc/write.ts'

export interface LinkOptions {
  /** Sent with each request. */
  headers: Readonly<Record<string, string>>
  /** Read for each request: a token may be replaced while the client runs. */
  tokenFile: string | undefined
  /** PEM; trusted besides those that Node trusts. */
  caFile: string | undefined
  proxy: Record<string, string> | undefined
}

export interface Sent {
  method: 'GET' | 'POST' | 'DELETE'
  headers: OutgoingHttpHeaders
  body?: Encoded
  signal?: AbortSignal
}

/** The server could not be asked. */
export class LinkError extends Error {
  /** For certain it has not heard of the request: to send it again doubles nothing. */
  readonly isUnsent: boolean
  /** A certificate that is not trusted will not be in a second either. */
  readonly isLasting: boolean

  constructor(message: string, isUnsent: boolean, cause: NodeJS.ErrnoException) {
    super(message, { cause })
    this.isUnsent = isUnsent
    this.isLasting = isUnsent && /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO/.test(cause.code ?? '')
  }
}

/** Starlette and others send `/mcp` on to `/mcp/`. */
const MAX_REDIRECTS = 3
/** A machine that has slept, or a network that is gone, shows when nobody acknowledges any more. */
const PROBE_MS = 15_000

export class Link {
  readonly #options: LinkOptions
  readonly #http: HttpAgent
  readonly #https: HttpsAgent

  /** @throws BridgeError `config_invalid` for a file that cannot be read */
  constructor(options: LinkOptions) {
    this.#options = options
    const { proxy, caFile } = options
    const shared = { keepAlive: true, ...(proxy !== undefined && { proxyEnv: proxy }) }
    const ca = caFile === undefined ? undefined : [...rootCertificates, readNamed(caFile, '--ca')]
    this.#http = new HttpAgent(shared)
    this.#https = new HttpsAgent({ ...shared, ...(ca !== undefined && { ca }) })
    this.#token()
  }

  /** Resolves with the head of the answer. Throws LinkError. */
  async open(url: URL, sent: Sent): Promise<IncomingMessage> {
    let at = url
    for (let hops = 0; ; hops++) {
      const res = await this.#ask(at, sent)
      const { statusCode = 0, headers } = res
      const { location } = headers
      if (location === undefined || ![307, 308].includes(statusCode) || hops === MAX_REDIRECTS) return res
      const next = URL.parse(location, at.href)
      // The token is not carried to anybody else.
      if (next === null || next.host !== at.host || (at.protocol === 'https:' && next.protocol !== 'https:'))
        return res
      res.resume()
      at = next
    }
  }

  close(): void {
    this.#http.destroy()
    this.#https.destroy()
  }

  #ask(url: URL, { method, headers, body, signal }: Sent): Promise<IncomingMessage> {
    const isSecure = url.protocol === 'https:'
    const token = this.#token()
    const options = {
      method,
      agent: isSecure ? this.#https : this.#http,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...this.#options.headers,
        ...headers,
        ...(body !== undefined && { 'content-length': lengthOf(body) }),
      },
      ...(signal !== undefined && { signal }),
    }
    return new Promise((resolve, reject) => {
      const req = (isSecure ? httpsRequest : httpRequest)(url, options, resolve)
      let isConnected = false
      req.on('socket', (socket) => {
        socket.setKeepAlive(true, PROBE_MS)
        isConnected = !socket.connecting && !socket.destroyed
        // One that has served before would keep a listener of each request.
        if (socket.connecting) socket.once(isSecure ? 'secureConnect' : 'connect', () => (isConnected = true))
      })
      req.on('error', (error: NodeJS.ErrnoException) => {
        // No code says so: EHOSTUNREACH ends connections too that have carried a request.
        const why = `cannot reach ${url.origin} (${error.code ?? error.message})`
        reject(new LinkError(why, !isConnected, error))
      })
      if (body !== undefined) writeTo(req, body)
      req.end()
    })
  }

  #token(): string | undefined {
    const { tokenFile } = this.#options
    return tokenFile === undefined ? undefined : readNamed(tokenFile, '--token-file').trim()
  }
}

function readNamed(path: string, flag: string): string {
  try {
    return flag === '--ca' ? readFileSync(path, 'utf8') : readTextFile(path)
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    throw new BridgeError('config_invalid', `flag ${flag}: ${path} cannot be read (${code})`, { cause })
  }
}
