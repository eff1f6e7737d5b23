// child/child: the process as a message pipe, with back-pressure.
import { monotonicMs } from '../clock.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import type { ChildEvent } from '../telemetry/events.ts'
import type { Logger } from '../telemetry/logger.ts'
import { errorFor } from '../rpc/factory.ts'
import type { Message } from '../rpc/message.ts'
import { writeTo } from '../rpc/write.ts'
import { onOneLine } from '../rpc/one-line.ts'
import { CONTENT_LENGTH, echoed, exitError, framed } from './faults.ts'
import { Framer, type Frame } from './framer.ts'
import { spawnProcess, type ChildProcess, type Exit, type SpawnOptions } from './spawn.ts'
import { StderrLines } from './stderr.ts'
import { killLeftovers, stop, type StopStep } from './stop.ts'

/** Takes what a child says. */
export interface ChildListener {
  receive(message: Message): void
  /**
   * An answer is lost: it was too large or unreadable, or the bridge failed over it. Without an id (JSON text, latin1) it
   * is not known which; if it is not sure either that it was one, a call that is answered within a while had another.
   */
  receiveLost(id: string | undefined, error: BridgeError, isSure?: boolean): void
  /** It ended without being asked to; everything it said before has been received. */
  childGone(error: BridgeError): void
  /** A line of stdout that is no message. */
  receiveNoise?(preview: string): void
}

/** What happens to its process. */
export type ChildEventListener = (event: Omit<ChildEvent, 'source'>) => void

export interface ChildOptions extends SpawnOptions {
  maxLineBytes: number
  onEvent?: ChildEventListener
}

/** How long an ended child's last words may take to come out of the pipe that a grandchild may hold open. */
const DRAIN_MS = 250
/** A child that closed its stdout, or its stdin, is no MCP server any more; this long it may take to exit. */
const CLOSED_PIPE_MS = 1000
/** A process that has said nothing for so long is not slowed down by another start any more, or waits to be asked. */
const STARTING_MS = 1000
/** Steps of a stop outside a shutdown: long enough for a database to be closed. */
export const STOP_GRACE_MS = 2000

export class Child {
  readonly pid: number
  readonly startedAt = monotonicMs()
  /** Settles when the process has ended and been cleaned up after, for whatever reason. */
  readonly ended: Promise<void>
  /** Settles with its first message, or its end: until then it is starting. */
  readonly answered: Promise<void>
  /** Settles when its start is over: with its first output, after about a second, or with its end. */
  readonly started: Promise<void>
  readonly #process: ChildProcess
  readonly #framer: Framer
  readonly #stderr: StderrLines
  readonly #log: Logger
  readonly #onEvent: ChildEventListener | undefined
  #listener: ChildListener | undefined
  #stopping: Promise<StopStep> | undefined
  #stdoutEnded = false
  #hasAnswered = false
  #isStarting = true
  /** Messages that leave at the end of this turn of the event loop, and how many. */
  #outbox = ''
  #outboxCount = 0
  /** Several left together last time: one that seems alone may be the first of the next. */
  #wasBurst = false
  #noiseCount = 0
  readonly #startTimer: NodeJS.Timeout
  #drain: NodeJS.Timeout | undefined
  #markEnded!: () => void
  #markAnswered!: () => void
  #markStarted!: () => void

  /** Starts a process; its stdout is read once somebody listens. Throws BridgeError `child_spawn_failed`. */
  static async start(options: ChildOptions, log: Logger): Promise<Child> {
    const child = new Child(await spawnProcess(options), options, log)
    child.#event({ type: 'started' })
    return child
  }

