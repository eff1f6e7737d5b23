// access/address: the machine that a request comes from.
import type { IncomingMessage } from 'node:http'

/** As another replica has said that passed the request on. */
const told = new WeakMap<IncomingMessage, string>()

/** From now on the request counts as one from there; for whoever has made sure of it. */
export function tellAddress(req: IncomingMessage, address: string): void {
  told.set(req, address)
}

/** Of the client, or of the last proxy before the bridge: `X-Forwarded-For` is anybody's to write, and not believed. */
export function addressOf(req: IncomingMessage): string | undefined {
  return told.get(req) ?? req.socket.remoteAddress
}
