// relay/interceptors/legacy-to-modern: a client with a session before a child that knows none.
import { randomUUID } from 'node:crypto'
import type { Part } from '../../budget/budget.ts'
import { BridgeError, toBridgeError } from '../../errors.ts'
import { isRecord, listOf, paramsOf, recordOf, textOf, type Members } from '../../rpc/content.ts'
import { cancellationOf, emptyResultFor } from '../../rpc/factory.ts'
import { Message } from '../../rpc/message.ts'
import {
  inputRequiredIn,
  legacyResponse,
  withoutSubscription,
  type InputRequired,
} from '../../rpc/to-legacy.ts'
import { excerpt } from '../../visible.ts'
import { createCall, fail } from '../call.ts'
import { costOf, refuseUri } from './subscriptions.ts'
import type { Call, Dispatcher, Interceptor, Listener, ResponseHandler, ServerRequest } from '../dispatch.ts'
import { onResponse } from '../intercept.ts'

export interface LegacySession {
  /** Answers `initialize` for a child that does not know it. */
  initializeResult(call: Call): Message
  /** The resources that it subscribes to are charged to this. */
  bytes: Part
  /** Capabilities of the child. */
  offered: Members
  /** The least that is worth a log message; each request says it anew. */
  setLevel(level: string): void
}

/** A child that asks on and on is given up. */
const MAX_ROUNDS = 16
const LISTS = { tools: 'toolsListChanged', prompts: 'promptsListChanged', resources: 'resourcesListChanged' }

export function legacyToModern(session: LegacySession): Interceptor {
  return (next) => new Translated(next, session)
}

class Translated implements Dispatcher {
  readonly #next: Dispatcher
  readonly #session: LegacySession
  readonly #uris = new Set<string>()
  /** Calls whose client is asked, and what it has been asked. */
  readonly #asking = new Map<Call, ServerRequest[]>()
  #listener: Listener | undefined
  /** The requests by which the child tells what changes: the newest, behind those that it is to take the place of. */
  readonly #listening: Call[] = []
  #lastId = 0

  constructor(next: Dispatcher, session: LegacySession) {
    this.#next = next
    this.#session = session
  }

  request(call: Call, message: Message, handler: ResponseHandler): void {
    switch (call.method) {
      case 'initialize':
        handler.onResponse(this.#session.initializeResult(call), call)
        return this.#listen(() => {})
      case 'ping':
        return handler.onResponse(emptyResultFor(call.id), call)
      case 'logging/setLevel': {
        const { level } = paramsOf(message)
        if (typeof level === 'string') this.#session.setLevel(level)
        return handler.onResponse(emptyResultFor(call.id), call)
      }
      case 'resources/subscribe':
      case 'resources/unsubscribe':
        return this.#subscribe(call, message, handler)
      default:
        this.#next.request(call, message, this.#translating(message, handler, 0))
    }
  }

  cancel(call: Call, cancellation?: (number: number) => Message): void {
    const asked = this.#asking.get(call)
    if (asked === undefined) return this.#next.cancel(call, cancellation)
    this.#asking.delete(call)
    for (const { id } of asked)
      this.#listener?.onServerRequestCancelled(cancellationOf(Number(id), 'the call was cancelled'), this)
  }

  /** What it would tell, each request says, or the bridge has said. */
  notify(): void {}

  listen(listener: Listener): void {
    this.#listener = listener
    this.#next.listen(listener)
  }

  close(): void {
    this.#asking.clear()
    for (const call of this.#listening.splice(0)) this.#end(call)
    for (const uri of this.#uris) this.#forget(uri)
    this.#next.close()
  }

  #translating(message: Message, handler: ResponseHandler, round: number): ResponseHandler {
    return onResponse(handler, (response, call) => {
      const asked = inputRequiredIn(response)
      if (asked === undefined) return handler.onResponse(legacyResponse(response, call.method), call)
      if (round === MAX_ROUNDS)
        return fail(call, handler, new BridgeError('server_request_refused', `asked ${round} times over`))
      this.#ask(call, asked, handler, (answers) => {
        const whole = recordOf(message.exactJson())
        const { requestState } = asked
        const params = {
          ...recordOf(whole['params']),
          inputResponses: answers,
          ...(requestState === undefined ? {} : { requestState }),
        }
        const retry = Message.from({ ...whole, params })
        this.#next.request(call, retry, this.#translating(message, handler, round + 1))
      })
    })
  }

