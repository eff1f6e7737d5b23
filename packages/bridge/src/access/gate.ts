// gate: what every gate is: it passes or throws, and never writes a response.
import type { IncomingMessage } from 'node:http'

/** Returns if the request may go on; throws the BridgeError it is refused with. */
export type Gate = (req: IncomingMessage) => void
