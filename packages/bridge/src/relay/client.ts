// relay/client: the bridge itself as a client of a child that no client has for itself.
import { BridgeError, type ErrorCode } from '../errors.ts'
import { excerpt } from '../visible.ts'
import type { Logger } from '../telemetry/logger.ts'
import { exactContentOf, recordOf, textOf, type Members } from '../rpc/content.ts'
import { Message } from '../rpc/message.ts'
import { NEWEST_LEGACY_REVISION } from '../rpc/revisions.ts'
import { Port } from './connection.ts'
import type { Sink } from './sink.ts'
import { ownRoute } from './route.ts'
import type { Switchboard } from './multiplexer.ts'

/** It has answered, whatever that was. */
const ANSWERED: ReadonlySet<ErrorCode> = new Set(['child_not_mcp', 'answer_unreadable', 'frame_too_large'])

export class Housekeeper {
  readonly #switchboard: Switchboard
  readonly #port: Port

  constructor(switchboard: Switchboard, log: Logger) {
    this.#switchboard = switchboard
    this.#port = new Port(ownRoute(switchboard), NOBODY, log, 0)
  }

  /**
   * Shakes hands with the child.
   *
   * @param capabilities what its clients can be asked, as JSON
   * @returns the result of `initialize`
   * @throws BridgeError `child_exited`, `child_timeout`, `child_not_mcp`
   */
  async initialize(capabilities: object, version: string, timeoutMs: number): Promise<Result> {
    const clientInfo = { name: 'mcp-bridge', version }
    const result = await this.ask(
      'initialize',
      { protocolVersion: NEWEST_LEGACY_REVISION, capabilities, clientInfo },
      timeoutMs,
    )
    this.#switchboard.write(Message.from({ jsonrpc: '2.0', method: 'notifications/initialized' }))
    return result
  }

  /** Whether the child answers a ping in time, be it with an error. */
  async ping(timeoutMs: number): Promise<boolean> {
    try {
      await this.ask('ping', {}, timeoutMs)
    } catch (error) {
      return error instanceof BridgeError && ANSWERED.has(error.code)
    }
    return true
  }

  /** Asks the child; throws what it answers instead of a result as BridgeError `child_not_mcp`. */
  ask(method: string, params: object, timeoutMs: number): Promise<Result> {
    return new Promise((resolve, reject) => {
      const sink: Sink = {
        isOpen: false,
        isStanding: false,
        relate: () => {},
        answer: (message) => {
          const { result, error } = exactContentOf(message)
          if (message.envelope.hasResult) return resolve(recordOf(result))
          const { message: text, data } = recordOf(error)
          if (message.failure !== undefined)
            return reject(new BridgeError(message.failure, textOf(text, '?'), { data: recordOf(data) }))
          const why = `the tool answered ${method} with an error: ${excerpt(textOf(text, '?'))}`
          reject(new BridgeError('child_not_mcp', why))
        },
      }
      this.#port.request(Message.from({ jsonrpc: '2.0', id: 0, method, params }), sink, timeoutMs)
    })
  }
}

export type Result = Members

const NOBODY: Sink = { isOpen: false, isStanding: true, answer: () => {}, relate: () => {} }
