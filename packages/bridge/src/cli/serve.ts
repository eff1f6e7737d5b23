// cli/serve: one bridge from its start to its end; gives the exit code.
import { Bridge } from '../server/bridge.ts'
import type { Config } from '../config/config.ts'
import type { Loaded } from '../config/load.ts'
import { readOtel } from '../config/otel.ts'
import type { Logger } from '../telemetry/logger.ts'
import { createLogger } from '../telemetry/pino.ts'
import type { Sent } from '../server/observers.ts'
import { VERSION } from '../version.ts'
import { listeningLines, toolLines } from './banner.ts'
import { onUncaught } from './fatal.ts'
import { Reload } from './reload.ts'
import { onOrphaned, onSignals } from './signals.ts'

/** After an error that nobody caught nothing is sure to end in order: the orphan reaper ends what is left after this. */
const END_MS = 10_000

/** Runs until a signal (0), or throws what ended the bridge. */
export async function serve(loaded: Loaded, load: () => Promise<Loaded>): Promise<number> {
  const { config, warnings, isUnderNpx } = loaded
  const format = config.logFormat ?? (process.stderr.isTTY ? 'pretty' : 'json')
  const log = await createLogger({ level: config.logLevel, format })
  for (const reason of warnings) log.warn({ reason }, 'configuration')
  const bridge = new Bridge(config, log, await sentOf(log))
  const reload = config.servers === undefined ? undefined : new Reload(bridge, loaded, load, log)
  const ended = new Promise<number>((resolve) => {
    let isDraining = false
    const drain = (why: object) => {
      // A signal to the whole group ends npx too.
      if (isDraining) return
      isDraining = true
      log.info(why, 'shutting down')
      reload?.close()
      void bridge.close().then(() => resolve(0))
    }
    if (isUnderNpx) onOrphaned(() => drain({ reason: 'npx has gone' }))
    onSignals({
      drain: (signal) => drain({ signal }),
      // Not waiting any more: the orphan reaper ends what is left.
      exit: () => resolve(1),
      ...reloading(config, bridge, reload),
    })
  })
  const died = new Promise<number>((resolve) => {
    onUncaught(log, () => {
      void bridge.close({ drainMs: 0 }).finally(() => resolve(1))
      setTimeout(() => resolve(1), END_MS)
    })
  })
  const listening = await bridge.listen()
  // Where the lines of the audit go, nothing else does.
  const print = (text: string) => config.audit === '-' || process.stdout.write(text)
  print(listeningLines(config, listening, VERSION))
  if (config.servers === undefined)
    bridge.start().then(
      (report) => print(toolLines(config, listening, report)),
      () => {},
    )
  const outcome = await Promise.race([ended, died, bridge.failed])
  if (typeof outcome === 'number') return outcome
  await bridge.close({ drainMs: 0 })
  throw outcome
}

/** Nothing of it is loaded unless it is asked for. */
async function sentOf(log: Logger): Promise<Sent> {
  const { traces, metrics, problems } = readOtel()
  for (const reason of problems) log.warn({ reason }, 'configuration of OpenTelemetry')
  const sent: Sent = {}
  if (traces !== undefined) sent.traces = new (await import('../traces/traces.ts')).Traces(traces, log)
  if (metrics !== undefined) {
    const { OtlpMetrics } = await import('../metrics/otlp.ts')
    sent.openMetrics = (counted) => new OtlpMetrics(counted, metrics, log)
  }
  return sent
}

/** What SIGHUP does, if it does not end the bridge. */
function reloading(config: Config, bridge: Bridge, reload: Reload | undefined): { reload?: () => void } {
  if (reload === undefined && config.tokenFile === undefined && config.audit === undefined) return {}
  return {
    reload: () => {
      bridge.reopenAudit()
      if (reload === undefined) bridge.reloadTokens()
      else void reload.now()
    },
  }
}
