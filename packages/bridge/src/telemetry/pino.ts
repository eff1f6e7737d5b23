// telemetry/pino: the log of the command line: pino on stderr.
import { pino, destination, type DestinationStream } from 'pino'
import { visible, visibleJson } from '../visible.ts'
import type { Logger } from './logger.ts'
import { REDACTED_PATHS } from './redact.ts'

/** Log lines that wait for their reader. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

export interface LogOptions {
  /** One of pino's, or `silent`. */
  level: string
  format: 'json' | 'pretty'
}

/** A logger that writes JSON lines (or, for eyes, coloured text) to stderr; stdout stays free for what was asked for. */
export async function createLogger(options: LogOptions): Promise<Logger> {
  const out = options.format === 'pretty' ? await prettyStream() : jsonStream()
  // As ours: the type of pino's own cannot be what an async function gives.
  const log: Logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...REDACTED_PATHS], censor: '[redacted]' },
      // Here once for all fields: what is foreign among them does nothing on the terminal of whoever reads the log.
      hooks: { streamWrite: options.format === 'pretty' ? visibleStrings : visibleJson },
    },
    out,
  )
  return log
}

/**
 * Not synchronous: whoever reads our stderr slowly would stop every client. What he does not read is dropped at last,
 * the newest first; what is left is written when the process ends.
 */
function jsonStream(): DestinationStream {
  const out = destination({ fd: 2, sync: false, minLength: 0, maxLength: MAX_WAITING_BYTES })
  process.on('exit', () => {
    try {
      out.flushSync()
    } catch {
      // Nobody reads it any more.
    }
  })
  return out
}

/** For pino-pretty, which writes strings out as they are: a stack keeps its lines. */
function visibleStrings(line: string): string {
  if (!/\\[ubfr]/.test(line) && visibleJson(line) === line) return line
  return `${JSON.stringify(JSON.parse(line, visibleValue))}\n`
}

function visibleValue(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.split('\n').map(visible).join('\n') : value
}

async function prettyStream(): Promise<DestinationStream> {
  // Loaded only for a terminal: the container never pays for it.
  const { default: pretty } = await import('pino-pretty')
  return pretty({
    destination: 2,
    sync: true,
    colorize: process.stderr.isTTY,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
    singleLine: true,
  })
}
