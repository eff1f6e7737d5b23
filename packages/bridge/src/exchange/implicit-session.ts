// exchange/implicit-session: what a modern client finds again in its next request: a way to a legacy child of its own.
import { randomUUID } from 'node:crypto'
import type { Caller } from '../access/caller.ts'
import type { Account } from '../budget/budget.ts'
import type { Holder } from '../budget/pressure.ts'
import { monotonicMs } from '../clock.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import type { ResponseWriter } from '../http/response.ts'
import { createCall } from '../relay/call.ts'
import { ChildClient } from '../relay/client.ts'
import { Connection } from '../relay/connection.ts'
import type { Call, Entry, ReplyStream } from '../relay/dispatch.ts'
import { failureAsResult } from '../relay/interceptors/litellm.ts'
import { observeCalls } from '../relay/interceptors/observe.ts'
import { listOf, recordOf, resultOf, textOf, type Members } from '../rpc/content.ts'
import type { Message } from '../rpc/message.ts'
import { completed, initializeAnswerOf, passed, withoutAnswers, type ModernRequest } from '../rpc/modern.ts'
import { MODERN_REVISION, NEWEST_LEGACY_REVISION } from '../rpc/revisions.ts'
import type { Era, Lease, OpenLease } from '../session/lease.ts'
import type { SessionLimits } from '../session/session.ts'
import type { Logger } from '../telemetry/logger.ts'
import { excerpt } from '../visible.ts'
import { Exchange, type ExchangeHost } from './exchange.ts'
import { Listen, Listens } from './listen.ts'
import { lowestOf } from './log-levels.ts'
import { fingerprintOf, type RequestStates } from './request-state.ts'
import { waiting } from './waiting.ts'

/** Who it is: the same in all its requests. */
export interface Identity {
  /** A hash of all that tells it from others. */
  key: string
  caller: Caller
  /** What it can be asked; a modern child hears it with each request. */
  capabilities: Members
  /** Of its child. */
  era: Era
}

export interface ImplicitSessionOptions extends SessionLimits {
  states: RequestStates
  openLease: OpenLease
  /** A list of tools has gone by. */
  onTools(tools: readonly unknown[]): void
  onClosed(session: ImplicitSession): void
}

/** A way to a child that has been initialised for this client. */
interface Opened {
  connection: Connection
  client: ChildClient
  entry: Entry
  /** What the child answered to `initialize`. */
  answer: Members
}

export class ImplicitSession implements Holder, ExchangeHost {
  readonly identity: Identity
  readonly wire = 'stateless'
  readonly protocolVersion = MODERN_REVISION
  lastRequestAt = monotonicMs()
  readonly #options: ImplicitSessionOptions
  readonly #log: Logger
  readonly #exchanges = new Map<string, Exchange>()
  readonly #listens: Listens
  readonly #closing = new AbortController()
  readonly #from = monotonicMs()
  readonly #opening: Promise<Opened>
  #lease: Lease | undefined
  #connection: Connection | undefined
  #client: ChildClient | undefined
  #opened: Opened | undefined
  /** What the child was told last. */
  #logLevel: string | undefined
  #isClosed = false
  /** Bytes charged at the last look. */
  #sampled = 0

