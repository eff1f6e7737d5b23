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
  /** Where it has been read already. */
  body?: Encoded | undefined
  /** The other cannot be reached, and nothing has been sent. */
  otherwise(): void
  refuse(error: unknown): void
}

type ReplicaConfig = Pick<Config, 'replicas' | 'startTimeoutMs' | 'callTimeoutMs'> & {
  replica: string
  replicaKeyFile: string
}

/** One that only has a name passes nothing on: its load balancer knows where each request belongs. Throws BridgeError. */
export function openReplica({ replica, replicaKeyFile, ...config }: Config): Replica | undefined {
  if (replica === undefined || replicaKeyFile === undefined) return undefined
  return new Replica({ ...config, replica, replicaKeyFile })
}

export class Replica {
  /** Calls on their way to others; a stream that stands is none. */
  inFlight = 0
  /** It is about to end: what is new is for others. */
  isLeaving = false
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
  #handed = 0

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

  /** It has come from another replica that is about to end, and is for whoever takes it. */
  isHandedOver(req: IncomingMessage): boolean {
    return this.#arrived.has(req) && req.headers['mcp-session-id'] === undefined
  }

  /**
   * Has another replica take what is new, since this one is about to end; `otherwise` where none does.
   *
   * @throws BridgeError `shutting_down` for what another has handed over that is about to end, too
   */
  handOver(it: Elsewhere): void {
    if (this.#arrived.has(it.req)) {
      // It has come for a session that has ended here: where else it could go, is not known any more.
      if (it.req.headers['mcp-session-id'] !== undefined) return it.otherwise()
      throw new BridgeError('shutting_down', 'this replica is shutting down')
    }
    const { named } = this.#peers
    // Each begins elsewhere, so that no replica gets all of it.
    const first = this.#handed++
    const attempt = (i: number): void => {
      const peer = named[(first + i) % named.length]
      if (i >= named.length || peer === undefined) return it.otherwise()
      this.forward({ ...it, otherwise: () => attempt(i + 1) }, peer, true)
    }
    attempt(0)
  }

  /** @throws BridgeError `memory_limit_reached` */
  forward({ req, res, caller, body, otherwise, refuse }: Elsewhere, peer: Peer, isNew = false): void {
    const { bytes } = caller.account
    if (!bytes.take(HOP_BYTES))
      throw new BridgeError('memory_limit_reached', bytes.refusal(HOP_BYTES, 'bytes', '--max-memory'))
    const counts = req.method === 'GET' ? 0 : 1
    this.inFlight += counts
    let isCharged = true
    const over = () => {
      if (!isCharged) return
      isCharged = false
      this.inFlight -= counts
      bytes.give(HOP_BYTES)
    }
    res.on('close', over)
    const elsewhere = () => {
      res.off('close', over)
      over()
      try {
        if (!res.destroyed) otherwise()
      } catch (error) {
        refuse(error)
      }
    }
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
      isNew,
      unreached: elsewhere,
      declined: isNew ? elsewhere : undefined,
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
