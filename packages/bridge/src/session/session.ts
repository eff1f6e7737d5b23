// session/session: one legacy client between initialize and the end; knows no process, it holds a lease.
import type { Caller } from '../access/caller.ts'
import type { Account } from '../budget/budget.ts'
import type { Holder } from '../budget/pressure.ts'
import { monotonicMs } from '../clock.ts'
import { BridgeError, toBridgeError, type ErrorCode } from '../errors.ts'
import { excerpt } from '../visible.ts'
import type { Events, Initialize } from '../telemetry/events.ts'
import type { Latency } from '../telemetry/latency.ts'
import type { Logger } from '../telemetry/logger.ts'
import { resultOf, textOf } from '../rpc/content.ts'
import { emptyResultFor, errorFor } from '../rpc/factory.ts'
import type { Message } from '../rpc/message.ts'
import { errorCodeOf } from '../rpc/outcome.ts'
import type { TraceHeaders } from '../rpc/trace-context.ts'
import { createCall, fail } from '../relay/call.ts'
import { Connection, type ConnectionOptions } from '../relay/connection.ts'
import type { Call, Entry, ReplyStream } from '../relay/dispatch.ts'
import { observeCalls } from '../relay/interceptors/observe.ts'
import { keepWaiting } from '../relay/interceptors/progress.ts'
import { failuresAsResults } from '../relay/interceptors/litellm.ts'
import { traced } from '../relay/traced.ts'
import { clientOf, initializeParamsOf, type ClientName } from '../rpc/initialize-params.ts'
import type { Timings } from '../timings.ts'
import { shortened } from './id.ts'
import type { Lease, OpenLease } from './lease.ts'
import { Pings } from './pings.ts'
import type { SessionStream } from './stream.ts'
import { SessionStreams, type StreamsHost } from './streams.ts'

export type Wire = 'streamable' | 'sse'

export interface SessionLimits {
  startTimeoutMs: number
  callTimeoutMs: number
  progressEveryMs: number
  maxBufferBytes: number
  maxReplayBytes: number
  /** In flight at once. */
  maxCalls: number
  /** Failures of a tool call are told as results. */
  isForLiteLlm: boolean
  timings: Timings
  events: Events
  /** Told of each call that is answered. */
  latency: Latency
}

/** What a session needs of the registry. */
export interface SessionHost {
  closed(session: Session): void
  /** @throws BridgeError `shutting_down` */
  refuseIfDraining(): void
}

/** Enough to tell sessions apart: 48 of 128 bits. */
/** The first revision whose clients know a priming event, with an id and no data. */
const PRIMING_REVISION = '2025-11-25'
/** A longer one is no name of a revision; it is logged, and repeated in refusals. */
const MAX_REVISION_LENGTH = 64

export class Session implements StreamsHost, Holder {
  readonly id: string
  /** What logs call it: the whole id is a credential. */
  readonly shortId: string
  readonly wire: Wire
  readonly caller: Caller
  readonly openedAt = monotonicMs()
  readonly streams: SessionStreams
  /** Who its client says that it is. */
  client: ClientName | undefined
  /** What the child answered to `initialize`: it rules batching and priming. */
  protocolVersion: string | undefined
  lastRequestAt = monotonicMs()
  /** A ping of the bridge that the client has not answered, and since when. */
  pingedAt: number | undefined

  readonly #limits: SessionLimits
  readonly #openLease: OpenLease
  readonly #log: Logger
  readonly #host: SessionHost
  readonly #entry: Entry
  #lease: Lease | undefined
  #connection: Connection | undefined
  #childPid: number | undefined
  /** `initialize` while it waits for a child. */
  #opening: { call: Call; stream: ReplyStream } | undefined
  /** How that went, until it is told. */
  #initialize: Initialize | undefined
  readonly #closing = new AbortController()
  #state: 'new' | 'opening' | 'open' | 'closed' = 'new'
  readonly #pings: Pings
  /** Bytes charged at the last look. */
  #sampled = 0

