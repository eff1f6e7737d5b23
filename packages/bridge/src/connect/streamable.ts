// connect/streamable: a server over Streamable HTTP: with a session, or, by 2026-07-28, without.
import type { IncomingMessage } from 'node:http'
import { resultOf, textOf } from '../rpc/content.ts'
import { Message, readBody } from '../rpc/message.ts'
import { isEventStream, readAnswer, readText, type Place, type Taker } from './answers.ts'
import { keyOf } from './peer.ts'
import { listenWhile } from './listen.ts'
import { Poster } from './poster.ts'
import { Remembered } from './remembered.ts'
import {
  AWAY_MS,
  canRepeat,
  errorOf,
  isRepeatable,
  lost,
  Patience,
  refused,
  silent,
  within,
  type Server,
  type ServerOptions,
} from './server.ts'

/** A notification that finds nobody is dropped after this: what comes behind it waits, and no longer. */
const NOTIFICATION_MS = 5000
/** A stream that has brought its answer is to end. */
const ENDING_MS = 2000
/** A stream that has lasted so long is one, and may be opened again as often as it breaks. */
const HELD_MS = 5000
const GOODBYE_MS = 2000
/** What servers of HTTP+SSE answer to a POST. */
const OLDER = new Set([400, 404, 405])

export class StreamableServer implements Server {
  readonly #options: ServerOptions
  readonly #older: () => Promise<Server | undefined>
  readonly #remembered = new Remembered()
  readonly #closing = new AbortController()
  /** Requests without a session: they are given up by closing their connection. */
  readonly #modern = new Map<string, AbortController>()
  readonly #poster: Poster
  /** The server speaks the wire of before: it has the client from now on. */
  #other: Server | undefined
  /** Counts up. */
  #session = 0
  #reopening: Promise<boolean> | undefined
  /** What must arrive before what comes next. */
  #order: Promise<void> = Promise.resolve()

  /** @param older opens the wire of before, where the server speaks that */
  constructor(options: ServerOptions, older: () => Promise<Server | undefined>) {
    this.#options = options
    this.#older = older
    this.#poster = new Poster(options.link, options.url)
  }

