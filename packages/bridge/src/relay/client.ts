// relay/client: the bridge itself as an MCP client of a child.
import { BridgeError, toBridgeError, type ErrorCode } from '../errors.ts'
import { exactContentOf, listOf, recordOf, textOf, type Members } from '../rpc/content.ts'
import { cancellationOf } from '../rpc/factory.ts'
import { Message } from '../rpc/message.ts'
import { readPages } from '../rpc/pages.ts'
import { envelopeOf } from '../rpc/modern-request.ts'
import { MODERN_REVISION, NEWEST_LEGACY_REVISION } from '../rpc/revisions.ts'
import { VERSION } from '../version.ts'
import { excerpt } from '../visible.ts'
import { createCall } from './call.ts'
import type { Call, Dispatcher, ResponseHandler } from './dispatch.ts'

export const BRIDGE_INFO = { name: 'mcp-bridge', version: VERSION }
/** The bridge asks for itself, and can be asked nothing. */
const BRIDGE_ENVELOPE = envelopeOf({ capabilities: {}, clientInfo: BRIDGE_INFO })

/** The child has answered, whatever that was. */
const ANSWERED: ReadonlySet<ErrorCode> = new Set(['child_not_mcp', 'answer_unreadable', 'frame_too_large'])

interface Waiting {
  resolve(result: Members): void
  reject(error: BridgeError): void
}

/** Asks, reads what comes back without trusting it, and gives up in time. */
export class ChildClient implements ResponseHandler {
  readonly #next: Dispatcher
  readonly #whyLate: (call: Call) => BridgeError | undefined
  readonly #waiting = new Map<Call, Waiting>()

  /**
   * @param next a way to the child that others may use too
   * @param whyLate what a call that was not answered in time fails with, where more is known than that
   */
  constructor(next: Dispatcher, whyLate: (call: Call) => BridgeError | undefined = () => undefined) {
    this.#next = next
    this.#whyLate = whyLate
  }

  /**
   * Shakes hands with the child.
   *
   * @param capabilities what its clients can be asked, as JSON
   * @returns the result of `initialize`
   * @throws BridgeError `child_exited`, `child_timeout`, `child_not_mcp`
   */
  async initialize(capabilities: object, timeoutMs: number): Promise<Members> {
    const params = { protocolVersion: NEWEST_LEGACY_REVISION, capabilities, clientInfo: BRIDGE_INFO }
    const result = await this.request('initialize', params, timeoutMs)
    try {
      this.#next.notify(Message.from({ jsonrpc: '2.0', method: 'notifications/initialized' }))
    } catch {
      // The child does not read: what it is asked will say so.
    }
    return result
  }

  /**
   * Asks a child what it is in the manner of 2026-07-28, which older ones do not know.
   *
   * @returns the result of `server/discover`
   * @throws BridgeError `child_exited`, `child_timeout`, `child_not_mcp` for anything but a server of that revision
   */
  async discover(timeoutMs: number): Promise<Members> {
    const result = await this.request('server/discover', { _meta: BRIDGE_ENVELOPE }, timeoutMs)
    if (!listOf(result['supportedVersions']).includes(MODERN_REVISION))
      throw new BridgeError('child_not_mcp', `the tool does not name ${MODERN_REVISION} among its revisions`)
    return result
  }

  /** Whether the child answers a ping in time, be it with an error. */
  async ping(timeoutMs: number): Promise<boolean> {
    try {
      await this.request('ping', {}, timeoutMs)
    } catch (error) {
      return error instanceof BridgeError && ANSWERED.has(error.code)
    }
    return true
  }

  /**
   * All items of a list, on however many pages.
   *
   * @param kind `tools`, `resources` or `prompts`
   * @param first the result that is the first page, if that is there already
   */
  list(kind: string, timeoutMs: number, first?: Members): Promise<unknown[]> {
    return readPages(kind, (params) => this.request(`${kind}/list`, params, timeoutMs), first)
  }

  /**
   * Asks the child.
   *
   * @param timeoutMs 0: waits for ever
   * @returns the result; numbers in it that JavaScript cannot hold are written again as they came
   * @throws BridgeError `child_not_mcp` for whatever it answers instead, or what refuses the request
   */
  request(method: string, params: object, timeoutMs: number): Promise<Members> {
    const message = Message.from({ jsonrpc: '2.0', id: 0, method, params })
    const call = createCall(message, timeoutMs)
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject })
      try {
        this.#next.request(call, message, this)
      } catch (error) {
        return this.#end(call)?.reject(toBridgeError(error))
      }
      if (timeoutMs > 0 && this.#waiting.has(call))
        call.timer = setTimeout(() => this.#timeOut(call), timeoutMs)
    })
  }

  /** Nobody waits for what is under way any more. */
  close(): void {
    const error = new BridgeError('session_unknown', 'the client has gone')
    for (const call of [...this.#waiting.keys()]) this.#giveUp(call, 'the client has gone', error)
  }

  onResponse(message: Message, call: Call): void {
    // Read before the call is over: whatever went wrong here would else leave it open for ever.
    const outcome = message.envelope.hasResult
      ? recordOf(exactContentOf(message)['result'])
      : failureIn(message, call)
    const waiting = this.#end(call)
    if (outcome instanceof BridgeError) waiting?.reject(outcome)
    else waiting?.resolve(outcome)
  }

  onMessage(): void {}

  onDoubt(error: BridgeError, call: Call): void {
    this.#giveUp(call, 'its answer could not be read', error)
  }

  #timeOut(call: Call): void {
    const text = `the tool did not answer ${call.method} within ${call.timeoutMs} ms`
    const error = this.#whyLate(call) ?? new BridgeError('child_timeout', text)
    this.#giveUp(call, 'timed out', error)
  }

  #giveUp(call: Call, reason: string, error: BridgeError): void {
    const waiting = this.#end(call)
    if (waiting === undefined) return
    // "The `initialize` request MUST NOT be cancelled by clients" (2025-11-25, basic/utilities/cancellation).
    const isTold = call.method !== 'initialize'
    this.#next.cancel(call, isTold ? (number) => cancellationOf(number, reason) : undefined)
    waiting.reject(error)
  }

  #end(call: Call): Waiting | undefined {
    clearTimeout(call.timer)
    const waiting = this.#waiting.get(call)
    this.#waiting.delete(call)
    return waiting
  }
}

/** What the bridge failed with, or what the child answered instead of a result. */
function failureIn(message: Message, { method }: Call): BridgeError {
  const { message: text, data } = recordOf(exactContentOf(message)['error'])
  if (message.failure === undefined) {
    const why = `the tool answered ${method} with an error: ${excerpt(textOf(text, '?'))}`
    return new BridgeError('child_not_mcp', why)
  }
  const { hint, code: _code, ...rest } = recordOf(data)
  const told = typeof hint === 'string' ? { hint } : {}
  return new BridgeError(message.failure, textOf(text, '?'), { data: rest, ...told })
}