  /** Each becomes a request of the server, on the stream of its call. */
  #ask(
    call: Call,
    { inputRequests }: InputRequired,
    handler: ResponseHandler,
    goOn: (answers: Members) => void,
  ): void {
    const entries = Object.entries(inputRequests).map(([key, asked]) => [key, recordOf(asked)] as const)
    if (entries.some(([, { method }]) => typeof method !== 'string'))
      return fail(call, handler, new BridgeError('answer_unreadable', 'the tool asks, and does not say what'))
    const answers: Record<string, unknown> = {}
    const requests: ServerRequest[] = []
    this.#asking.set(call, requests)
    const failed = (why: string) => {
      if (this.#asking.delete(call)) fail(call, handler, new BridgeError('server_request_refused', why))
    }
    let left = entries.length
    const answered = () => {
      if (left > 0 || !this.#asking.delete(call)) return
      try {
        goOn(answers)
      } catch (error) {
        fail(call, handler, toBridgeError(error))
      }
    }
    const questions = entries.map(([key, { method, params }]) => {
      const id = ++this.#lastId
      const isPage = recordOf(params)['mode'] === 'url'
      const own = isPage ? { ...recordOf(params), elicitationId: randomUUID() } : params
      const request: ServerRequest = {
        id: String(id),
        source: this,
        isOnlySource: true,
        reply: (response) => {
          const { result, error } = recordOf(response.exactJson())
          if (result === undefined)
            return failed(
              `the client refused ${textOf(method, 'it')}: ${textOf(recordOf(error)['message'], 'no reason')}`,
            )
          answers[key] = result
          left--
          answered()
        },
        refuse: failed,
        pong: () => {},
      }
      requests.push(request)
      return {
        request,
        message: Message.from({ jsonrpc: '2.0', id, method, ...(isRecord(own) ? { params: own } : {}) }),
      }
    })
    for (const { request, message } of questions) this.#listener?.onServerRequest(request, message)
    answered()
  }

  #subscribe(call: Call, message: Message, handler: ResponseHandler): void {
    const { uri } = paramsOf(message)
    if (typeof uri !== 'string') throw new BridgeError('request_invalid', 'params.uri is a string')
    const isWanted = call.method === 'resources/subscribe'
    if (isWanted) this.#want(uri)
    else this.#forget(uri)
    this.#listen((granted) => {
      if (!isWanted || granted.has(uri)) return handler.onResponse(emptyResultFor(call.id), call)
      this.#forget(uri)
      fail(call, handler, new BridgeError('params_invalid', `the tool tells nothing of ${excerpt(uri)}`))
    })
  }

  #want(uri: string): void {
    if (this.#uris.has(uri)) return
    const { bytes } = this.#session
    refuseUri(uri, this.#uris.size)
    if (!bytes.take(costOf(uri)))
      throw new BridgeError('memory_limit_reached', bytes.refusal(costOf(uri), 'bytes', '--max-memory'))
    this.#uris.add(uri)
  }

  #forget(uri: string): void {
    if (this.#uris.delete(uri)) this.#session.bytes.give(costOf(uri))
  }

  /** Asks anew for all that the client wants to hear; the requests before are ended when the child has acknowledged. */
  #listen(settled: (granted: ReadonlySet<unknown>) => void): void {
    const { offered } = this.#session
    const wishes = Object.entries(LISTS)
      .filter(([kind]) => recordOf(offered[kind])['listChanged'] === true)
      .map(([, wish]) => [wish, true])
    if (wishes.length === 0 && this.#uris.size === 0 && this.#listening.length === 0)
      return settled(this.#uris)
    const notifications = { ...Object.fromEntries(wishes), resourceSubscriptions: [...this.#uris] }
    const message = Message.from({
      jsonrpc: '2.0',
      id: 0,
      method: 'subscriptions/listen',
      params: { notifications },
    })
    const call = createCall(message, 0)
    let isSettled = false
    const settle = (granted: ReadonlySet<unknown>) => {
      if (isSettled) return
      isSettled = true
      settled(granted)
    }
    const refused = () => {
      this.#without(call)
      settle(new Set())
    }
    this.#listening.push(call)
    try {
      this.#next.request(call, message, {
        onMessage: (told) => {
          if (told.method !== 'notifications/subscriptions/acknowledged')
            return this.#listener?.onNotification(withoutSubscription(told))
          for (const older of this.#listening.splice(0, this.#listening.indexOf(call))) this.#end(older)
          const acknowledged = recordOf(paramsOf(told)['notifications'])
          settle(new Set(listOf(acknowledged['resourceSubscriptions'])))
        },
        onResponse: refused,
        onDoubt: () => {
          this.#end(call)
          refused()
        },
      })
    } catch (error) {
      this.#without(call)
      throw error
    }
  }

  #without(call: Call): void {
    const index = this.#listening.indexOf(call)
    if (index !== -1) this.#listening.splice(index, 1)
  }

  #end(call: Call): void {
    this.#next.cancel(call, (number) => cancellationOf(number, 'not listening any more'))
  }
}
