// exchange/implicit-session: what a modern client finds again in its next request: a way to a legacy child of its own.
import type { Caller } from '../access/caller.ts'
import type { Account } from '../budget/budget.ts'
import type { Holder } from '../budget/pressure.ts'
import { monotonicMs } from '../clock.ts'
import { BridgeError, toBridgeError, type ErrorCode } from '../errors.ts'
import type { ResponseWriter } from '../http/response.ts'
import { createCall, fail, logInternal } from '../relay/call.ts'
import { observed } from '../relay/interceptors/observe.ts'
import { keepWaiting } from '../relay/interceptors/progress.ts'
import { traced } from '../relay/traced.ts'
import { recordOf, textOf, type Members } from '../rpc/content.ts'
import type { ClientName } from '../rpc/initialize-params.ts'
import type { Message } from '../rpc/message.ts'
import { withoutAnswers } from '../rpc/modern.ts'
import type { ModernRequest } from '../rpc/modern-request.ts'
import { MODERN_REVISION, NEWEST_LEGACY_REVISION } from '../rpc/revisions.ts'
import type { TraceHeaders } from '../rpc/trace-context.ts'
import type { Era, OpenLease } from '../session/lease.ts'
import type { SessionLimits } from '../session/session.ts'
import type { Logger } from '../telemetry/logger.ts'
import { ChildSide } from './child-side.ts'
import { Exchange } from './exchange.ts'
import { Exchanges } from './exchanges.ts'
import type { Identity } from './identity.ts'
import { Listen, Listens } from './listen.ts'
import { Opening, type Opened } from './opening.ts'
import { fingerprintOf, type RequestStates } from './request-state.ts'
import { waiting } from './waiting.ts'

export interface ImplicitSessionOptions extends SessionLimits {
  states: RequestStates
  openLease: OpenLease
  /** A list of tools has gone by. */
  onTools(tools: readonly unknown[]): void
  onClosed(session: ImplicitSession): void
}

export class ImplicitSession implements Holder {
  readonly identity: Identity
  readonly wire = 'stateless'
  readonly protocolVersion = MODERN_REVISION
  lastRequestAt = monotonicMs()
  readonly #options: ImplicitSessionOptions
  readonly #log: Logger
  readonly #exchanges = new Exchanges()
  readonly #listens: Listens
  readonly openedAt = monotonicMs()
  readonly #opening: Opening
  readonly #child: ChildSide
  #isClosed = false
  /** Bytes charged at the last look. */
  #sampled = 0

