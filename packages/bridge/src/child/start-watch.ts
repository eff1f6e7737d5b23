// child/start-watch: a child that was asked what it is and does not answer: whether it ever will, and why not.
import { monotonicMs } from '../clock.ts'
import { BridgeError } from '../errors.ts'
import { isImage } from '../place.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Child } from './child.ts'
import { diagnose, type Diagnosis } from './diagnosis.ts'
import { listeningPorts } from './ports.ts'
import { snapshotProcesses } from './process-tree.ts'

/** A tool that works has mostly answered by then. */
const FIRST_LOOK_MS = 2000
const LOOK_MS = 1000
/** So long it may say nothing after it has shown that it is no stdio server. */
const CERTAIN_MS = 8000

export class StartWatch {
  readonly #child: Child
  readonly #log: Logger
  #timer: NodeJS.Timeout
  #ports: readonly number[] = []
  #seenAt: number | undefined
  #isOver = false

  constructor(child: Child, log: Logger) {
    this.#child = child
    this.#log = log
    this.#timer = setTimeout(() => void this.#look(), FIRST_LOOK_MS)
  }

  /** It has answered, or nobody waits any more. */
  end(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }

  /** The error with its last words, and what they suggest to do. */
  async explained(error: BridgeError): Promise<BridgeError> {
    this.end()
    // One that answered has shown that it is a server, whatever it said before.
    const found = this.#child.isMute ? await this.#diagnosis() : undefined
    // Cut to what clients may know, its hint is where the log has the rest; whoever is told this may know it.
    const isCut = error.data?.['incident'] !== undefined
    const hint = isCut ? (found?.hint ?? error.hint) : (error.hint ?? found?.hint)
    const data = { stderr: this.#child.lastWords, ...error.data }
    return new BridgeError(error.code, error.message, {
      cause: error,
      ...(hint !== undefined && { hint }),
      data: found === undefined ? data : { ...data, cause: found.cause },
    })
  }

  async #look(): Promise<void> {
    const found = await this.#diagnosis()
    if (this.#isOver || this.#child.isGone || !this.#child.isMute) return
    if (found?.isCertain === true) this.#seen(found)
    this.#timer = setTimeout(() => void this.#look(), LOOK_MS)
  }

  #seen({ hint }: Diagnosis): void {
    if (this.#seenAt === undefined) {
      this.#seenAt = monotonicMs()
      this.#log.warn({ hint }, 'the tool seems to speak no MCP on stdio as it is called')
    }
    if (monotonicMs() - this.#seenAt < CERTAIN_MS) return
    this.#child.giveUp(new BridgeError('child_not_mcp', 'the tool speaks no MCP on stdio as it is called'))
  }

  async #diagnosis(): Promise<Diagnosis | undefined> {
    const { pid, mark, isGone } = this.#child
    if (!isGone) {
      const tree = (await snapshotProcesses()).under(pid, mark)
      this.#ports = listeningPorts([pid, ...tree.map((each) => each.pid)])
    }
    return diagnose({ lines: this.#child.said, ports: this.#ports, isImage })
  }
}