  constructor(
    identity: { id: string; wire: Wire; caller: Caller },
    limits: SessionLimits,
    openLease: OpenLease,
    log: Logger,
    host: SessionHost,
  ) {
    this.id = identity.id
    this.shortId = shortened(identity.id)
    this.wire = identity.wire
    this.caller = identity.caller
    this.#limits = limits
    this.#pings = new Pings(this.shortId)
    this.#openLease = openLease
    this.#log = log
    this.#host = host
    const entry: Entry = { request: (call, message, stream) => this.#enter(call, message, stream) }
    const observed = keepWaiting(observeCalls(entry, limits.events, this), limits.progressEveryMs)
    this.#entry = limits.isForLiteLlm ? failuresAsResults(observed) : observed
    const { shortId, wire } = this
    const { maxBufferBytes, maxReplayBytes, timings } = limits
    this.streams = new SessionStreams(
      { shortId, wire, maxBufferBytes, maxReplayBytes, timings, bytes: this.account.bytes },
      this,
      log,
    )
  }

  get account(): Account {
    return this.caller.account
  }

  get unreadBytes(): number {
    return this.streams.unreadBytes
  }

  get replayBytes(): number {
    return this.streams.events?.bytes ?? 0
  }

  /** Charges what waits in the connections of this session and of its own child now. */
  sample(): void {
    const held = this.unreadBytes + (this.#lease?.backlogBytes ?? 0)
    this.account.bytes.add(held - this.#sampled)
    this.#sampled = held
  }

  dropReplay(): void {
    this.streams.events?.clear()
  }

  cutUnread(): void {
    this.#log.warn(
      { sessionId: this.shortId, bytes: this.unreadBytes },
      'unread streams closed: memory is short',
    )
    this.streams.cutUnread()
  }

  /** The process that is its alone. */
  get childPid(): number | undefined {
    return this.#childPid
  }

  /** The revision that its child speaks. */
  get childRevision(): string | undefined {
    return this.#lease?.childRevision ?? this.protocolVersion
  }

  get primes(): boolean {
    return this.protocolVersion !== undefined && this.protocolVersion >= PRIMING_REVISION
  }

  get isChildOwn(): boolean {
    return this.#lease?.pause !== undefined
  }

  pauseChild(): void {
    this.#lease?.pause?.()
  }

  resumeChild(): void {
    this.#lease?.resume?.()
  }

  clientGone(): void {
    this.close('the client has gone')
  }

  /** Not initialised yet. */
  get isNew(): boolean {
    return this.#state === 'new'
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** Requests the child has not answered yet. */
  get inFlight(): number {
    return this.#connection?.inFlight ?? (this.#state === 'opening' ? 1 : 0)
  }

  /** Takes a child and passes `initialize` on; the response, or what went wrong, goes to `stream`. */
  async initialize(given: Message, stream: SessionStream, headers?: TraceHeaders): Promise<void> {
    if (this.#state !== 'new') throw new BridgeError('request_invalid', 'this session is initialised already')
    this.#state = 'opening'
    const call = createCall(given, this.#limits.startTimeoutMs)
    const message = traced(call, given, headers, this.#limits.events)
    this.#opening = { call, stream }
    try {
      const params = initializeParamsOf(message)
      this.client = clientOf(params)
      const lease = await this.#openLease({
        caller: this.caller,
        era: 'legacy',
        params,
        trace: call.trace,
        signal: this.#closing.signal,
        onGone: (error) => this.#childGone(error),
      })
      const connection = new Connection(lease.dispatcher, this.#connectionOptions(), this.#log)
      if (this.isClosed) {
        connection.close('the client has gone')
        return lease.stop?.()
      }
      this.#lease = lease
      this.#childPid = lease.childPid
      this.#connection = connection
      connection.request(call, message, this.#initializing(stream))
      this.#opening = undefined
    } catch (thrown) {
      const error = toBridgeError(thrown)
      if (error.code === 'internal')
        this.#log.error({ err: thrown, sessionId: this.shortId }, 'session not opened')
      this.#failOpening(error)
      this.close('no child', error.code)
    }
  }

  #connectionOptions(): ConnectionOptions {
    const { latency, timings } = this.#limits
    const { holdMs } = timings
    return { account: this.account, standalone: this.streams.standalone, holdMs, latency }
  }

  /** Passes a request on; its response, or what refuses it, goes to `stream`. */
  request(message: Message, stream: SessionStream, headers?: TraceHeaders): void {
    this.#heard()
    const call = createCall(message, this.#limits.callTimeoutMs)
    this.#entry.request(call, traced(call, message, headers, this.#limits.events), stream)
    if (call.node !== undefined && stream !== this.streams.standalone) stream.calls.push(call)
  }

  /** Whatever refuses it is its response. */
  #enter(call: Call, message: Message, stream: ReplyStream): void {
    try {
      this.#host.refuseIfDraining()
      if (message.method === 'initialize')
        throw new BridgeError('request_invalid', 'this session is initialised already')
      if (this.#state === 'open') return this.#openConnection().request(call, message, stream)
      // "The client SHOULD NOT send requests other than pings" before initialize was answered (basic/lifecycle).
      if (message.method !== 'ping') throw new BridgeError('request_invalid', 'send initialize first')
      stream.onResponse(emptyResultFor(message.id), call)
    } catch (thrown) {
      const error = toBridgeError(thrown)
      if (error.code === 'internal')
        this.#log.error(
          { err: thrown, sessionId: this.shortId, method: excerpt(message.method) },
          'request failed',
        )
      stream.onResponse(errorFor(message.id, error), call)
    }
  }

  /** @throws BridgeError `session_unknown`, `quota_exceeded` */
  #openConnection(): Connection {
    const connection = this.#connection
    if (connection === undefined) throw new BridgeError('session_unknown', 'this session has ended')
    const { maxCalls } = this.#limits
    if (connection.inFlight >= maxCalls)
      throw new BridgeError('quota_exceeded', `${maxCalls} calls of this session are in flight (--max-calls)`)
    return connection
  }

  /** Passes a notification or a response on. What refuses it is given back: it needs no answer, but may get one. */
  accept(message: Message): BridgeError | undefined {
    const isPong = this.#pings.isAnswer(message)
    this.#heard()
    if (isPong) return undefined
    try {
      this.#accept(message)
      return undefined
    } catch (thrown) {
      const error = toBridgeError(thrown)
      const fields = { sessionId: this.shortId, method: excerpt(message.method), code: error.code }
      if (error.code === 'internal')
        this.#log.error({ ...fields, err: thrown }, 'message of a client not passed on')
      else this.#log.info({ ...fields, reason: error.message }, 'message of a client dropped')
      return error
    }
  }

  #accept(message: Message): void {
    const connection = this.#connection
    if (connection === undefined) return
    if (message.kind === 'notification') return connection.notify(message)
    if (!connection.respond(message)) {
      this.#log.debug(
        { sessionId: this.shortId, requestId: message.id.slice(0, 200) },
        'response nobody asked for dropped',
      )
    }
  }

  /** A stream of this client has opened: what was waiting for one goes out. */
  flush(): void {
    this.#connection?.flush()
  }

  /** Whatever it says, it is there. */
  #heard(): void {
    this.lastRequestAt = monotonicMs()
    this.pingedAt = undefined
  }

  /** Asks the client whether it is still there, on any stream that is open. */
  ping(): void {
    const stream = this.streams.receiving
    if (stream === undefined) return
    this.pingedAt = monotonicMs()
    stream.onMessage(this.#pings.next())
  }

  get hasOpenStream(): boolean {
    return this.streams.hasConnected
  }

  /** Since when its client leaves a stream full; undefined if it does not. */
  get stalledSince(): number | undefined {
    return this.streams.stalledSince
  }

  /** Cancels calls whose client went away and cannot, or did not, come back for the answer. */
  abandonDetached(now: number): void {
    this.streams.endDetached(now, (calls) => this.#connection?.abandon(calls, 'the client has gone'))
  }

  /** Ends the session: streams end, calls are cancelled, the child is let go. */
  close(reason: string, code?: ErrorCode): void {
    if (this.isClosed) return
    const wasOpen = this.#state === 'open'
    this.#state = 'closed'
    this.#closing.abort(new BridgeError('session_unknown', `the session has ended: ${reason}`))
    this.streams.release()
    this.#failOpening(new BridgeError('session_unknown', `the session has ended: ${reason}`))
    this.#connection?.close(reason)
    this.#lease?.stop?.()
    this.streams.close()
    this.account.bytes.give(this.#sampled)
    this.#sampled = 0
    this.#event('closed', { reason, code, wasOpen })
    this.#host.closed(this)
  }

  #event(
    type: 'opened' | 'closed',
    end: { reason?: string; code?: ErrorCode | undefined; wasOpen: boolean } = { wasOpen: true },
  ): void {
    this.#limits.events.session({
      type,
      sessionId: this.shortId,
      principal: this.caller.principal,
      client: this.client,
      wire: this.wire,
      revision: this.protocolVersion,
      childPid: this.#childPid,
      durationMs: monotonicMs() - this.openedAt,
      initialize: this.#initialize,
      ...end,
    })
    this.#initialize = undefined
  }

  #failOpening(error: BridgeError): void {
    const opening = this.#opening
    this.#opening = undefined
    if (opening === undefined) return
    this.#initialize = initializeOf(opening.call, error.code, error.row.rpc)
    fail(opening.call, opening.stream, error)
  }

