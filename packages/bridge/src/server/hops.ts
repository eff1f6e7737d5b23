// server/hops: which requests another replica has to answer: by the session, or the waiting call, that they name.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller } from '../access/caller.ts'
import { placeOf } from '../exchange/request-state.ts'
import { parsedAlready } from '../http/body.ts'
import type { Refuse } from '../http/refuse.ts'
import type { Elsewhere, Replica } from '../replica/replica.ts'
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
      const here = () => handler(req, res, caller)
      this.#replica.forward(this.#elsewhere(req, res, caller, here, parsedAlready(req)), peer)
    }
  }

  /** A client without a session that comes back with answers, which wait for it there; and what others take over. */
  byBody(handler: BodyHandler): BodyHandler {
    return (req, res, body, caller) => {
      const here = () => handler(req, res, body, caller)
      if (!(body instanceof Message)) return here()
      const { isModern } = body.envelope
      const isNew = isModern || (body.kind === 'request' && body.method === 'initialize')
      if (!isNew || (!isModern && !this.#replica.isLeaving)) return here()
      const written = body.encode('', '')
      const state = isModern ? stateIn(body, written) : undefined
      const peer = this.#replica.peerOf(req, state?.replica)
      if (peer === undefined && (state !== undefined || !this.#replica.isLeaving)) return here()
      const it = this.#elsewhere(req, res, caller, here, written)
      if (peer === undefined) this.#replica.handOver(it)
      else this.#replica.forward(it, peer)
    }
  }

  /** What opens a session without a body. */
  opening(handler: Handler): Handler {
    return (req, res, caller) => {
      const here = () => handler(req, res, caller)
      if (this.#replica.isLeaving) this.#replica.handOver(this.#elsewhere(req, res, caller, here))
      else here()
    }
  }

  #elsewhere(
    req: IncomingMessage,
    res: ServerResponse,
    caller: Caller,
    here: () => void | Promise<void>,
    body?: Encoded,
  ): Elsewhere {
    const refuse = (error: unknown) => this.#refuse(error, req, res)
    const otherwise = () => void Promise.resolve(here()).catch(refuse)
    return { req, res, caller, body, otherwise, refuse }
  }
}

/** Most have none, and are not looked into for it. */
function stateIn(body: Message, written: Encoded): ReturnType<typeof placeOf> {
  if (typeof written === 'string' && !written.includes('"requestState"')) return undefined
  return placeOf(paramsOf(body)['requestState'])
}
