// server/app: the road of a request: is it admitted, who is calling, and which handler has its path.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { admission, type AdmissionPolicy } from '../access/admission.ts'
import type { Caller } from '../access/caller.ts'
import { readMessages } from '../http/body.ts'
import { pathOf } from '../http/path.ts'
import { createRefuse, type Refuse } from '../http/refuse.ts'
import type { Message } from '../rpc/message.ts'
import type { Events } from '../telemetry/events.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Replica } from '../replica/replica.ts'
import { sessionIdIn, type SseTransport } from '../transport/sse.ts'
import { StatelessTransport } from '../transport/stateless.ts'
import { sessionIdOf, type StreamableHttpTransport } from '../transport/streamable-http.ts'
import { Hops, type BodyHandler } from './hops.ts'
import { CARD_PATH, type ServerCard } from './server-card.ts'
import { createRouter, type Endpoint, type Handler, type Methods, type RouterOptions } from './router.ts'
import type { Authenticate } from '../access/authenticate.ts'
import type { Gate } from '../access/gate.ts'
import { BridgeError } from '../errors.ts'
import { excerpt } from '../visible.ts'

/** One tool on each wire. */
export interface Wires {
  streamable: Pick<StreamableHttpTransport, 'post' | 'get' | 'delete'>
  stateless: Pick<StatelessTransport, 'post'>
  sse: Pick<SseTransport, 'get' | 'post'>
  card: Pick<ServerCard, 'get'>
}

/** One tool at its paths. */
export interface Mount {
  paths: { mcpPath: string; ssePath: string; messagePath: string }
  maxBodyBytes: number
  /** See `RefusalPolicy`. */
  isForLiteLlm: boolean
  headerEnv: readonly { header: string }[]
  authenticate: Authenticate
  /** Whether it is there for this caller. */
  isFor(caller: Caller): boolean
  /** Called before each request, before its body: a tool is started when it is first asked for. */
  begin(): void
  /** Who takes this request. Throws BridgeError. */
  wires(req: IncomingMessage, body?: Message | readonly Message[]): Wires
}

export interface AppOptions extends Omit<RouterOptions, 'headerEnv' | 'notFound'> {
  admission: AdmissionPolicy
  events: Events
  /** Of several: some requests are another's. */
  replica?: Replica | undefined
  /** Why there is nothing at this path, if that is known, and for this caller to know. */
  explain(path: string, caller: Caller): string | undefined
  /** Called before each request of a known caller. */
  onRequest(): void
}

/**
 * Express routes every request but the usual ones: a path in its usual spelling, by no page, needs no matching, which costs
 * on each request, and is looked up in a map.
 */
export class App {
  readonly #options: AppOptions
  readonly #admit: Gate
  readonly #log: Logger
  #mounts: readonly Mount[] = []
  #endpoints: ReadonlyMap<string, Endpoint> = new Map()
  #refuse!: Refuse
  #router!: RequestListener

  constructor(options: AppOptions, log: Logger) {
    this.#options = options
    const admit = admission(options.admission)
    const { replica } = options
    this.#admit =
      replica === undefined
        ? admit
        : (req) => {
            admit(req)
            replica.gate(req)
          }
    this.#log = log
    this.mount([])
  }

