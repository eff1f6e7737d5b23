// exchange/opening: a way to a child that has been initialised for a modern client, from the lease to its end.
import { BridgeError } from '../errors.ts'
import { ChildClient } from '../relay/client.ts'
import { Connection, type ConnectionOptions } from '../relay/connection.ts'
import type { Entry } from '../relay/dispatch.ts'
import type { Members } from '../rpc/content.ts'
import { initializeAnswerOf } from '../rpc/modern.ts'
import { NEWEST_LEGACY_REVISION } from '../rpc/revisions.ts'
import type { Lease, LeaseRequest, OpenLease } from '../session/lease.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface OpeningOptions extends ConnectionOptions, Pick<LeaseRequest, 'caller' | 'era' | 'onGone'> {
  openLease: OpenLease
  /** What the client can be asked. */
  capabilities: Members
  startTimeoutMs: number
  /** The way that requests take through the connection. */
  entry(connection: Connection): Entry
}

export interface Opened {
  connection: Connection
  client: ChildClient
  entry: Entry
  /** What the child answered to `initialize`, or as one of before would. */
  answer: Members
}

export class Opening {
  /** Rejects with BridgeError, `child_…`, or with what it was closed with. */
  readonly done: Promise<Opened>
  /** Once it is done. */
  opened: Opened | undefined
  connection: Connection | undefined
  readonly #options: OpeningOptions
  readonly #log: Logger
  readonly #closing = new AbortController()
  #lease: Lease | undefined
  #client: ChildClient | undefined

  constructor(options: OpeningOptions, log: Logger) {
    this.#options = options
    this.#log = log
    this.done = this.#open()
  }

  get childPid(): number | undefined {
    return this.#lease?.childPid
  }

  /** Bytes that its child has not taken yet. */
  get backlogBytes(): number {
    return this.#lease?.backlogBytes ?? 0
  }

  close(reason: string, error: BridgeError): void {
    this.#closing.abort(error)
    this.#client?.close()
    this.connection?.close(reason)
    this.#lease?.stop?.()
  }

  async #open(): Promise<Opened> {
    const { openLease, capabilities, caller, era, onGone, startTimeoutMs } = this.#options
    const { signal } = this.#closing
    const lease = await openLease({
      caller,
      era,
      params: { protocolVersion: NEWEST_LEGACY_REVISION, capabilities, clientInfo: {} },
      signal,
      onGone,
    })
    const connection = new Connection(lease.dispatcher, this.#options, this.#log)
    this.#lease = lease
    this.connection = connection
    if (signal.aborted) {
      connection.close('closed meanwhile')
      lease.stop?.()
    }
    signal.throwIfAborted()
    const client = new ChildClient(lease.dispatcher)
    this.#client = client
    const { discovered } = lease
    const answer =
      discovered === undefined
        ? await client.initialize(capabilities, startTimeoutMs)
        : initializeAnswerOf(discovered)
    // Of a child that others have too, it may have been answered all the same.
    signal.throwIfAborted()
    this.opened = { connection, client, entry: this.#options.entry(connection), answer }
    return this.opened
  }
}
