// audit/audit: who has called what, as lines for whoever has to know later; without it nobody listens.
import type { Config } from '../config/config.ts'
import { auditPlaceOf } from '../config/audit.ts'
import { BridgeError } from '../errors.ts'
import {
  CHANNELS,
  listen,
  type CallEvent,
  type ChildEvent,
  type ConfigurationEvent,
  type Recorder,
  type RefusedEvent,
  type SessionEvent,
  type Source,
  type ToolChangeEvent,
} from '../telemetry/events.ts'
import type { Logger } from '../telemetry/logger.ts'
import { VERSION } from '../version.ts'
import { AuditedArguments } from './arguments.ts'
import { DatagramSink } from './datagram.ts'
import { FileSink } from './file.ts'
import { Journal, type Sink } from './journal.ts'
import { StreamSink } from './stream.ts'
import { callLine, childLine, configurationLine, line, refusedLine, sessionLine, toolLine } from './lines.ts'

export interface AuditOptions {
  /** Whether this path is one of the bridge's. */
  isOurs(path: string): boolean
  /** Of those who may come. */
  tokens(): readonly string[]
}

/** What it has written, and could not. */
export interface AuditLook {
  written: number
  dropped: number
  waiting: number
  problem: string | undefined
}

export class Audit {
  /** For calls that may not be answered unless they are recorded. */
  readonly recorder: Recorder | undefined
  readonly #journal: Journal
  readonly #globs: readonly string[]
  #tokens: () => readonly string[] = () => []
  readonly #subscriptions: (() => void)[] = []
  readonly #flush = () => this.#journal.flush()

  constructor({ audit = '-', auditRequired, auditArguments }: Config, log: Logger) {
    this.#globs = auditArguments
    this.#journal = new Journal(sinkOf(audit), { isRequired: auditRequired, missing }, log)
    this.recorder = auditRequired ? { refusal: () => this.#refusal() } : undefined
  }

  /**
   * From now on, until `close`.
   *
   * @param bridge the source of what belongs to no server
   * @throws BridgeError `config_invalid`
   */
  begin(bridge: Source, { isOurs, tokens }: AuditOptions): void {
    this.#tokens = tokens
    this.#journal.open()
    const write = (text: string) => this.#journal.append(text)
    write(line('bridge.started', { version: VERSION, pid: process.pid }))
    this.#subscriptions.push(
      listen(CHANNELS.refused, bridge, (event: RefusedEvent) => write(refusedLine(event, isOurs))),
      listen(CHANNELS.configuration, bridge, (event: ConfigurationEvent) => write(configurationLine(event))),
    )
    process.on('exit', this.#flush)
  }

  /** Records what happens in one server until the returned function is called. */
  follow(name: string, source: Source): () => void {
    const write = (text: string) => this.#journal.append(text)
    const subscriptions = [
      listen(CHANNELS.call, source, (event: CallEvent) => write(callLine(event, name))),
      listen(CHANNELS.session, source, (event: SessionEvent) => write(sessionLine(event, name))),
      listen(CHANNELS.child, source, (event: ChildEvent) => write(childLine(event, name))),
      listen(CHANNELS.toolChange, source, (event: ToolChangeEvent) => write(toolLine(event, name))),
    ]
    return () => {
      for (const unsubscribe of subscriptions) unsubscribe()
    }
  }

  /** @param given takes out of a text what was given to processes of the server */
  argumentsOf(given: (text: string) => string): AuditedArguments | undefined {
    return this.#globs.length === 0
      ? undefined
      : new AuditedArguments(this.#globs, () => this.#tokens(), given)
  }

  get look(): AuditLook {
    const { written, dropped, waiting, problem } = this.#journal
    return { written, dropped, waiting, problem }
  }

  /** Why no call may be carried out. */
  get problem(): string | undefined {
    return this.recorder === undefined ? undefined : this.#journal.problem
  }

  /** Why calls are not recorded, though they are carried out. */
  get doubt(): string | undefined {
    return this.recorder === undefined ? this.#journal.problem : undefined
  }

  /** The file was taken away, or is about to be: from now on another of its name. */
  reopen(): void {
    this.#journal.reopen()
  }

  /** What is left is written. */
  async close(): Promise<void> {
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe()
    this.#journal.append(line('bridge.closed', { pid: process.pid }))
    await this.#journal.close()
    process.off('exit', this.#flush)
  }

  #refusal(): BridgeError | undefined {
    const { problem, waiting } = this.#journal
    if (problem === undefined && waiting === 0) return undefined
    return new BridgeError('audit_unavailable', 'this call cannot be recorded, and so it is not answered')
  }
}

function sinkOf(audit: string): Sink {
  const place = auditPlaceOf(audit)
  if (place.kind === 'stdout') return new FileSink(undefined)
  if (place.kind === 'file') return new FileSink(place.path)
  if (place.kind === 'udp') return new DatagramSink(audit, place)
  return new StreamSink(audit, place.kind === 'unix' ? { path: place.path } : place)
}

function missing(count: number): string {
  return line('audit.missing', { lines: count })
}