  /** What is served from now on; requests that have begun go on. No two have a path in common. */
  mount(mounts: readonly Mount[]): void {
    const { events, ...options } = this.#options
    const forLiteLlm = mounts.filter(({ isForLiteLlm }) => isForLiteLlm)
    const liteLlmPaths = forLiteLlm.map(({ paths }) => paths.mcpPath)
    const isHandedOver = (req: IncomingMessage) => options.replica?.isHandedOver(req) === true
    const refuse = createRefuse({ liteLlmPaths, isHandedOver, events }, this.#log)
    this.#mounts = mounts
    this.#refuse = refuse
    this.#endpoints = new Map(mounts.flatMap((mount) => this.#endpointsOf(mount)))
    this.#router = createRouter(
      {
        ...options,
        headerEnv: mounts.flatMap(({ headerEnv }) => headerEnv),
        notFound: (req, caller) => this.#notFound(req, caller),
      },
      this.#endpoints,
      { admit: this.#admit, enter: (...entering) => this.#enter(...entering), refuse },
    )
  }

  /** Whether there is a tool at this path. */
  has(path: string): boolean {
    return this.#endpoints.has(path)
  }

  readonly handler: RequestListener = (req, res) => {
    const endpoint = this.#endpoints.get(pathOf(req))
    const handler = endpoint?.methods[req.method as keyof Methods]
    if (handler === undefined || (this.#options.cors && req.headers.origin !== undefined))
      return this.#router(req, res)
    try {
      this.#admit(req)
      this.#enter(req, res, endpoint?.authenticate ?? this.#options.authenticate, handler)
    } catch (error) {
      this.#refuse(error, req, res)
    }
  }

  /** Throws what is wrong at once; no promise is made where the caller is known at once. */
  #enter(req: IncomingMessage, res: ServerResponse, authenticate: Authenticate, handler: Handler): void {
    const caller = authenticate(req)
    if (!(caller instanceof Promise)) return this.#handle(req, res, caller, handler)
    caller
      .then((found) => {
        // The client may have gone meanwhile: whatever were opened for it now would never hear of that.
        if (!res.destroyed) this.#handle(req, res, found, handler)
      })
      .catch((error: unknown) => this.#refuse(error, req, res))
  }

  #handle(req: IncomingMessage, res: ServerResponse, caller: Caller, handler: Handler): void {
    this.#options.onRequest()
    handler(req, res, caller)
  }

  #endpointsOf(mount: Mount): [path: string, Endpoint][] {
    const { paths, maxBodyBytes, authenticate } = mount
    const isFor = (caller: Caller) => mount.isFor(caller)
    const begun =
      (handler: Handler): Handler =>
      (req, res, caller) => {
        if (!isFor(caller)) throw this.#notFound(req, caller)
        mount.begin()
        handler(req, res, caller)
      }
    const withBody = (handler: BodyHandler): Handler =>
      begun((req, res, caller) =>
        readMessages(
          req,
          maxBodyBytes,
          caller.account.bytes,
          (body) =>
            mount.authenticate === authenticate
              ? handler(req, res, body, caller)
              : this.#again(mount, req, (now) => handler(req, res, body, now)),
          (error) => this.#refuse(error, req, res),
        ),
      )
    const { replica } = this.#options
    const hops =
      replica === undefined ? undefined : new Hops(replica, (...refused) => this.#refuse(...refused))
    const bySession = (idOf: (req: IncomingMessage) => string | undefined, handler: Handler): Handler =>
      hops?.bySession(idOf, handler) ?? handler
    const byBody = (handler: BodyHandler): BodyHandler => hops?.byBody(handler) ?? handler
    const opening = (handler: Handler): Handler => hops?.opening(handler) ?? handler
    const post: BodyHandler = (req, res, body, caller) => {
      const { stateless, streamable } = mount.wires(req, body)
      return StatelessTransport.takes(req, body)
        ? stateless.post(req, res, body, caller)
        : streamable.post(req, res, body, caller)
    }
    const mcp: Methods = {
      POST: bySession(sessionIdOf, withBody(byBody(post))),
      GET: bySession(
        sessionIdOf,
        begun((req, res, caller) => mount.wires(req).streamable.get(req, res, caller)),
      ),
      DELETE: bySession(
        sessionIdOf,
        begun((req, res, caller) => mount.wires(req).streamable.delete(req, res, caller)),
      ),
    }
    // A POST to the SSE path is how newer clients ask whether it is Streamable HTTP: 405 sends them on to GET.
    const stream: Methods = {
      GET: opening(begun((req, res, caller) => mount.wires(req).sse.get(req, res, caller))),
    }
    const message: Methods = {
      POST: bySession(
        ({ url = '' }) => sessionIdIn(url),
        withBody((req, res, body, caller) => mount.wires(req, body).sse.post(req, res, body, caller)),
      ),
    }
    const card = begun((req, res) => {
      mount
        .wires(req)
        .card.get(req, res)
        .catch((error: unknown) => this.#refuse(error, req, res))
    })
    return [
      // First: whoever has given a wire this path keeps it.
      [
        `${paths.mcpPath.replace(/\/$/, '')}${CARD_PATH}`,
        { methods: { GET: card, HEAD: card }, authenticate, isFor },
      ],
      [paths.mcpPath, { methods: mcp, authenticate, isFor }],
      [paths.ssePath, { methods: stream, authenticate, isFor }],
      [paths.messagePath, { methods: message, authenticate, isFor }],
    ]
  }

  /** Other rules are in force than those by which it was let in, before the rest of its body had come. */
  async #again(
    mount: Mount,
    req: IncomingMessage,
    handle: (caller: Caller) => void | Promise<void>,
  ): Promise<void> {
    const caller = await mount.authenticate(req)
    if (!mount.isFor(caller)) throw this.#notFound(req, caller)
    return handle(caller)
  }

  /** The same whether there is something that is not for this caller, or nothing. */
  #notFound(req: IncomingMessage, caller: Caller): BridgeError {
    const mounts = this.#mounts.filter((mount) => mount.isFor(caller))
    const path = pathOf(req)
    const why = this.#options.explain(path, caller)
    return new BridgeError('not_found', why ?? `there is nothing at ${excerpt(path)}`, {
      hint: [
        ...mounts.slice(0, MAX_NAMED).map(({ paths }) => placesOf(paths)),
        ...(mounts.length > MAX_NAMED ? [`and ${mounts.length - MAX_NAMED} more`] : []),
      ].join('; '),
    })
  }
}

/** In a hint. */
const MAX_NAMED = 20

function placesOf({ mcpPath, ssePath }: Mount['paths']): string {
  return `Streamable HTTP is at ${mcpPath}, HTTP+SSE at ${ssePath}`
}
