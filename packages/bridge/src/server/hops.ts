// server/hops: which requests another replica has to answer: by the session, or the waiting call, that they name.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller } from '../access/caller.ts'
import { placeOf } from '../exchange/request-state.ts'
import type { Refuse } from '../http/refuse.ts'
import type { Peer } from '../replica/peers.ts'
import type { Replica } from '../replica/replica.ts'
import { paramsOf } from '../rpc/content.ts'
import { Message, type Encoded } from '../rpc/message.ts'
import { replicaIn } from '../session/id.ts'
import type { Handler } from './router.ts'

/** What is done with a body that has been read. Throws BridgeError. */
export type BodyHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  body: Message | readonly Message[],
  caller: Caller,
) => void | Promise<void>

export class Hops {
  readonly #replica: Replica
  readonly #refuse: Refuse

  constructor(replica: Replica, refuse: Refuse) {
    this.#replica = replica
    this.#refuse = refuse
  }

  /**
   * Before the body is read. A replica that cannot be reached is as good as one that never was: who names its session hears
   * that it has ended, and may open another here.
   */
  bySession(idOf: (req: IncomingMessage) => string | undefined, handler: Handler): Handler {
    return (req, res, caller) => {
      const id = idOf(req)
      const peer = id === undefined ? undefined : this.#replica.peerOf(req, replicaIn(id))
      if (peer === undefined) return handler(req, res, caller)
      this.#forward(req, res, caller, peer, () => handler(req, res, caller))
    }
  }

  /** A client without a session that comes back with answers, which wait for it there. */
  byState(handler: BodyHandler): BodyHandler {
    return (req, res, body, caller) => {
      const here = () => handler(req, res, body, caller)
      if (!(body instanceof Message) || !body.envelope.isModern) return here()
      const written = body.encode('', '')
      // Most have none, and are not looked into for it.
      if (typeof written === 'string' && !written.includes('"requestState"')) return here()
      const state = placeOf(paramsOf(body)['requestState'])
      const peer = this.#replica.peerOf(req, state?.replica)
      if (peer === undefined) return here()
      this.#forward(req, res, caller, peer, here, written)
    }
  }

  #forward(
    req: IncomingMessage,
    res: ServerResponse,
    caller: Caller,
    peer: Peer,
    otherwise: () => void | Promise<void>,
    body?: Encoded,
  ): void {
    const refuse = (error: unknown) => this.#refuse(error, req, res)
    this.#replica.forward({
      req,
      res,
      caller,
      peer,
      ...(body === undefined ? {} : { body }),
      otherwise: () => void Promise.resolve(otherwise()).catch(refuse),
      refuse,
    })
  }
}
