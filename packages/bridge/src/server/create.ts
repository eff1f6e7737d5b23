// server/create: what a program of somebody's own calls: a bridge from options, and a look at a tool.
import { ChildFactory } from '../child/factory.ts'
import type { Config, ConfigInput } from '../config/config.ts'
import { parseConfig } from '../config/load.ts'
import type { Tool as ToolDefinition } from '../lock/definition.ts'
import { Events } from '../telemetry/events.ts'
import { logEvents } from '../telemetry/log-events.ts'
import { silentLogger, type Logger } from '../telemetry/logger.ts'
import type { Timings } from '../timings.ts'
import { definitionsOf, inspectTool, type Inspection } from '../tool/inspect.ts'
import type { Told, TrialOptions } from '../tool/trial.ts'
import { Bridge } from './bridge.ts'

export interface BridgeOptions {
  /** One of pino or of its shape; without one nothing is logged. */
  logger?: Logger
  /** @internal Shorter waits, for tests. */
  timings?: Partial<Timings>
}

/**
 * A bridge for one stdio command. Nothing is started before `listen`, `start` or the first request.
 *
 * @throws BridgeError `config_invalid`, which lists every problem
 */
export function createBridge(
  config: ConfigInput,
  { logger = silentLogger(), timings }: BridgeOptions = {},
): Bridge {
  return new Bridge(parseConfig(config), logger, { waits: timings })
}

/**
 * Starts the tool of a configuration once, asks what it is, and ends it: `mcp-bridge check`.
 *
 * @throws BridgeError `child_…`
 */
export function inspect(config: Config, logger: Logger = silentLogger()): Promise<Inspection> {
  return asked(config, logger, inspectTool)
}

/** Starts it once for its tools in full, and ends it. Throws likewise. */
export function readTools(config: Config): Promise<readonly ToolDefinition[]> {
  return asked(config, silentLogger(), definitionsOf)
}

async function asked<T>(
  config: Config,
  logger: Logger,
  ask: (options: TrialOptions & Told, log: Logger) => Promise<T>,
): Promise<T> {
  const events = new Events(config.command[0] ?? '')
  const factory = new ChildFactory(config, events, logger)
  const stopLogging = logEvents(events.source, logger)
  const { startTimeoutMs } = config
  try {
    return await ask({ startTimeoutMs, env: factory.env, start: () => factory.start() }, logger)
  } finally {
    await factory.close()
    stopLogging()
  }
}
