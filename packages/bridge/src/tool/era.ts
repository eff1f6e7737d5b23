// tool/era: whether the tool speaks 2026-07-28: asked on a process of its own, when first somebody needs to know.
import type { Config } from '../config/config.ts'
import { BridgeError, toBridgeError, type ErrorCode } from '../errors.ts'
import type { ModernLeases } from '../lease/modern.ts'
import { monotonicMs } from '../clock.ts'
import { describeChild, type ChildDescription } from '../relay/describe.ts'
import { initializeAnswerOf } from '../rpc/modern.ts'
import type { Era } from '../session/lease.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface EraProbeOptions {
  config: Pick<Config, 'era' | 'children' | 'warm' | 'startTimeoutMs'>
  modern: ModernLeases
}

/** There was no process to ask. */
const UNASKED: ReadonlySet<ErrorCode> = new Set([
  'child_limit_reached',
  'child_backing_off',
  'child_spawn_failed',
  'shutting_down',
])
/** From here on silence means that it does not; a tool that starts slowly has as long as that took, and more. */
export const SILENCE_MS = 5000

/**
 * A tool that was initialised may speak it all the same, and then its modern clients get it untranslated. Nobody pays for
 * the question who has no such clients.
 */
export class EraProbe {
  readonly #options: EraProbeOptions
  readonly #log: Logger
  #asked: Promise<Era> | undefined
  /** Once it is known. */
  era: Era | undefined
  /** It does not take `initialize`. */
  isModernOnly = false

  constructor(options: EraProbeOptions, log: Logger) {
    this.#options = options
    this.#log = log
  }

  /**
   * Has a child say what it is: in the old manner, unless it does not know that.
   *
   * @throws BridgeError `child_…`
   */
  async describe(initialized: () => Promise<ChildDescription>): Promise<ChildDescription> {
    const { era } = this.#options.config
    if (era === 'modern' || this.isModernOnly) return this.#describeModern()
    try {
      return await initialized()
    } catch (thrown) {
      if (era === 'legacy' || !isRefusal(toBridgeError(thrown))) throw thrown
      return await this.#describeModern().catch(() => {
        throw thrown
      })
    }
  }

  /** @param startMs what a start of the tool takes */
  ask(startMs: number): Promise<Era> {
    this.#asked ??= this.#ask(startMs).then((answer) => {
      // Nobody could be asked now: whoever comes next asks again.
      if (answer === 'unasked') {
        this.#asked = undefined
        return 'legacy'
      }
      const era = answer
      this.era = era
      this.#log.info({ era }, era === 'modern' ? 'tool speaks 2026-07-28' : 'tool begins with initialize')
      return era
    })
    return this.#asked
  }

  async #ask(startMs: number): Promise<Era | 'unasked'> {
    const { config, modern } = this.#options
    if (this.isModernOnly) return 'modern'
    // One that cannot run twice is not asked by a second process.
    const cannotRunTwice = config.children === 'shared' && config.warm === 0
    if (config.era === 'legacy' || cannotRunTwice) return 'legacy'
    try {
      await within(modern.discover(), Math.max(SILENCE_MS, 3 * startMs))
      return 'modern'
    } catch (thrown) {
      await modern.letGo()
      // An error of any kind, an end, noise, or nothing at all.
      return UNASKED.has(toBridgeError(thrown).code) ? 'unasked' : 'legacy'
    }
  }

  async #describeModern(): Promise<ChildDescription> {
    const { client, process, result } = await this.#options.modern.discover()
    this.isModernOnly = true
    const startMs = monotonicMs() - process.startedAt
    return describeChild(client, initializeAnswerOf(result), startMs, this.#options.config.startTimeoutMs)
  }
}

/** It answered, and that was no result; what was found to be no stdio server has not answered. */
export function isRefusal({ code, data }: BridgeError): boolean {
  return code === 'child_not_mcp' && data?.['cause'] === undefined
}

/** @throws BridgeError `child_starting` if it takes longer */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BridgeError('child_starting', 'the tool is not up yet')), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
