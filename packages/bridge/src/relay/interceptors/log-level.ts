// relay/interceptors/log-level: the log levels that the clients of one child have asked for.
import { paramsOf } from '../../rpc/content.ts'
import type { Message } from '../../rpc/message.ts'
import type { Port } from '../connection.ts'

/** From the most to the least; RFC 5424, as MCP names them. */
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']

export class LogLevels {
  readonly #asked = new Map<Port, string>()

  /** The most talkative of all, which the child must be set to; undefined while nobody has asked. */
  get lowest(): string | undefined {
    let lowest: string | undefined
    for (const level of this.#asked.values()) {
      if (lowest === undefined || LEVELS.indexOf(level) < LEVELS.indexOf(lowest)) lowest = level
    }
    return lowest
  }

  of(port: Port): string | undefined {
    return this.#asked.get(port)
  }

  /** Notes what a `logging/setLevel` asks for; false if there is no such level. */
  set(port: Port, request: Message): boolean {
    const level = levelOf(request)
    if (level === undefined || !LEVELS.includes(level)) return false
    this.#asked.set(port, level)
    return true
  }

  delete(port: Port): void {
    this.#asked.delete(port)
  }

  /** Whether a client that asked for its own level wants this log message; one that never asked hears all. */
  admits(port: Port, notification: Message): boolean {
    const asked = this.#asked.get(port)
    return asked === undefined || LEVELS.indexOf(levelOf(notification) ?? '') >= LEVELS.indexOf(asked)
  }
}

function levelOf(message: Message): string | undefined {
  const { level } = paramsOf(message)
  return typeof level === 'string' ? level : undefined
}