  constructor(identity: Identity, options: ImplicitSessionOptions, log: Logger) {
    this.identity = identity
    this.#options = options
    this.#log = log
    this.#listens = new Listens({
      bytes: this.account.bytes,
      ask: (method, uri) => this.#ask(method, { uri }),
    })
    this.#opening = this.#open()
    this.#opening.catch((error: unknown) => this.close('no child', toBridgeError(error)))
  }

  get #era(): Era {
    return this.identity.era
  }

  get caller(): Caller {
    return this.identity.caller
  }

  get account(): Account {
    return this.caller.account
  }

  get shortId(): string {
    return this.identity.key.slice(0, 8)
  }

  get childRevision(): string | undefined {
    const revision = this.#opened?.answer['protocolVersion']
    return revision === undefined ? undefined : textOf(revision, NEWEST_LEGACY_REVISION)
  }

  /** Requests that have no response yet, those whose client is asked among them. */
  get inFlight(): number {
    return this.#exchanges.size
  }

  /** Requests whose client waits. */
  get awaited(): number {
    let count = 0
    for (const { isParked, isStanding } of this.#exchanges.values()) if (!isParked && !isStanding) count++
    return count
  }

  /** Whoever waits for it to be opened is no exchange yet. */
  get isIdle(): boolean {
    return this.#opened !== undefined && this.#exchanges.size === 0 && this.#listens.size === 0
  }

  get maxBufferBytes(): number {
    return this.#options.maxBufferBytes
  }

  get parkMs(): number {
    return this.#options.timings.parkMs
  }

  get serverInfo(): Members {
    return recordOf(this.#opened?.answer['serverInfo'])
  }

  readonly replayBytes = 0

  dropReplay(): void {}

  get unreadBytes(): number {
    let bytes = this.#listens.unreadBytes
    for (const { unreadBytes } of this.#exchanges.values()) bytes += unreadBytes
    return bytes
  }

  cutUnread(): void {
    this.#listens.cutUnread()
    for (const exchange of this.#exchanges.values()) exchange.cutUnread()
  }

  sample(): void {
    let held = this.unreadBytes + (this.#lease?.backlogBytes ?? 0)
    for (const { keptBytes } of this.#exchanges.values()) held += keptBytes
    this.account.bytes.add(held - this.#sampled)
    this.#sampled = held
  }

  /** What the child answered to `initialize`, or as one of before would. Throws BridgeError, `child_…`. */
  async described(): Promise<Members> {
    this.#heard()
    return (this.#opened ?? (await waiting(this.account, 0, this.#opening))).answer
  }

  /**
   * Passes a request on; its response, or what goes wrong, goes to `writer`.
   *
   * @throws BridgeError `quota_exceeded`
   */
  async request(message: Message, request: ModernRequest, writer: ResponseWriter): Promise<void> {
    this.#heard()
    this.#refuseMore()
    const { params, capabilities, logLevel } = request
    const isStanding = message.method === 'subscriptions/listen'
    const call = createCall(message, isStanding ? 0 : this.#options.callTimeoutMs)
    // Nobody comes back here who cannot be asked anything, or is asked by the child itself.
    const canBeAsked = this.#era === 'legacy' && Object.keys(capabilities).length > 0
    const fingerprint = canBeAsked ? fingerprintOf(message.method, params) : ''
    const exchange = new Exchange({ id: randomUUID(), call, capabilities, logLevel, fingerprint }, this)
    this.#exchanges.set(exchange.id, exchange)
    exchange.open(writer, this.#opened === undefined)
    try {
      const opened = this.#opened ?? (await waiting(this.account, message.byteLength, this.#opening))
      // Its client may have gone meanwhile.
      if (exchange.isOver) return
      if (this.#era === 'legacy') this.#adaptLogLevel(opened.answer)
      opened.entry.request(
        call,
        this.#era === 'legacy' ? withoutAnswers(message, request) : message,
        exchange,
      )
      opened.connection.flush()
    } catch (thrown) {
      const error = toBridgeError(thrown)
      if (error.code === 'internal')
        this.#log.error(
          { err: thrown, sessionId: this.shortId, method: excerpt(message.method) },
          'request failed',
        )
      exchange.fail(error)
    }
  }

  /** The exchange that waits for this client to come back, if it does. */
  waiting(id: string, round: number): Exchange | undefined {
    const exchange = this.#exchanges.get(id)
    return exchange?.isParked === true && exchange.round === round ? exchange : undefined
  }

  /** Opens a stream of what the client wants to hear; it stands until either side ends it. */
  async listen(message: Message, request: ModernRequest, writer: ResponseWriter): Promise<void> {
    if (this.#era === 'modern') return this.request(message, request, writer)
    const { params } = request
    this.#heard()
    const { answer } = this.#opened ?? (await waiting(this.account, message.byteLength, this.#opening))
    this.#refuseMore()
    const { maxBufferBytes } = this.#options
    const offered = recordOf(answer['capabilities'])
    const listen = new Listen(message.id, params, { maxBufferBytes, serverInfo: this.serverInfo, offered })
    await this.#listens.open(listen, writer)
  }

  completed(message: Message, { asked }: Exchange): Message {
    const { method } = asked.call
    if (method === 'tools/list' && message.envelope.hasResult)
      this.#options.onTools(listOf(resultOf(message)['tools']))
    const told = this.#options.isForLiteLlm ? failureAsResult(message, method) : message
    // What the bridge says in place of a modern child lacks what that would have said.
    if (this.#era === 'modern' && told === message) return passed(message, method)
    return completed(told, method, this.serverInfo, asked.capabilities)
  }

  stateOf({ id, round, asked }: Exchange): string {
    const binding = { owner: this.identity.key, request: asked.fingerprint }
    return this.#options.states.seal({ exchange: id, round }, binding)
  }

  answer(response: Message): void {
    try {
      this.#connection?.respond(response)
    } catch (err) {
      this.#log.debug({ err, sessionId: this.shortId }, 'answer for a child that does not read dropped')
    }
  }

  abandon(call: Call, reason: string): void {
    this.#connection?.abandon([call], reason)
  }

  over(exchange: Exchange): void {
    this.#exchanges.delete(exchange.id)
    this.lastRequestAt = monotonicMs()
  }

  failed(err: unknown): void {
    this.#log.error({ err, sessionId: this.shortId }, 'stream failed')
  }

  /** Lets the client go: it is served anew by its next request. */
  close(
    reason: string,
    error = new BridgeError('session_unknown', `the bridge has ended this: ${reason}`),
  ): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#closing.abort(error)
    this.#listens.close()
    for (const exchange of this.#exchanges.values()) exchange.close(error)
    this.#client?.close()
    this.#connection?.close(reason)
    this.#lease?.stop?.()
    this.account.bytes.give(this.#sampled)
    this.#sampled = 0
    this.#event('closed', { reason, wasOpen: this.#opened !== undefined })
    this.#options.onClosed(this)
  }

  /** Takes a child and initialises it for this client. */
  async #open(): Promise<Opened> {
    const { caller, capabilities } = this.identity
    const { openLease, timings, startTimeoutMs, events } = this.#options
    const lease = await openLease({
      caller,
      era: this.#era,
      params: { protocolVersion: NEWEST_LEGACY_REVISION, capabilities, clientInfo: {} },
      signal: this.#closing.signal,
      onGone: (error) => this.close(error.message, error),
    })
    const options = { account: this.account, standalone: this.#standalone(), holdMs: timings.holdMs }
    const connection = new Connection(lease.dispatcher, options, this.#log)
    this.#lease = lease
    this.#connection = connection
    if (this.#isClosed) {
      connection.close('closed meanwhile')
      lease.stop?.()
    }
    this.#closing.signal.throwIfAborted()
    const client = new ChildClient(lease.dispatcher)
    this.#client = client
    const { discovered } = lease
    const answer =
      discovered === undefined
        ? await client.initialize(capabilities, startTimeoutMs)
        : initializeAnswerOf(discovered)
    // Of a child that others have too, it may have been answered all the same.
    this.#closing.signal.throwIfAborted()
    const entry = observeCalls(connection, events, this)
    const opened = { connection, client, entry, answer }
    this.#opened = opened
    this.#event('opened', { wasOpen: true })
    return opened
  }

  /** Takes what belongs to no request: a client without a session hears of it where it listens. */
  #standalone(): ReplyStream {
    return {
      canReceive: false,
      isStandalone: true,
      onResponse: () => {},
      onMessage: (message) => this.#listens.hear(message),
    }
  }

  async #ask(method: string, params: Members): Promise<Members> {
    const { client } = await this.#opening
    return client.request(method, params, this.#options.startTimeoutMs)
  }

  /** "a server MUST NOT rely on earlier requests": each brings its level, and an older child has one for all. */
  #adaptLogLevel(answer: Members): void {
    if (recordOf(answer['capabilities'])['logging'] === undefined) return
    const level = lowestOf([...this.#exchanges.values()].map(({ asked }) => asked.logLevel))
    if (level === undefined || level === this.#logLevel) return
    this.#logLevel = level
    this.#ask('logging/setLevel', { level }).catch((err: unknown) => {
      this.#log.debug({ err, sessionId: this.shortId }, 'the child refused a log level')
    })
  }

  /** @throws BridgeError `quota_exceeded` */
  #refuseMore(): void {
    const { maxCalls } = this.#options
    if (this.#exchanges.size + this.#listens.size >= maxCalls)
      throw new BridgeError('quota_exceeded', `${maxCalls} requests of this client are open (--max-calls)`)
  }

  #heard(): void {
    this.lastRequestAt = monotonicMs()
  }

  #event(type: 'opened' | 'closed', end: { reason?: string; wasOpen: boolean }): void {
    this.#options.events.session({
      type,
      sessionId: this.shortId,
      principal: this.caller.principal,
      wire: this.wire,
      revision: MODERN_REVISION,
      childPid: this.#lease?.childPid,
      durationMs: monotonicMs() - this.#from,
      ...end,
    })
  }
}