  constructor(identity: Identity, options: ImplicitSessionOptions, log: Logger) {
    this.identity = identity
    this.#options = options
    this.#log = log
    this.#listens = new Listens({
      bytes: this.account.bytes,
      ask: (method, uri) => this.#child.ask(method, { uri }),
    })
    this.#opening = this.#open()
    this.#child = this.#childSide()
    this.#opening.done.then(
      () => this.#event('opened', { wasOpen: true }),
      (error: unknown) => this.close('no child', toBridgeError(error)),
    )
  }

  get #opened(): Opened | undefined {
    return this.#opening.opened
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

  get client(): ClientName | undefined {
    return this.identity.client
  }

  /** The process that is its alone. */
  get childPid(): number | undefined {
    return this.#opening.childPid
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
    return this.#exchanges.awaited
  }

  /** Whoever waits for it to be opened is no exchange yet. */
  get isIdle(): boolean {
    return this.#opened !== undefined && this.#exchanges.size === 0 && this.#listens.size === 0
  }

  readonly replayBytes = 0

  dropReplay(): void {}

  get unreadBytes(): number {
    return this.#listens.unreadBytes + this.#exchanges.unreadBytes
  }

  cutUnread(): void {
    this.#listens.cutUnread()
    this.#exchanges.cutUnread()
  }

  sample(): void {
    const held = this.unreadBytes + this.#opening.backlogBytes + this.#exchanges.keptBytes
    this.account.bytes.add(held - this.#sampled)
    this.#sampled = held
  }

  /** What the child answered to `initialize`, or as one of before would. Throws BridgeError, `child_…`. */
  async described(): Promise<Members> {
    this.#heard()
    return (this.#opened ?? (await waiting(this.account, 0, this.#opening.done))).answer
  }

  /**
   * Passes a request on; its response, or what goes wrong, goes to `writer`.
   *
   * @throws BridgeError `quota_exceeded`
   */
  request(
    given: Message,
    request: ModernRequest,
    writer: ResponseWriter,
    headers?: TraceHeaders,
  ): void | Promise<void> {
    this.#heard()
    this.#refuseMore()
    const { capabilities, logLevel } = request.sender
    const isStanding = given.method === 'subscriptions/listen'
    const call = createCall(given, isStanding ? 0 : this.#options.callTimeoutMs)
    const message = traced(call, given, headers, this.#options.events)
    // Nobody comes back here who cannot be asked anything, or is asked by the child itself.
    const canBeAsked = this.#era === 'legacy' && Object.keys(capabilities).length > 0
    const fingerprint = canBeAsked ? fingerprintOf(message.method, request.params) : ''
    const exchange = new Exchange({ call, capabilities, fingerprint }, logLevel, this.#child)
    this.#exchanges.add(exchange)
    const opened = this.#opened
    exchange.open(writer, opened === undefined)
    const { events } = this.#options
    exchange.entry = observed(exchange, message, events, this)
    const refusal = events.recorder?.refusal()
    if (refusal !== undefined) return this.#fail(exchange, refusal)
    // No promise is made where the child is there.
    if (opened !== undefined) return this.#begin(exchange, message, request, opened)
    return waiting(this.account, message.byteLength, this.#opening.done).then(
      (then) => this.#begin(exchange, message, request, then),
      (thrown: unknown) => this.#fail(exchange, thrown),
    )
  }

  #begin(exchange: Exchange, message: Message, request: ModernRequest, opened: Opened): void {
    const isOlder = this.#era === 'legacy'
    const { call } = exchange.asked
    // Its client may have gone meanwhile.
    if (exchange.isOver) return exchange.entry.onDropped?.(call)
    try {
      if (isOlder && exchange.logLevel !== undefined) this.#child.adaptLogLevel()
      opened.entry.request(call, isOlder ? withoutAnswers(message, request) : message, exchange.entry)
      opened.connection.flush()
    } catch (thrown) {
      this.#fail(exchange, thrown)
    }
  }

  /** Whether one of its requests waits for this client to come back. */
  awaits(id: string): boolean {
    return this.#exchanges.awaits(id)
  }

  /** What a client would lose that has this ended. */
  get hasCalls(): boolean {
    return this.#opened === undefined || this.#exchanges.haveCalls
  }

  #fail(exchange: Exchange, thrown: unknown): void {
    const error = toBridgeError(thrown)
    const { call } = exchange.asked
    logInternal(error, call, this.#log.child({ sessionId: this.shortId }))
    fail(call, exchange.entry, error)
  }

  /** The exchange that waits for this client to come back, if it does. */
  waiting(id: string, round: number): Exchange | undefined {
    return this.#exchanges.waiting(id, round)
  }

  /** Opens a stream of what the client wants to hear; it stands until either side ends it. */
  async listen(
    message: Message,
    request: ModernRequest,
    writer: ResponseWriter,
    headers?: TraceHeaders,
  ): Promise<void> {
    if (this.#era === 'modern') return this.request(message, request, writer, headers)
    const { params } = request
    this.#heard()
    const { answer } = this.#opened ?? (await waiting(this.account, message.byteLength, this.#opening.done))
    this.#refuseMore()
    const { maxBufferBytes } = this.#options
    const { serverInfo } = this.#child
    const offered = recordOf(answer['capabilities'])
    const listen = new Listen(message.id, params, { maxBufferBytes, serverInfo, offered })
    await this.#listens.open(listen, writer)
  }

  /** Lets the client go: it is served anew by its next request. */
  close(reason: string, failure?: BridgeError): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const error = failure ?? new BridgeError('session_unknown', `the bridge has ended this: ${reason}`)
    this.#listens.close()
    this.#exchanges.close(error)
    this.#opening.close(reason, error)
    this.account.bytes.give(this.#sampled)
    this.#sampled = 0
    this.#event('closed', { reason, code: failure?.code, wasOpen: this.#opened !== undefined })
    this.#options.onClosed(this)
  }

  #open(): Opening {
    const { caller, capabilities, era } = this.identity
    const { timings, progressEveryMs } = this.#options
    return new Opening(
      {
        ...this.#options,
        caller,
        capabilities,
        era,
        account: this.account,
        standalone: this.#listens.standalone,
        holdMs: timings.holdMs,
        onGone: (error) => this.close(error.message, error),
        entry: (connection) => keepWaiting(connection, progressEveryMs),
      },
      this.#log,
    )
  }

  #childSide(): ChildSide {
    const { key, era } = this.identity
    const options = {
      ...this.#options,
      key,
      era,
      exchanges: this.#exchanges,
      parkMs: this.#options.timings.parkMs,
      onOver: () => this.#heard(),
    }
    return new ChildSide(this.#opening, options, this.#log.child({ sessionId: this.shortId }))
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

  #event(
    type: 'opened' | 'closed',
    end: { reason?: string; code?: ErrorCode | undefined; wasOpen: boolean },
  ): void {
    this.#options.events.session({
      type,
      sessionId: this.shortId,
      principal: this.caller.principal,
      client: this.client,
      wire: this.wire,
      revision: MODERN_REVISION,
      childPid: this.childPid,
      durationMs: monotonicMs() - this.openedAt,
      ...end,
    })
  }
}
