// audit/syslog: a line as a message of syslog.
import { hostname } from 'node:os'

/** Facility 13 (log audit), severity 6 (informational). */
const PRIORITY = 13 * 8 + 6
const PROGRAM = 'mcp-bridge'
const NIL = '-'
/** "PRINTUSASCII", 255 of them at most. */
const HOST = /^[!-~]{1,255}$/.test(hostname()) ? hostname() : NIL
const BEGIN = /^\{"time":"([^"]+)","event":"([^"]+)"/

/**
 * The line is the message, its event the id of the message. UTF-8 without a byte order mark, which most receivers would
 * show.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5424#section-6
 */
export function syslogMessage(line: string): string {
  const [, time = NIL, event = NIL] = BEGIN.exec(line) ?? []
  return `<${PRIORITY}>1 ${time} ${HOST} ${PROGRAM} ${process.pid} ${event} ${NIL} ${line.trimEnd()}`
}

/** "Octet counting": what is in a message cannot end it. https://www.rfc-editor.org/rfc/rfc6587#section-3.4.1 */
export function syslogFrame(line: string): string {
  const message = syslogMessage(line)
  return `${Buffer.byteLength(message)} ${message}`
}
