// relay/interceptors/log-level: each client of a child hears the log messages of the level that it has asked for.
import { paramsOf } from '../../rpc/content.ts'
import { emptyResultFor } from '../../rpc/factory.ts'
import type { Message } from '../../rpc/message.ts'
import type { Interceptor, Peer } from '../dispatch.ts'
import { intercept, overhear } from '../intercept.ts'

/** From the most to the least; RFC 5424, as MCP names them. */
export const LEVELS: readonly string[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
]

/** The log levels that the clients of one child, or of one pool, have asked for. */
export class LogLevels {
  readonly #asked = new Map<Peer, string>()
  readonly #setLevel: ((level: string) => void) | undefined

  /**
   * @param setLevel sets the only child that they have to a level, without waiting for it; of several children each is set
   *   when it is given to a client
   */
  constructor(setLevel?: (level: string) => void) {
    this.#setLevel = setLevel
  }

  /** The most talkative of all, which the child must be set to; undefined while nobody has asked. */
  get lowest(): string | undefined {
    let lowest: string | undefined
    for (const level of this.#asked.values()) {
      if (lowest === undefined || LEVELS.indexOf(level) < LEVELS.indexOf(lowest)) lowest = level
    }
    return lowest
  }

  of(peer: Peer): string | undefined {
    return this.#asked.get(peer)
  }

  interceptorFor(peer: Peer): Interceptor {
    return (next) =>
      intercept(next, {
        request: (call, message, handler) => {
          const level = call.method === 'logging/setLevel' ? levelOf(message) : undefined
          // An unknown level is the child's to refuse.
          if (level === undefined || !LEVELS.includes(level)) return next.request(call, message, handler)
          const before = this.lowest
          this.#asked.set(peer, level)
          if (this.#setLevel !== undefined && this.lowest === level)
            return next.request(call, message, handler)
          this.#adapt(before)
          handler.onResponse(emptyResultFor(call.id), call)
        },
        listen: (listener) =>
          next.listen(
            overhear(listener, {
              onNotification: (message) => {
                if (this.#admits(peer, message)) listener.onNotification(message)
              },
            }),
          ),
        close: () => {
          const before = this.lowest
          this.#asked.delete(peer)
          this.#adapt(before)
          next.close()
        },
      })
  }

  #adapt(before: string | undefined): void {
    const { lowest } = this
    if (lowest !== undefined && lowest !== before) this.#setLevel?.(lowest)
  }

  /** Whether a client that asked for its own level wants this log message; one that never asked hears all. */
  #admits(peer: Peer, notification: Message): boolean {
    if (notification.method !== 'notifications/message') return true
    const asked = this.#asked.get(peer)
    return asked === undefined || LEVELS.indexOf(levelOf(notification) ?? '') >= LEVELS.indexOf(asked)
  }
}

function levelOf(message: Message): string | undefined {
  const { level } = paramsOf(message)
  return typeof level === 'string' ? level : undefined
}