  private constructor(process: ChildProcess, { maxLineBytes, onEvent }: ChildOptions, log: Logger) {
    this.#process = process
    this.pid = process.pid
    this.#log = log.child({ childPid: process.pid })
    this.#onEvent = onEvent
    this.#framer = new Framer(maxLineBytes)
    this.#stderr = new StderrLines(process.stderr, (line) => {
      if (this.#isStarting) this.#endStart()
      this.#log.info({ line }, 'child stderr')
    })
    this.ended = new Promise((resolve) => {
      this.#markEnded = resolve
    })
    this.answered = new Promise((resolve) => {
      this.#markAnswered = resolve
    })
    void this.ended.then(this.#markAnswered)
    this.started = new Promise((resolve) => {
      this.#markStarted = resolve
    })
    this.#startTimer = setTimeout(() => this.#endStart(), STARTING_MS).unref()
    process.stdout.pause()
    process.stdout.on('data', (chunk: Buffer) => this.#read(chunk))
    process.stdout.on('end', () => this.#stdoutEnd())
    process.stdin.on('close', () => this.#stdinClosed())
    // `data` above set it flowing.
    process.stdout.pause()
    void process.exited.then((exit) => this.#exited(exit))
  }

  get hasExited(): boolean {
    return this.#process.hasExited
  }

  /** Nobody can be served by it any more: its process has gone, or is being ended. */
  get isGone(): boolean {
    return this.hasExited || this.#stopping !== undefined
  }

  /** Settles with the end of its process, before anything is cleaned up. */
  get exited(): Promise<unknown> {
    return this.#process.exited
  }

  /** What marks its descendants. */
  get mark(): string {
    return this.#process.mark
  }

  /** What it has said beside the protocol, as far as it is kept: its stderr, and its stdout before its first message. */
  get said(): string[] {
    return this.#stderr.said.lines(this.#stderr.rest)
  }

  /** At most ten lines of that: those that tell most about why it fails. */
  get lastWords(): string[] {
    return this.#stderr.said.excerpt(this.#stderr.rest)
  }

  /** Nobody has taken it yet. */
  get isStandby(): boolean {
    return this.#listener === undefined
  }

  /** Nothing that it has sent was a message yet. */
  get isMute(): boolean {
    return !this.#hasAnswered
  }

  get backlogBytes(): number {
    return this.#process.stdin.writableLength + this.#outbox.length
  }

  /** A whole message has come of which only the line break at the end is missing. */
  get hasUnendedMessage(): boolean {
    return this.#framer.isWhole
  }

  /** Begins to read: what waited in the pipe comes first. Of a child that has gone meanwhile the listener hears just that. */
  listen(listener: ChildListener): void {
    if (this.#stopping !== undefined) {
      // Not before the caller has taken up what it got with this child.
      setImmediate(() => listener.childGone(exitError(this.#process.exit, this.lastWords)))
      return
    }
    this.#listener = listener
    this.resume()
  }

  /**
   * What is sent in one turn of the event loop leaves in one write: each wakes the child, and costs more than the message.
   * One that `isAlone`, with nothing else under way, goes at once, unless the last ones came several at a time.
   */
  send(message: Message, isAlone = false): void {
    const encoded = onOneLine(message.encode('', '\n'))
    if (typeof encoded === 'string' && (!isAlone || this.#wasBurst || this.#outboxCount > 0)) {
      if (this.#outboxCount++ === 0) setImmediate(this.#flush)
      this.#outbox += encoded
      return
    }
    this.#flush()
    if (this.#process.stdin.writable) writeTo(this.#process.stdin, encoded)
  }

  pause(): void {
    // What one that has ended has left in the pipe is little, and would be lost.
    if (!this.hasExited) this.#process.stdout.pause()
  }

  resume(): void {
    this.#process.stdout.resume()
  }

  /** It is no MCP server as it was started: whoever waits for it is told so, and it is ended. */
  giveUp(error: BridgeError): void {
    if (!this.isGone) this.#gone(undefined, error)
  }

  /** Ends the whole process tree; see `stop`. Nothing is received afterwards. */
  stop(graceMs = STOP_GRACE_MS): Promise<StopStep> {
    this.#endStart()
    this.#stopping ??= this.#stop(graceMs)
    return this.#stopping
  }

  async #stop(graceMs: number): Promise<StopStep> {
    const from = monotonicMs()
    this.#listener = undefined
    this.#flush()
    // Nobody reads any more, but a child that is still writing must not block on a full pipe instead of seeing EOF.
    this.#process.stdout.resume()
    const step = await stop(this.#process, graceMs)
    this.#event({ type: 'stopped', step, durationMs: monotonicMs() - from })
    this.#markEnded()
    return step
  }

  #event(event: Omit<ChildEvent, 'source' | 'pid'>): void {
    this.#onEvent?.({ pid: this.pid, ...event })
  }

  readonly #flush = (): void => {
    if (this.#outboxCount === 0) return
    const text = this.#outbox
    this.#wasBurst = this.#outboxCount > 1
    this.#outbox = ''
    this.#outboxCount = 0
    if (this.#process.stdin.writable) writeTo(this.#process.stdin, text)
  }

  #read(chunk: Buffer): void {
    if (this.#isStarting) this.#endStart()
    try {
      this.#framer.read(chunk, this.#take)
    } catch (err) {
      // Where the next line begins is not known any more.
      this.#log.error({ err }, 'stdout of the child cannot be read any further')
      this.#gone(undefined, toBridgeError(err))
    }
  }

  /** The fence: whatever goes wrong over one frame ends one call at most; the next frame is taken all the same. */
  readonly #take = (frame: Frame): void => {
    const listener = this.#listener
    if (listener === undefined) return
    try {
      this.#pass(frame, listener)
    } catch (err) {
      this.#log.error({ err, frame: frame.type }, 'a message of the child could not be taken')
      if (frame.type === 'message' && frame.message.kind === 'response')
        this.#lose(frame.message.id, toBridgeError(err), listener)
    }
  }

  #pass(frame: Frame, listener: ChildListener): void {
    switch (frame.type) {
      case 'message':
        return this.#message(frame.message, listener)
      case 'too_large':
        return this.#tooLarge(frame, listener)
      case 'unreadable':
        return this.#unreadable(frame, listener)
      case 'noise':
        this.#noise(frame, listener)
    }
  }

  #message(message: Message, listener: ChildListener): void {
    if (!this.#hasAnswered) {
      this.#hasAnswered = true
      this.#markAnswered()
    }
    // Servers do not ask that: it is the bridge's own request.
    if (message.kind === 'request' && message.method === 'initialize')
      return listener.receiveLost(message.id, echoed())
    listener.receive(message)
  }

  #lose(id: string | undefined, error: BridgeError, listener: ChildListener): void {
    try {
      listener.receiveLost(id, error)
    } catch (err) {
      this.#log.error({ err }, 'a lost answer could not be told')
    }
  }

  #tooLarge({ answer, asked, bytes }: Frame & { type: 'too_large' }, listener: ChildListener): void {
    this.#log.warn({ bytes }, 'line over the limit dropped')
    const error = (what: string) =>
      new BridgeError('frame_too_large', `the ${what} is ${bytes} bytes long, over the limit of --max-line`)
    if (answer !== undefined) listener.receiveLost(answer.id, error('answer'), answer.isSure)
    else if (asked !== undefined) this.send(errorFor(asked, error('request')))
  }

  /** Nothing of it is logged: it may be a result. */
  #unreadable({ answer, problem, bytes }: Frame & { type: 'unreadable' }, listener: ChildListener): void {
    this.#log.warn({ bytes, reason: problem }, 'child answered with a line that cannot be read; dropped')
    const text = `the tool answered with a line that cannot be read: ${problem}`
    listener.receiveLost(answer.id, new BridgeError('answer_unreadable', text), answer.isSure)
  }

  #noise({ preview, isPrivate, bytes }: Frame & { type: 'noise' }, listener: ChildListener): void {
    listener.receiveNoise?.(preview)
    // Once, loudly: the same tool prints the same banner in every session.
    const level = this.#noiseCount++ === 0 ? 'warn' : 'debug'
    const fields = isPrivate ? { bytes } : { line: preview }
    this.#log[level](fields, 'child printed something that is no message on stdout; dropped')
    if (this.#hasAnswered) return
    if (!isPrivate && preview !== '') this.#stderr.said.add(preview)
    if (CONTENT_LENGTH.test(preview)) listener.receiveLost(undefined, framed())
  }

  #endStart(): void {
    this.#isStarting = false
    clearTimeout(this.#startTimer)
    this.#markStarted()
  }

  /** It takes no request any more, which shows when one is written; what it has been asked it may still answer. */
  #stdinClosed(): void {
    if (this.hasExited || this.#stopping !== undefined) return
    this.#drain ??= setTimeout(
      () => this.#gone(undefined, exitError(undefined, this.lastWords, 'stdin')),
      CLOSED_PIPE_MS,
    )
  }

  #stdoutEnd(): void {
    this.#stdoutEnded = true
    // Half an answer is none: the end of the child says more to whoever waits for it.
    this.#framer.end((frame) => {
      if (frame.type !== 'unreadable') this.#take(frame)
    })
    if (this.hasExited) return this.#gone()
    if (this.#stopping !== undefined) return
    this.#drain ??= setTimeout(() => this.#gone(), CLOSED_PIPE_MS)
  }

  #exited(exit: Exit): void {
    this.#endStart()
    if (this.#stopping !== undefined) return
    this.#event({ type: 'exited', exitCode: exit.code, signal: exit.signal })
    clearTimeout(this.#drain)
    this.#drain = undefined
    if (this.#stdoutEnded) this.#gone(exit)
    else this.#awaitDrain()
  }

  #awaitDrain(): void {
    // Node itself reads what is left in the pipe of a process that has ended, also where the reading was stopped.
    if (this.#stopping !== undefined || this.#drain !== undefined) return
    this.#drain = setTimeout(() => this.#gone(), DRAIN_MS)
  }

  #gone(exit = this.#process.exit, error = exitError(exit, this.lastWords)): void {
    clearTimeout(this.#drain)
    if (this.#stopping !== undefined) return
    this.#stopping = this.#clearUp()
    const listener = this.#listener
    this.#listener = undefined
    try {
      listener?.childGone(error)
    } catch (err) {
      this.#log.error({ err }, 'the end of the child could not be told')
    }
  }

  async #clearUp(): Promise<StopStep> {
    const step = this.hasExited
      ? await killLeftovers(this.#process, STOP_GRACE_MS)
      : await stop(this.#process, STOP_GRACE_MS)
    this.#markEnded()
    return step ?? 'exited'
  }
}
