// relay/intercept: puts interceptors before a child, and hands on what comes back.
import type { Dispatcher, Interceptor, Listener, ResponseHandler } from './dispatch.ts'

/** The first of them is the first that the client meets. */
export function compose(child: Dispatcher, interceptors: readonly Interceptor[]): Dispatcher {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), child)
}

/** The same way with some methods replaced. */
export function intercept(next: Dispatcher, replaced: Partial<Dispatcher>): Dispatcher {
  return {
    request: (call, message, handler) => next.request(call, message, handler),
    cancel: (call, cancellation) => next.cancel(call, cancellation),
    notify: (message) => next.notify(message),
    listen: (listener) => next.listen(listener),
    close: () => next.close(),
    ...replaced,
  }
}

/** The same handler with its `onResponse` replaced. */
export function onResponse(handler: ResponseHandler, take: ResponseHandler['onResponse']): ResponseHandler {
  return {
    onResponse: take,
    onMessage: (message, call) => handler.onMessage(message, call),
    onDoubt: (error, call) => handler.onDoubt(error, call),
  }
}

/** The same listener with some methods replaced. */
export function overhear(listener: Listener, replaced: Partial<Listener>): Listener {
  return {
    onNotification: (message) => listener.onNotification(message),
    onServerRequest: (request, message) => listener.onServerRequest(request, message),
    onServerRequestCancelled: (cancellation, source) =>
      listener.onServerRequestCancelled(cancellation, source),
    onSourceGone: (source) => listener.onSourceGone(source),
    ...replaced,
  }
}
