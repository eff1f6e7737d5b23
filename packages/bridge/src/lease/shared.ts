// lease/shared: one child for many clients; it is replaced when it dies, and they stay.
import { BridgeError, toBridgeError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { paramsOf } from '../rpc/content.ts'
import { emptyResultFor } from '../rpc/factory.ts'
import type { Message } from '../rpc/message.ts'
import type { Call } from '../relay/call.ts'
import { Housekeeper, type Result } from '../relay/client.ts'
import { LogLevels } from '../relay/interceptors/log-level.ts'
import type { Port } from '../relay/connection.ts'
import type { Process } from '../relay/process.ts'
import type { Route } from '../relay/route.ts'
import { onAnswer } from '../relay/sink.ts'
import type { Timings } from '../timings.ts'
import { Switchboard, type Audience } from '../relay/multiplexer.ts'
import { initializeParamsOf, notOffered, initializeResult } from './initialize-result.ts'

export interface SharedOptions {
  version: string
  startTimeoutMs: number
  maxBacklogBytes: number
  timings: Timings
  /** `onIdle` is called when nobody has been there for so long; 0: never. */
  idleMs: number
  /** Starts a process. Throws BridgeError, `child_…`. */
  start(): Promise<Process>
  /** What clients may know of a failure: none of them has the process for itself. */
  told(error: BridgeError): BridgeError
  /** The process has ended without being asked to; `isHealthy`: it had answered a request after `initialize`. */
  onCrash(error: BridgeError, isHealthy: boolean): void
  /** It has answered a request after a crash. */
  onHealthy(): void
  onIdle(): void
}

/** What the bridge can route when several clients share: to the only one with a call in flight. */
const CAPABILITIES = { roots: {}, sampling: {}, elicitation: {} }
/** Requests that wait for a child that is being started. */
export const MAX_WAITING = 1024

const MAX_SUBSCRIPTIONS = 1000
const MAX_URI = 8192
const SUBSCRIPTION_BYTES = 256
/** MCP has three capabilities of a client that a child can make use of. */
const MAX_NAMES = 32
const MAX_NAME = 64

interface Living {
  process: Process
  switchboard: Switchboard
  housekeeper: Housekeeper
  init: Result
}

export class SharedChild implements Route, Audience {
  readonly ports = new Set<Port>()
  readonly #options: SharedOptions
  readonly #log: Logger
  readonly #levels = new LogLevels()
  /** By resource: who has asked for it, also while the child has not answered yet. */
  readonly #subscribers = new Map<string, Set<Port>>()
  /** How many each has asked for. */
  readonly #counts = new Map<Port, number>()
  /** The resources that the child has agreed to. */
  readonly #granted = new Set<string>()
  readonly #waiting = new Map<Call, Message>()
  #process: Process | undefined
  #switchboard: Switchboard | undefined
  #living: Living | undefined
  /** What the last one answered to `initialize`. */
  #init: Result | undefined
  #starting: Promise<Living> | undefined
  #isClosed = false
  #isHealthy = false
  #idle: NodeJS.Timeout | undefined

  constructor(options: SharedOptions, log: Logger) {
    this.#options = options
    this.#log = log
  }

  get pid(): number | undefined {
    return this.#living?.process.pid
  }

  plug(port: Port): Port {
    this.ports.add(port)
    clearTimeout(this.#idle)
    return port
  }

  /** The child, started and initialised if it is not. Throws BridgeError, `child_…`. */
  async ready(): Promise<Pick<Living, 'housekeeper' | 'init' | 'process'>> {
    return this.#living ?? (await this.#start())
  }

  async close(graceMs?: number): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#idle)
    const process = this.#process
    this.#living = undefined
    this.#switchboard?.childGone(new BridgeError('shutting_down', 'the bridge is shutting down'))
    await process?.stop(graceMs)
  }

  send(call: Call, message: Message): void {
    switch (message.method) {
      case 'initialize':
        return this.#initializeResult(call, message)
      case 'resources/subscribe':
      case 'resources/unsubscribe':
        return this.#subscribe(call, message)
      case 'logging/setLevel':
        return this.#setLevel(call, message)
      default:
        // A task outlives its request, and its id is known to whoever asks for the list.
        if (message.method.startsWith('tasks/') || message.envelope.hasTask) {
          return call.port.settle(call, notOffered(call.clientId, message.method))
        }
        this.#forward(call, message)
    }
  }

  withdraw(call: Call, cancel: ((number: number) => Message) | undefined): void {
    if (!this.#leave(call)) call.switchboard?.withdraw(call, cancel)
  }

  /** It waits for the child no longer; false if it did not. */
  #leave(call: Call): boolean {
    const message = this.#waiting.get(call)
    if (message === undefined) return false
    this.#waiting.delete(call)
    call.port.account.waiting.give(1)
    call.port.account.bytes.give(message.byteLength)
    return true
  }

  /** The bridge has initialised the child itself, and no client's roots are those of all. */
  notify(_message: Message): void {}

  unplug(port: Port): void {
    this.ports.delete(port)
    const { lowest } = this.#levels
    this.#levels.delete(port)
    const level = this.#levels.lowest
    if (level !== undefined && level !== lowest) this.#tidy('logging/setLevel', { level })
    for (const [uri, ports] of this.#subscribers) {
      if (ports.has(port) && this.#drop(uri, port)) this.#tidy('resources/unsubscribe', { uri })
    }
    this.#counts.delete(port)
    this.restIfUnused()
  }

  /** Ends it when nobody has come for a while; at once where there is no process to keep. */
  restIfUnused(): void {
    const { idleMs, onIdle } = this.#options
    if (idleMs === 0 || this.ports.size > 0 || this.#isClosed) return
    if (this.#living === undefined && this.#starting === undefined) return onIdle()
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => onIdle(), idleMs).unref()
  }

  hears(port: Port, message: Message): boolean {
    if (message.method === 'notifications/message') return this.#levels.admits(port, message)
    if (message.method !== 'notifications/resources/updated') return true
    return this.#subscribers.get(uriOf(message) ?? '')?.has(port) === true
  }

  #initializeResult(call: Call, message: Message): void {
    const { capabilities, ...introduction } = initializeParamsOf(message)
    call.port.canBeAsked = takes(capabilities)
    const ready = this.ready()
    ready.catch(() => {})
    // A session does not wait for the next child: what it asks does.
    const known = this.#init === undefined ? ready : Promise.resolve({ init: this.#init })
    known
      .then(({ init }) => call.port.settle(call, initializeResult(call.clientId, introduction, init, false)))
      .catch((error: unknown) => call.port.settleWith(call, this.#options.told(toBridgeError(error))))
  }

  #forward(call: Call, message: Message): void {
    if (this.#living !== undefined) return this.#living.switchboard.dispatch(call, message)
    if (this.#waiting.size >= MAX_WAITING)
      throw new BridgeError('child_backlogged', 'too many requests wait for the tool')
    const { waiting, bytes } = call.port.account
    if (!waiting.has(1))
      throw new BridgeError(
        'child_backlogged',
        waiting.refusal(1, 'places for waiting requests', 'of the bridge'),
      )
    if (!bytes.take(message.byteLength))
      throw new BridgeError(
        'memory_limit_reached',
        bytes.refusal(message.byteLength, 'bytes', '--max-memory'),
      )
    waiting.add(1)
    this.#waiting.set(call, message)
    // What goes wrong answers all who wait.
    this.#start().catch(() => {})
  }

  #subscribe(call: Call, message: Message): void {
    const uri = uriOf(message)
    if (uri === undefined) return this.#forward(call, message)
    if (message.method === 'resources/subscribe') {
      // At once: whoever unsubscribes before the answer is not the last one.
      const ports = this.#subscribers.get(uri) ?? new Set()
      if (!ports.has(call.port)) this.#charge(call.port, uri)
      this.#subscribers.set(uri, ports.add(call.port))
      if (this.#granted.has(uri)) return call.port.settle(call, emptyResultFor(call.clientId))
      const { sink } = call
      call.sink = onAnswer(sink, (answer) => {
        if (answer.envelope.hasResult) {
          if (this.#subscribers.get(uri)?.has(call.port) === true) this.#granted.add(uri)
          // What it did not refuse itself, the child may grant later.
        } else if (this.#drop(uri, call.port) && answer.failure !== undefined)
          this.#tidy('resources/unsubscribe', { uri })
        sink.answer(answer)
      })
      try {
        return this.#forward(call, message)
      } catch (error) {
        this.#drop(uri, call.port)
        throw error
      }
    }
    if (!this.#drop(uri, call.port)) return call.port.settle(call, emptyResultFor(call.clientId))
    this.#forward(call, message)
  }

  /** @throws BridgeError `request_invalid`, `quota_exceeded`, `memory_limit_reached` */
  #charge(port: Port, uri: string): void {
    if (uri.length > MAX_URI)
      throw new BridgeError('request_invalid', `the uri is over ${MAX_URI} characters`)
    const count = this.#counts.get(port) ?? 0
    if (count >= MAX_SUBSCRIPTIONS)
      throw new BridgeError('quota_exceeded', `this session has ${MAX_SUBSCRIPTIONS} subscriptions already`)
    const { bytes } = port.account
    if (!bytes.take(costOf(uri)))
      throw new BridgeError('memory_limit_reached', bytes.refusal(costOf(uri), 'bytes', '--max-memory'))
    this.#counts.set(port, count + 1)
  }

  /** True if nobody is left who asked for it. */
  #drop(uri: string, port: Port): boolean {
    const ports = this.#subscribers.get(uri)
    if (ports?.delete(port) === true) {
      this.#counts.set(port, (this.#counts.get(port) ?? 1) - 1)
      port.account.bytes.give(costOf(uri))
    }
    if (ports !== undefined && ports.size > 0) return false
    this.#subscribers.delete(uri)
    this.#granted.delete(uri)
    return true
  }

  #setLevel(call: Call, message: Message): void {
    const before = this.#levels.lowest
    // An unknown level is the child's to refuse.
    if (!this.#levels.set(call.port, message)) return this.#forward(call, message)
    const { lowest } = this.#levels
    if (lowest === this.#levels.of(call.port)) return this.#forward(call, message)
    if (lowest !== before) this.#tidy('logging/setLevel', { level: lowest })
    call.port.settle(call, emptyResultFor(call.clientId))
  }

  /** A request of the bridge whose failure changes nothing for anybody. */
  #tidy(method: string, params: object): void {
    this.#living?.housekeeper
      .ask(method, params, this.#options.startTimeoutMs)
      .catch((err: unknown) =>
        this.#log.debug({ err, method }, 'shared child refused a request of the bridge'),
      )
  }

  #start(): Promise<Living> {
    this.#starting ??= this.#begin().finally(() => {
      this.#starting = undefined
    })
    return this.#starting
  }

  async #begin(): Promise<Living> {
    try {
      if (this.#isClosed) throw new BridgeError('shutting_down', 'the bridge is shutting down')
      const process = await this.#begun()
      if (this.#isClosed) {
        void process.stop()
        throw new BridgeError('shutting_down', 'nobody uses this process any more')
      }
      const living = await this.#initialize(process)
      this.#living = living
      this.#init = living.init
      this.#resume(living)
      return living
    } catch (thrown) {
      const error = toBridgeError(thrown)
      const told = this.#options.told(error)
      for (const call of [...this.#waiting.keys()]) {
        this.#leave(call)
        call.port.settleWith(call, told)
      }
      throw error
    }
  }

  /** A process. The one before takes a place until all of it has ended. */
  async #begun(): Promise<Process> {
    const before = this.#process
    try {
      return await this.#options.start()
    } catch (error) {
      if (before === undefined || toBridgeError(error).code !== 'child_limit_reached') throw error
      await before.ended
      return this.#options.start()
    }
  }

  async #initialize(process: Process): Promise<Living> {
    const { maxBacklogBytes, version, startTimeoutMs, timings } = this.#options
    const switchboard = new Switchboard(process, this, this.#log, {
      isOwn: false,
      maxBacklogBytes,
      lostMs: timings.lostMs,
      cancelled: { timings, ping: () => housekeeper.ping(timings.stuckMs) },
      afterCallMs: timings.afterCallMs,
      // What the bridge asks for itself after each start proves nothing.
      onAnswered: () => {
        if (this.#isHealthy) return
        this.#isHealthy = true
        this.#options.onHealthy()
      },
    })
    this.#process = process
    this.#switchboard = switchboard
    process.listen({
      receive: (message) => switchboard.receive(message),
      receiveLost: (id, error, isSure) => switchboard.receiveLost(id, error, isSure),
      childGone: (error) => this.#gone(switchboard, error),
    })
    const housekeeper = new Housekeeper(switchboard, this.#log)
    try {
      const init = await housekeeper.initialize(CAPABILITIES, version, startTimeoutMs)
      return { process, switchboard, housekeeper, init }
    } catch (thrown) {
      const error = toBridgeError(thrown)
      const stderr = process.stderrTail.slice(-10)
      void process.stop()
      throw new BridgeError(error.code, error.message, { cause: error, data: { stderr, ...error.data } })
    }
  }

  /** What the clients had asked of the one before. */
  #resume({ switchboard }: Living): void {
    if (this.#levels.lowest !== undefined) this.#tidy('logging/setLevel', { level: this.#levels.lowest })
    for (const uri of this.#granted) this.#tidy('resources/subscribe', { uri })
    for (const [call, message] of [...this.#waiting]) {
      this.#leave(call)
      try {
        switchboard.dispatch(call, message)
      } catch (error) {
        call.port.settleWith(call, toBridgeError(error))
      }
    }
  }

  #gone(switchboard: Switchboard, error: BridgeError): void {
    const wasHealthy = this.#isHealthy
    this.#isHealthy = false
    if (this.#living?.switchboard === switchboard) this.#living = undefined
    this.#options.onCrash(error, wasHealthy)
    switchboard.childGone(this.#options.told(error))
    // At once, not with the next request: a subscriber must not miss what it subscribed to.
    if (!this.#isClosed && this.ports.size > 0 && this.#starting === undefined) this.#start().catch(() => {})
  }
}

/** Whether a client with these capabilities takes such a request. Of what it has sent only some names are kept. */
export function takes(capabilities: Readonly<Record<string, unknown>>): (method: string) => boolean {
  const names = Object.keys(capabilities).filter((name) => name.length <= MAX_NAME)
  const families = new Set(names.slice(0, MAX_NAMES))
  return (method) => {
    const [family = ''] = method.split('/')
    return family === 'ping' || families.has(family)
  }
}

function costOf(uri: string): number {
  return SUBSCRIPTION_BYTES + uri.length
}

function uriOf(message: Message): string | undefined {
  const { uri } = paramsOf(message)
  return typeof uri === 'string' ? uri : undefined
}
