// cli/signals: the first drains, the second exits.
import { monotonicMs } from '../clock.ts'

/** npm and a terminal both pass Ctrl-C on: one key press, two signals. */
const DUPLICATE_MS = 500
/** How often to look whether npx is still there. */
const ORPHAN_MS = 500

export interface SignalActions {
  drain(signal: NodeJS.Signals): void
  exit(): void
  /** SIGHUP; without an action it ends the bridge as the other signals do. */
  reload?: () => void
}

export function onSignals({ drain, exit, reload }: SignalActions): void {
  let firstAt: number | undefined
  const end = (signal: NodeJS.Signals) => {
    const now = monotonicMs()
    if (firstAt === undefined) {
      firstAt = now
      drain(signal)
    } else if (now - firstAt > DUPLICATE_MS) exit()
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  process.on('SIGHUP', reload ?? end)
}

/**
 * Calls once when the process that started us has gone. npx hands a signal on to the shell between it and us, which
 * dies of it and would leave us behind, holding the port. (Without npx an orphan is what `nohup` and `&` make.)
 */
export function onOrphaned(orphaned: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    orphaned()
  }, ORPHAN_MS).unref()
}
