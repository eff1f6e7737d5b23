// relay/route: where the requests of a port go: to its own child, to a shared one, or to whichever of a pool is free.
import type { Message } from '../rpc/message.ts'
import type { Call } from './call.ts'
import type { Port } from './connection.ts'
import type { Switchboard } from './multiplexer.ts'

export interface Route {
  /**
   * Sends a request to a child, now or as soon as there is one; answers it itself where no child is needed.
   *
   * @throws BridgeError with what refuses it
   */
  send(call: Call, message: Message): void
  /** Nobody waits for the answer any more. `cancel` makes what the child is told, if it is told anything. */
  withdraw(call: Call, cancel: ((number: number) => Message) | undefined): void
  /** The call has been answered. */
  settled?(call: Call): void
  /** A notification of the client, cancellations excepted. Throws BridgeError `child_backlogged`. */
  notify(message: Message): void
  /** The client has gone. */
  unplug(port: Port): void
}

/** The way to a child that a port has for itself: everything goes through. */
export function ownRoute(switchboard: Switchboard): Route {
  return {
    send: (call, message) => switchboard.dispatch(call, message),
    withdraw: (call, cancel) => switchboard.withdraw(call, cancel),
    notify: (message) => switchboard.pass(message),
    unplug: (port) => switchboard.unplug(port),
  }
}
