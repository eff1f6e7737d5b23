// relay/interceptors/tool-judge: what those have in common who ask the child for its tools before they let a call through.
import { toBridgeError, type BridgeError } from '../../errors.ts'
import type { Message } from '../../rpc/message.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { fail, logInternal } from '../call.ts'
import { ChildClient } from '../client.ts'
import type { Call, Dispatcher, Listener, ResponseHandler } from '../dispatch.ts'
import { overhear } from '../intercept.ts'

const CHANGED = 'notifications/tools/list_changed'

export abstract class ToolJudge implements Dispatcher {
  protected readonly next: Dispatcher
  protected readonly client: ChildClient
  /** Calls that wait for the list of tools. */
  protected readonly held = new Set<Call>()
  readonly #log: Logger

  constructor(next: Dispatcher, log: Logger) {
    this.next = next
    this.client = new ChildClient(next)
    this.#log = log
  }

  /** The child may have other tools than when it was asked. */
  protected abstract forget(): void
  protected abstract list(call: Call, message: Message, handler: ResponseHandler): void
  /** False: calls go through as they are. */
  protected abstract readonly judgesCalls: boolean
  protected abstract call(call: Call, message: Message, handler: ResponseHandler): void

  request(call: Call, message: Message, handler: ResponseHandler): void {
    if (call.method === 'tools/list') this.list(call, message, handler)
    else if (call.method === 'tools/call' && this.judgesCalls) this.call(call, message, handler)
    else if (call.method === 'subscriptions/listen') this.next.request(call, message, this.#hearing(handler))
    else this.next.request(call, message, handler)
  }

  cancel(call: Call, cancellation?: (number: number) => Message): void {
    if (!this.held.delete(call)) this.next.cancel(call, cancellation)
  }

  notify(message: Message): void {
    this.next.notify(message)
  }

  listen(listener: Listener): void {
    this.next.listen(
      overhear(listener, {
        onNotification: (message) => {
          this.#hear(message)
          listener.onNotification(message)
        },
      }),
    )
  }

  close(): void {
    this.held.clear()
    this.client.close()
    this.next.close()
  }

  /** A call that has waited, and may go on. */
  protected letThrough(call: Call, message: Message, handler: ResponseHandler): void {
    try {
      this.next.request(call, message, handler)
    } catch (error) {
      this.fail(call, handler, toBridgeError(error))
    }
  }

  protected fail(call: Call, handler: ResponseHandler, error: BridgeError): void {
    logInternal(error, call, this.#log)
    fail(call, handler, error)
  }

  /** In 2026-07-28 notifications come with the request that asked for them. */
  #hearing(handler: ResponseHandler): ResponseHandler {
    return {
      onResponse: (message, call) => handler.onResponse(message, call),
      onDoubt: (error, call) => handler.onDoubt(error, call),
      onMessage: (message, call) => {
        this.#hear(message)
        handler.onMessage(message, call)
      },
    }
  }

  #hear({ method }: Message): void {
    if (method === CHANGED) this.forget()
  }
}