  /** Looks at the child's answer on its way: a session exists only once `initialize` succeeded. */
  #initializing(stream: ReplyStream): ReplyStream {
    return {
      canReceive: false,
      isStandalone: stream.isStandalone,
      onMessage: (message) => this.streams.standalone.onMessage(message),
      onResponse: (message, call) => {
        this.#opening = undefined
        const { hasResult } = message.envelope
        this.#initialize = initializeOf(
          call,
          message.failure ?? (hasResult ? 'ok' : 'error'),
          errorCodeOf(message),
        )
        if (!hasResult) {
          stream.onResponse(message, call)
          return this.close('initialize failed')
        }
        this.protocolVersion = negotiated(message)
        this.#state = 'open'
        this.lastRequestAt = monotonicMs()
        this.#event('opened')
        stream.onResponse(message, call)
      },
    }
  }

  #childGone(error: BridgeError): void {
    const connection = this.#connection
    this.#lease = undefined
    this.#connection = undefined
    // What had not reached the child yet is answered too.
    connection?.close(error.message)
    this.#failOpening(error)
    // LiteLLM lists the tools after each call, and does not survive that either if it fails.
    if (!this.#limits.isForLiteLlm) this.close(error.message, error.code)
  }
}

function initializeOf({ id, trace }: Call, outcome: string, errorCode: number | undefined): Initialize {
  return { requestId: id, trace, outcome, errorCode }
}

/** `result.protocolVersion`. The answer to `initialize` is small; this is one of the few messages parsed whole. */
function negotiated(message: Message): string | undefined {
  const revision = textOf(resultOf(message)['protocolVersion'], '')
  return revision === '' || revision.length > MAX_REVISION_LENGTH ? undefined : revision
}
