// telemetry/otlp: what is sent to a collector of OpenTelemetry, and what is said when it cannot be.
import type { Logger } from './logger.ts'

/** As the packages of OpenTelemetry have it. */
export interface Exporter<T> {
  export(what: T, done: (result: ExportResult) => void): void
}

export interface ExportResult {
  /** 0 where it has worked. */
  code: number
  error?: Error
}

/** The package that sends is not there, which is for good. */
export class ExporterMissing extends Error {
  readonly install: string

  constructor(name: string, options: ErrorOptions) {
    super(`${name} cannot be loaded`, options)
    this.install = `npm install ${name}`
  }
}

/** Sends one after the other, and says it once when that fails, and once when it works again. */
export class Sender<T> {
  readonly #what: string
  readonly #exporter: Promise<Exporter<T>>
  readonly #log: Logger
  #isFailing = false

  /**
   * @param what is sent, in the plural
   * @param exporter rejects with `ExporterMissing`
   */
  constructor(what: string, exporter: Promise<Exporter<T>>, log: Logger) {
    this.#what = what
    this.#exporter = exporter
    this.#log = log
    exporter.catch((error: unknown) => this.#missing(error))
  }

  /** Gives whether it has worked; never rejects. */
  async send(some: T): Promise<boolean> {
    try {
      const exporter = await this.#exporter
      const { code, error } = await new Promise<ExportResult>((done) => exporter.export(some, done))
      if (code !== 0) return this.#failed(error)
    } catch (error) {
      // One that is missing has been told of.
      return error instanceof ExporterMissing ? false : this.#failed(error)
    }
    if (this.#isFailing) this.#log.info(`${this.#what} are sent again`)
    this.#isFailing = false
    return true
  }

  #failed(err: unknown): false {
    const level = this.#isFailing ? 'debug' : 'warn'
    this.#log[level]({ reason: reasonOf(err) }, `${this.#what} cannot be sent`)
    this.#isFailing = true
    return false
  }

  #missing(error: unknown): void {
    const { install, cause: err } =
      error instanceof ExporterMissing ? error : { install: undefined, cause: error }
    this.#log.error(
      { err, install },
      `no ${this.#what}: a package of OpenTelemetry is missing, install it beside mcp-bridge`,
    )
  }
}

/** Not the answer of whoever should have taken them: it may repeat what it got. */
function reasonOf(err: unknown): string {
  if (!(err instanceof Error)) return String(err)
  const { code } = err as NodeJS.ErrnoException
  return [...new Set([err.message, code])].filter((each) => each !== undefined && each !== '').join(', ')
}
