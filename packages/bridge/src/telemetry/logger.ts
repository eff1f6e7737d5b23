// telemetry/logger: what the bridge logs to; an event is a constant sentence plus fields.

/**
 * What the bridge needs of a logger. One of pino is one, that of fastify too. The type is our own, so that somebody's
 * program that brings another logger, or none, needs no package of pino's for ours.
 */
export interface Logger {
  trace: LogEvent
  debug: LogEvent
  info: LogEvent
  warn: LogEvent
  error: LogEvent
  fatal: LogEvent
  /** A logger that adds these fields to every event. */
  child(fields: Record<string, unknown>): Logger
}

/** An error is the field `err`. */
export interface LogEvent {
  (fields: object, event: string): void
  (event: string): void
}

/** For a bridge inside somebody's program that brings no logger of its own. */
export function silentLogger(): Logger {
  return SILENT
}

const drop: LogEvent = () => {}
const SILENT: Logger = {
  trace: drop,
  debug: drop,
  info: drop,
  warn: drop,
  error: drop,
  fatal: drop,
  child: () => SILENT,
}
