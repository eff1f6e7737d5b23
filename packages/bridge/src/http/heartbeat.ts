// http/heartbeat: one timer for the comment lines of all open streams.
import type { Logger } from '../telemetry/logger.ts'

interface Beating {
  beat(): void
}

/** Proxies cut what is silent for 60 s, some for 30. */
export const KEEP_ALIVE_MS = 15_000

export class Heartbeat {
  readonly #streams = new Set<Beating>()
  readonly #timer: NodeJS.Timeout

  constructor(log: Logger, everyMs = KEEP_ALIVE_MS) {
    this.#timer = setInterval(() => {
      for (const stream of this.#streams) {
        try {
          stream.beat()
        } catch (err) {
          this.#streams.delete(stream)
          log.error({ err }, 'stream not kept alive')
        }
      }
    }, everyMs).unref()
  }

  add(stream: Beating): void {
    this.#streams.add(stream)
  }

  delete(stream: Beating): void {
    this.#streams.delete(stream)
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
