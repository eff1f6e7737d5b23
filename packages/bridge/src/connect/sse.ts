// connect/sse: a server over HTTP+SSE: answers come on one stream, which is the session.
import type { IncomingMessage } from 'node:http'
import { BridgeError } from '../errors.ts'
import type { Message } from '../rpc/message.ts'
import { isEventStream, readAnswer, readText, type Taker } from './answers.ts'
import { keyOf } from './peer.ts'
import { Remembered } from './remembered.ts'
import {
  AWAY_MS,
  canRepeat,
  errorOf,
  isRepeatable,
  lost,
  Patience,
  refused,
  type Server,
  type ServerOptions,
} from './server.ts'

/** How long the address to write to may take. */
const ENDPOINT_MS = 15_000

export class SseServer implements Server {
  readonly #options: ServerOptions
  readonly #closing = new AbortController()
  readonly #remembered = new Remembered()
  /** What the client waits for, in this session. */
  readonly #sent = new Map<string, Message>()
  /** Where to write to; a promise for it while the stream is opened. */
  #endpoint: Promise<URL | undefined>
  #order: Promise<void> = Promise.resolve()
  #session = 0
  /** It was looked for long enough; the next request of the client looks again. */
  #isGone = false

  private constructor(options: ServerOptions, endpoint: Promise<URL | undefined>) {
    this.#options = options
    this.#endpoint = endpoint
  }

