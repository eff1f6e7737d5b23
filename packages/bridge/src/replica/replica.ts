// replica/replica: this one of several bridges: which requests are another's, and how they get there.
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http'
import { addressOf, tellAddress } from '../access/address.ts'
import type { Caller } from '../access/caller.ts'
import type { Gate } from '../access/gate.ts'
import type { Config } from '../config/config.ts'
import { BridgeError } from '../errors.ts'
import type { Encoded } from '../rpc/message.ts'
import { forward } from './forward.ts'
import { Peers, type Peer } from './peers.ts'
import { HOP_HEADER, readReplicaKey, Seal } from './seal.ts'

/** A client is back within two seconds of the death of its replica: this is what it may take to see that it is dead. */
const CONNECT_MS = 1000
/** Besides what the tool itself may take. */
const HEAD_MS = 30_000
/** Three comments of the other replica. */
const SILENT_MS = 50_000
/** A machine that has gone is found out by TCP; Linux asks ten times, a second apart, once nothing came for so long. */
const TCP_KEEP_ALIVE_MS = 5000
/** Connections kept to each replica that nobody uses. */
const MAX_IDLE = 64
/** What a request on its way costs: what its four sockets may hold. */
const HOP_BYTES = 64 * 1024

/** A request that is for another replica. */
export interface Elsewhere {
  req: IncomingMessage
  res: ServerResponse
  caller: Caller
  peer: Peer
  /** Where it has been read already. */
  body?: Encoded
  /** The other cannot be reached, and nothing has been sent. */
  otherwise(): void
  refuse(error: unknown): void
}

export type ReplicaConfig = Pick<Config, 'replicas' | 'startTimeoutMs' | 'callTimeoutMs'> & {
  replica: string
  replicaKeyFile: string
}

export class Replica {
  /** Requests on their way to others. */
  inFlight = 0
  readonly #config: ReplicaConfig
  readonly #peers: Peers
  readonly #seal: Seal
  readonly #agent = new Agent({
    keepAlive: true,
    keepAliveMsecs: TCP_KEEP_ALIVE_MS,
    maxFreeSockets: MAX_IDLE,
    scheduling: 'lifo',
  })
  /** Have come from another replica, and go to no third. */
  readonly #arrived = new WeakSet<IncomingMessage>()

  /** @throws BridgeError `config_invalid` for a key that cannot be read or is too short */
  constructor(config: ReplicaConfig) {
    this.#config = config
    this.#peers = new Peers(config.replica, config.replicas)
    this.#seal = new Seal(readReplicaKey(config.replicaKeyFile))
  }

  /** Makes sure of what a request says that comes from another replica. */
  readonly gate: Gate = (req) => {
    const sealed = req.headers[HOP_HEADER]
    if (sealed === undefined || this.#arrived.has(req)) return
    const { replica } = this.#config
    const hop = this.#seal.read(String(sealed), req.method ?? '', urlOf(req))
    if (hop.to !== replica)
      throw new BridgeError('hop_loop', `${hop.from} took this replica for ${hop.to}: it is ${replica}`)
    this.#arrived.add(req)
    tellAddress(req, hop.address)
  }

  /**
   * Whose request this is, if it is another's that is known.
   *
   * @param name in its session id, say
   * @throws BridgeError `hop_loop`
   */
  peerOf(req: IncomingMessage, name: string | undefined): Peer | undefined {
    if (name === undefined || name === this.#config.replica) return undefined
    const peer = this.#peers.find(name)
    if (peer !== undefined && this.#arrived.has(req))
      throw new BridgeError('hop_loop', `this is ${this.#config.replica}, and the request is for ${name}`)
    return peer
  }

  /** @throws BridgeError `memory_limit_reached` */
  forward({ req, res, caller, peer, body, otherwise, refuse }: Elsewhere): void {
    const { bytes } = caller.account
    if (!bytes.take(HOP_BYTES))
      throw new BridgeError('memory_limit_reached', bytes.refusal(HOP_BYTES, 'bytes', '--max-memory'))
    this.inFlight++
    let isCharged = true
    const over = () => {
      if (!isCharged) return
      isCharged = false
      this.inFlight--
      bytes.give(HOP_BYTES)
    }
    res.on('close', over)
    const [url, address] = [urlOf(req), addressOf(req) ?? '-']
    const { replica: from } = this.#config
    forward({
      req,
      res,
      body,
      peer,
      url,
      hop: this.#seal.write({ from, to: peer.name, method: req.method ?? '', url, address }),
      address,
      agent: this.#agent,
      waits: { connectMs: CONNECT_MS, headMs: this.#headMs(req), silentMs: SILENT_MS },
      unreached: () => {
        over()
        try {
          if (!res.destroyed) otherwise()
        } catch (error) {
          refuse(error)
        }
      },
      failed: refuse,
    })
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Who takes JSON alone has the head of its answer only when the call is over. */
  #headMs({ method, headers: { accept = '*/*' } }: IncomingMessage): number {
    const { startTimeoutMs, callTimeoutMs } = this.#config
    const takesEvents = !accept.includes('json') || /text\/event-stream|\*\/\*/i.test(accept)
    if (method !== 'POST' || takesEvents) return startTimeoutMs + HEAD_MS
    return callTimeoutMs === 0 ? 0 : Math.max(startTimeoutMs, callTimeoutMs) + HEAD_MS
  }
}

/** Where the bridge is mounted, the other is at the same place. */
function urlOf(req: IncomingMessage & { originalUrl?: string }): string {
  return req.originalUrl ?? req.url ?? '/'
}
