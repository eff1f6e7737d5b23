// access/gate: the one shape of all gates: they return or throw, and never write a response.
import type { IncomingMessage } from 'node:http'

/** Returns if the request may go on; throws the BridgeError it is refused with. */
export type Gate = (req: IncomingMessage) => void