  /** Undefined where the server does not speak this wire. */
  static async open(options: ServerOptions): Promise<SseServer | undefined> {
    const { promise, resolve } = Promise.withResolvers<URL | undefined>()
    const server = new SseServer(options, promise)
    const stream = await server.#open().catch(() => undefined)
    if (stream === undefined) return undefined
    void stream.gone.then(() => server.#lost())
    resolve(stream.endpoint)
    return server
  }

  send(message: Message): void {
    if (message.kind === 'request') {
      this.#options.peer.expect(message)
      this.#remembered.note(message)
      if (this.#isGone) this.#search()
    }
    const { requestId } = message.envelope
    if (requestId !== undefined && message.method === 'notifications/cancelled') {
      this.#sent.delete(keyOf(requestId.raw))
      this.#options.peer.forget(requestId.raw)
    }
    this.#order = this.#order.then(() => this.#post(message))
    if (message.method !== 'initialize') return
    // Nothing may come before it is answered.
    const answered = this.#options.peer.over(message.id)
    this.#order = this.#order.then(() => answered)
  }

  close(): Promise<void> {
    this.#closing.abort()
    this.#options.link.close()
    return Promise.resolve()
  }

  /** Opens the stream, and reads it until it is gone. */
  async #open(): Promise<Stream> {
    const { link, url } = this.#options
    const { signal } = this.#closing
    const cut = new AbortController()
    const end = () => cut.abort()
    const timer = setTimeout(end, ENDPOINT_MS)
    signal.addEventListener('abort', end)
    const headers = { accept: 'text/event-stream' }
    const res = await link
      .open(url, { method: 'GET', headers, signal: cut.signal })
      .catch((error: unknown) => {
        clearTimeout(timer)
        throw error
      })
    if (res.statusCode !== 200 || !isEventStream(res)) {
      clearTimeout(timer)
      throw refused(res.statusCode ?? 0, url, await readText(res))
    }
    const { promise, resolve } = Promise.withResolvers<URL | undefined>()
    const gone = readAnswer(res, this.#taker(resolve, res), { lastEventId: undefined, retryMs: undefined })
    void gone.then(() => {
      signal.removeEventListener('abort', end)
      resolve(undefined)
    })
    const endpoint = await promise
    clearTimeout(timer)
    if (endpoint !== undefined) return { endpoint, gone, end }
    throw new BridgeError('server_refused', `${url.origin} sends no address to write to`)
  }

  #taker(found: (endpoint: URL) => void, res: IncomingMessage): Taker {
    const { peer, url, note } = this.#options
    const session = this.#session
    return {
      onMessage: (message) => {
        if (message.kind !== 'response') return peer.tell(message, session)
        if (this.#sent.get(keyOf(message.id))?.method === 'initialize') this.#remembered.opened(message)
        this.#sent.delete(keyOf(message.id))
        peer.answer(message)
      },
      onOther: (event, data) => {
        if (event !== 'endpoint') return note(`the server sent what is no message: ${data}`)
        const endpoint = URL.parse(data, url.href)
        // What the client sends, and its token, is for this server alone.
        if (endpoint?.origin === url.origin) return found(endpoint)
        note('the server names an address of somebody else to write to')
        res.destroy()
      },
    }
  }

  async #post(message: Message): Promise<void> {
    const { peer, note } = this.#options
    const { signal } = this.#closing
    const patience = new Patience(AWAY_MS)
    for (;;) {
      const endpoint = await this.#endpoint
      // What was given up, or told to be lost, is not done in another session.
      if (message.kind === 'request' && !peer.awaits(message.writtenId)) return
      const reply = message.kind === 'response' ? peer.replyFor(message, this.#session) : message
      if (reply === undefined) return note('an answer is for a session that is gone')
      const fail = (error: BridgeError) => {
        this.#sent.delete(keyOf(message.writtenId))
        if (message.kind === 'request') peer.fail(message.writtenId, error)
        else note(error.message)
      }
      if (endpoint === undefined)
        return fail(new BridgeError('server_unreachable', 'the server is gone, and opens no other session'))
      if (message.kind === 'request') this.#sent.set(keyOf(message.writtenId), message)
      try {
        const res = await this.#write(endpoint, reply)
        const { statusCode: status = 0 } = res
        const text = await readText(res)
        if (status < 300) return
        // The stream ends with its session: then everything is sent to the next one.
        if (status !== 404) return fail(refused(status, endpoint, text))
      } catch (error) {
        if (signal.aborted) return
        if (!canRepeat(error, message.method)) return fail(errorOf(error))
      }
      if (!(await patience.wait(signal)))
        return fail(new BridgeError('server_unreachable', `cannot write to ${endpoint.origin}`))
    }
  }

  #write(endpoint: URL, message: Message): Promise<IncomingMessage> {
    const headers = { 'content-type': 'application/json' }
    const { signal } = this.#closing
    return this.#options.link.open(endpoint, {
      method: 'POST',
      headers,
      body: message.encode('', ''),
      signal,
    })
  }

  /** The stream has ended, and with it the session. */
  #lost(): void {
    const { signal } = this.#closing
    if (signal.aborted) return
    const { peer } = this.#options
    const unanswered = [...this.#sent.values()]
    this.#sent.clear()
    for (const { writtenId, method } of unanswered.filter(({ method: each }) => !isRepeatable(each)))
      peer.fail(writtenId, lost(`the stream broke before the answer to ${method} came`))
    this.#session++
    this.#search()
    for (const message of unanswered.filter(({ method }) => isRepeatable(method))) void this.#post(message)
  }

  #search(): void {
    this.#isGone = false
    this.#endpoint = this.#again().then(
      (endpoint) => {
        this.#options.note('the stream broke; there is a new session')
        return endpoint
      },
      () => {
        this.#isGone = true
        return undefined
      },
    )
  }

  async #again(): Promise<URL> {
    const { peer } = this.#options
    const { signal } = this.#closing
    const patience = new Patience(AWAY_MS)
    for (;;) {
      try {
        const stream = await this.#open()
        await Promise.race([this.#replay(stream.endpoint), stream.gone.then(brokeOff)]).catch(
          (error: unknown) => {
            stream.end()
            throw error
          },
        )
        void stream.gone.then(() => this.#lost())
        for (const change of this.#remembered.changes) peer.tell(change, this.#session)
        return stream.endpoint
      } catch (error) {
        if (!(await patience.wait(signal))) throw error
      }
    }
  }

  async #replay(endpoint: URL): Promise<void> {
    if (!this.#remembered.wasOpened) return
    const { peer } = this.#options
    const say = async (message: Message) => {
      const res = await this.#write(endpoint, message)
      res.resume()
      if ((res.statusCode ?? 0) >= 300) throw refused(res.statusCode ?? 0, endpoint, '')
    }
    const opened = await this.#remembered.replay({
      ask: async (message) => {
        const { request, response } = peer.ask(message)
        await say(request)
        return response
      },
      say,
    })
    if (!opened.envelope.hasResult)
      throw new BridgeError('server_refused', 'the server opens no other session')
  }
}

interface Stream {
  /** Where to write to. */
  endpoint: URL
  /** Resolves when it has ended, whoever ended it. */
  gone: Promise<void>
  end(): void
}

function brokeOff(): never {
  throw lost('the stream broke before the session was open')
}
