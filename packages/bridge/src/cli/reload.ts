// cli/reload: several servers: their files are read again when they change, and on SIGHUP.
import type { Loaded } from '../config/load.ts'
import { FileWatch } from '../config/watch.ts'
import { toBridgeError } from '../errors.ts'
import type { Bridge } from '../server/bridge.ts'
import type { Logger } from '../telemetry/logger.ts'
import { TIMINGS } from '../timings.ts'

export class Reload {
  readonly #bridge: Bridge
  readonly #load: () => Promise<Loaded>
  readonly #log: Logger
  readonly #watch: FileWatch
  #reading = Promise.resolve()

  constructor(bridge: Bridge, first: Loaded, load: () => Promise<Loaded>, log: Logger) {
    this.#bridge = bridge
    this.#load = load
    this.#log = log
    const { filePollMs: pollMs, fileSettleMs: settleMs } = TIMINGS
    this.#watch = new FileWatch({ pollMs, settleMs, changed: () => void this.now() })
    this.#watch.watch(watched(first))
    this.#watch.begin()
  }

  /** What cannot be read changes nothing. One after the other: what is read last is in force. */
  now(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read())
    return this.#reading
  }

  async #read(): Promise<void> {
    this.#watch.lookNow()
    try {
      const loaded = await this.#load()
      const { config, warnings } = loaded
      for (const reason of warnings) this.#log.warn({ reason }, 'configuration')
      this.#bridge.apply(config)
      this.#watch.watch(watched(loaded))
    } catch (thrown) {
      const error = toBridgeError(thrown)
      const { message: reason } = error
      this.#bridge.refused(error)
      this.#log.error({ reason }, 'configuration not taken over: all goes on as before')
    }
  }

  close(): void {
    this.#watch.close()
  }
}

/** With the files of variables that entries and clients name. */
function watched({ config: { servers = {}, clients }, files }: Loaded): string[] {
  const theirs = Object.values(clients).flatMap((client) => [client, ...Object.values(client.servers ?? {})])
  const given = [...Object.values(servers).map(({ config }) => config), ...theirs]
  return [...files, ...given.flatMap((each) => each?.envFile ?? [])]
}
