// cli/fatal: what nobody caught: the state of the bridge is unknown then, and it has to end.
import type { Logger } from '../telemetry/logger.ts'

/** Calls `end` for the first error that nobody caught, in a promise or outside; Node goes on meanwhile. */
export function onUncaught(log: Logger, end: () => void): void {
  let isEnding = false
  // Rejections that nobody handles come here, too.
  process.on('uncaughtException', (err) => {
    if (isEnding) return log.error({ err }, 'one more error while the bridge ends')
    isEnding = true
    log.fatal({ err }, 'an error that nobody caught; the bridge ends')
    end()
  })
}