  send(message: Message): void {
    const before = this.#order
    if (message.kind === 'request') {
      this.#options.peer.expect(message)
      this.#remembered.note(message)
      const done = before.then(() => this.#request(message))
      if (message.method === 'initialize')
        this.#order = Promise.race([done, this.#options.peer.over(message.id)])
      return
    }
    const { requestId } = message.envelope
    const given = requestId === undefined ? undefined : this.#modern.get(requestId.raw)
    if (requestId !== undefined && message.method === 'notifications/cancelled') {
      this.#options.peer.forget(requestId.raw)
      if (given !== undefined) return given.abort()
    }
    this.#order = before.then(() => within(NOTIFICATION_MS, this.#say(message)))
  }

  async close(): Promise<void> {
    this.#closing.abort()
    if (this.#other !== undefined) return this.#other.close()
    if (this.#poster.sessionId !== undefined)
      await this.#poster.end(AbortSignal.timeout(GOODBYE_MS)).then(
        (res) => res.resume(),
        () => {},
      )
    this.#options.link.close()
  }

  /** One request of the client, or, with `isReplay`, of our own; its answer goes to the peer, whatever comes. */
  async #request(message: Message, isReplay = false): Promise<void> {
    if (this.#other !== undefined) return this.#other.send(message)
    if (!isReplay) await this.#reopening
    const cut = new AbortController()
    const signal = AbortSignal.any([cut.signal, this.#closing.signal])
    const { isModern } = message.envelope
    if (isModern) this.#modern.set(message.id, cut)
    try {
      await this.#attempt(message, signal, isReplay)
    } catch (thrown) {
      if (cut.signal.aborted) this.#options.peer.forget(message.writtenId)
      else this.#options.peer.fail(message.writtenId, errorOf(thrown))
    } finally {
      if (isModern) this.#modern.delete(message.id)
    }
  }

  async #attempt(message: Message, signal: AbortSignal, isReplay: boolean): Promise<void> {
    const { peer } = this.#options
    const { isModern } = message.envelope
    const id = message.writtenId
    let patience = new Patience(AWAY_MS)
    let hasReopened = false
    // What was given up while the server was away is not done when it is back.
    while (peer.awaits(id)) {
      const session = this.#session
      let res: IncomingMessage
      try {
        res = await this.#poster.post(message, signal)
      } catch (error) {
        if (canRepeat(error, message.method) && (await patience.wait(signal))) continue
        throw error
      }
      const { statusCode: status = 0, headers } = res
      const hadSession = this.#poster.sessionId !== undefined || session !== this.#session
      const mayReopen = !isModern && !isReplay && message.method !== 'initialize'
      // Only once: the server may mean something else by it.
      if (status === 404 && hadSession && mayReopen && !hasReopened) {
        res.resume()
        hasReopened = true
        if (await this.#reopen(session)) continue
        throw lost('the server has forgotten the session, and opens no other')
      }
      const later = Number(headers['retry-after'])
      if ((status === 503 || status === 429) && later >= 0) {
        const text = await readText(res)
        if (await patience.wait(signal, later * 1000)) continue
        throw refused(status, this.#options.url, text)
      }
      if (status >= 300) return this.#refuse(message, res)
      if (message.method === 'initialize') this.#poster.opened(headers)
      const readAt = performance.now()
      if (await this.#read(message, res, signal)) return
      if (res.complete && !isEventStream(res)) throw silent(status, this.#options.url, message.method)
      if (peer.awaits(id) && isRepeatable(message.method) && (await patience.wait(signal))) {
        const isHeld = performance.now() - readAt > HELD_MS
        if (message.method === 'subscriptions/listen' && isHeld) patience = new Patience(AWAY_MS)
        continue
      }
      throw lost('the connection broke before the answer came')
    }
  }

  /** Reads the answer, over as many connections as that takes. False: it has not come, and will not. */
  async #read(message: Message, first: IncomingMessage, signal: AbortSignal): Promise<boolean> {
    const { peer } = this.#options
    const place: Place = { lastEventId: undefined, retryMs: undefined }
    const taker = this.#taker(message)
    let res: IncomingMessage | undefined = first
    for (;;) {
      const close = () => res?.destroy()
      signal.addEventListener('abort', close)
      const ended = readAnswer(res, taker, place)
      await Promise.race([ended, peer.over(message.writtenId).then(() => within(ENDING_MS, ended))])
      signal.removeEventListener('abort', close)
      if (!peer.awaits(message.writtenId)) {
        close()
        return true
      }
      signal.throwIfAborted()
      if (message.envelope.isModern || place.lastEventId === undefined) return false
      res = await this.#poster.resume(place, signal)
      if (res === undefined) return false
    }
  }

  /** What the server says of itself, as long as the session lasts. */
  async #listen(session: number): Promise<void> {
    const { signal } = this.#closing
    const isOver = () => session !== this.#session || signal.aborted
    if (await listenWhile(isOver, this.#poster, this.#taker(), signal)) await this.#reopen(session)
  }

  #taker(message?: Message): Taker {
    const { peer, note } = this.#options
    const session = this.#session
    return {
      onMessage: (got) => {
        if (got.kind !== 'response') return peer.tell(got, session)
        if (message === undefined) return peer.answer(got)
        const id = message.writtenId
        // What it could not read is what it was asked.
        if (got.id === 'null' && got.envelope.hasError) return this.#answerAs(id, got)
        if (keyOf(got.id) === keyOf(id)) this.#learn(message, got)
        peer.answer(got)
      },
      onOther: (_event, text) => note(`the server sent what is no message: ${text}`),
    }
  }

  #learn({ method }: Message, response: Message): void {
    if (method === 'initialize') {
      this.#poster.revision = textOf(resultOf(response)['protocolVersion'], '')
      this.#remembered.opened(response)
    } else if (method === 'tools/list') this.#poster.learn(resultOf(response)['tools'])
  }

  /** A notification, or the client's answer to a question. */
  async #say(message: Message): Promise<void> {
    if (this.#other !== undefined) return this.#other.send(message)
    const { peer, note } = this.#options
    const { signal } = this.#closing
    const patience = new Patience(NOTIFICATION_MS)
    let hasReopened = false
    await this.#reopening
    const reply = message.kind === 'response' ? peer.replyFor(message, this.#session) : message
    if (reply === undefined) return note('an answer is for a session that the server has forgotten')
    for (;;) {
      const session = this.#session
      const res = await this.#poster.post(reply, signal).catch((error: unknown) => error as Error)
      if (!(res instanceof Error)) {
        const { statusCode: status = 0 } = res
        res.resume()
        const isForgotten = status === 404 && this.#poster.sessionId !== undefined && !hasReopened
        if (isForgotten && reply.kind !== 'response') {
          hasReopened = true
          if (await this.#reopen(session)) continue
        }
        if (status >= 400) note(`the server answers ${reply.method || 'an answer'} with status ${status}`)
        if (reply.method === 'notifications/initialized') void this.#listen(this.#session)
        return
      }
      if (canRepeat(res, '') && (await patience.wait(signal))) continue
      if (!signal.aborted) note(`${res.message}; lost: ${reply.method || 'an answer'}`)
      return
    }
  }

  /** Opens a session in place of one that is gone; once, however many find out. */
  #reopen(session: number): Promise<boolean> {
    if (!this.#remembered.isBegun) return Promise.resolve(false)
    if (session !== this.#session) return this.#reopening ?? Promise.resolve(true)
    this.#session++
    const takeBack = this.#poster.forget()
    this.#reopening = this.#replay()
      .catch(() => false)
      .then((isOpen) => {
        this.#reopening = undefined
        // The next request finds out again.
        if (!isOpen) {
          takeBack()
          this.#options.note('the server has forgotten the session, and opens no other')
        }
        return isOpen
      })
    return this.#reopening
  }

  async #replay(): Promise<boolean> {
    const { peer, note } = this.#options
    const opened = await this.#remembered.replay({
      ask: (message) => {
        const { request, response } = peer.ask(message)
        void this.#request(request, true)
        return response
      },
      say: async (message) => {
        const res = await this.#poster.post(message, this.#closing.signal)
        res.resume()
      },
    })
    if (!opened.envelope.hasResult) return false
    note('the server had forgotten the session; there is a new one')
    for (const change of this.#remembered.changes) peer.tell(change, this.#session)
    void this.#listen(this.#session)
    return true
  }

  /** An error of JSON-RPC is the server's own word; whatever else it says is told. */
  async #refuse(message: Message, res: IncomingMessage): Promise<void> {
    const { url } = this.#options
    const { statusCode: status = 0 } = res
    if (message.method === 'initialize' && OLDER.has(status) && !this.#remembered.wasOpened) {
      const other = await this.#older()
      if (other !== undefined) {
        res.resume()
        this.#other = other
        return other.send(message)
      }
    }
    const text = await readText(res)
    const body = readBody([Buffer.from(text)])
    if (!(body instanceof Message) || body.kind !== 'response' || !body.envelope.hasError)
      throw refused(status, url, text)
    this.#answerAs(message.writtenId, body)
  }

  #answerAs(id: string, response: Message): void {
    this.#options.peer.answer(response.rewrite([[response.envelope.id, id]]), id)
  }
}
