// server/app: the road of a request: is it admitted, who is calling, and which handler has its path.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Router, type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express'
import type { Authenticate } from '../access/authenticate.ts'
import type { Caller } from '../access/caller.ts'
import { detailsCheck } from '../access/details.ts'
import type { Gate } from '../access/gate.ts'
import { hostGate, type HostPolicy } from '../access/host.ts'
import { originCheck, originGate } from '../access/origin.ts'
import { BridgeError } from '../errors.ts'
import { readMessages } from '../http/body.ts'
import { cors } from '../http/cors.ts'
import { pathOf } from '../http/path.ts'
import { createRefuse } from '../http/refuse.ts'
import type { Message } from '../rpc/message.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { SseTransport } from '../transport/sse.ts'
import type { StreamableHttpTransport } from '../transport/streamable-http.ts'
import { excerpt } from '../visible.ts'
import type { Readiness } from '../tool/startup-probe.ts'
import { healthz, readyz } from './health.ts'

export interface AppOptions {
  paths: { mcpPath: string; ssePath: string; messagePath: string }
  host: HostPolicy
  allowOrigin: readonly string[]
  cors: boolean
  /** The names of `--header-env`, which a page may have to send. */
  headerEnv: readonly { header: string }[]
  authenticate: Authenticate
  maxBodyBytes: number
  compat: 'litellm' | undefined
  readiness(): Readiness | undefined
  streamable: Pick<StreamableHttpTransport, 'post' | 'get' | 'delete'>
  sse: Pick<SseTransport, 'get' | 'post'>
  /** Called before the first request that may open a session. */
  onRequest(): void
}

/** What is done for a known caller. */
type Handler = (req: IncomingMessage, res: ServerResponse, caller: Caller) => void
type BodyHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  body: Message | readonly Message[],
  caller: Caller,
) => void | Promise<void>
type Methods = Partial<Record<'GET' | 'POST' | 'DELETE', Handler>>

/**
 * The usual spelling of a path needs no matching, which costs on each request: a map has it. Express takes every other
 * spelling, every page, and every refusal of a route.
 */
export function createApp(options: AppOptions, log: Logger): RequestListener {
  const { paths, streamable, sse } = options
  const admit = admission(options)
  const refuse = createRefuse({ compat: options.compat, mcpPath: paths.mcpPath }, log)
  const withBody =
    (handler: BodyHandler): Handler =>
    (req, res, caller) =>
      readMessages(
        req,
        options.maxBodyBytes,
        caller.account.bytes,
        (body) => handler(req, res, body, caller),
        (error) => refuse(error, req, res),
      )
  const mcp: Methods = {
    POST: withBody((req, res, body, caller) => streamable.post(req, res, body, caller)),
    GET: (req, res, caller) => streamable.get(req, res, caller),
    DELETE: (req, res, caller) => streamable.delete(req, res, caller),
  }
  // A POST to the SSE path is how newer clients ask whether it is Streamable HTTP: 405 sends them on to GET.
  const stream: Methods = { GET: (req, res, caller) => sse.get(req, res, caller) }
  const message: Methods = {
    POST: withBody((req, res, body, caller) => sse.post(req, res, body, caller)),
  }

  /** Throws what is wrong at once; no promise is made where the caller is known at once. */
  const enter = (req: IncomingMessage, res: ServerResponse, handler: Handler): void => {
    const caller = options.authenticate(req)
    if (caller instanceof Promise) {
      caller
        .then((found) => {
          // The client may have gone meanwhile: what was opened for it now would never learn of that.
          if (!res.destroyed) handle(req, res, found, handler)
        })
        .catch((error: unknown) => refuse(error, req, res))
    } else handle(req, res, caller, handler)
  }
  const handle = (req: IncomingMessage, res: ServerResponse, caller: Caller, handler: Handler): void => {
    options.onRequest()
    handler(req, res, caller)
  }
  const route =
    (methods: Methods): RequestHandler =>
    (req, res) =>
      enter(req, res, (_req, _res, caller) => handlerFor(methods, req, res)(req, res, caller))

  const router = Router()
  router.all('/healthz', (req, res) => handlerFor({ GET: healthz, HEAD: healthz }, req, res)(res))
  const canSeeDetails = detailsCheck(options.host, options.authenticate)
  const ready = async (req: IncomingMessage, res: ServerResponse): Promise<void> =>
    // Everybody may ask, but a page of another site that rebinds a name gets no reason.
    readyz(res, options.readiness(), passes(admit, req) && (await canSeeDetails(req)))
  router.all('/readyz', (req, res) => handlerFor({ GET: ready, HEAD: ready }, req, res)(req, res))
  router.use((req, _res, next) => {
    admit(req)
    next()
  })
  if (options.cors) router.use(cors(options.headerEnv.map(({ header }) => header)))
  router.all(literal(paths.mcpPath), route(mcp))
  router.all(literal(paths.ssePath), route(stream))
  router.all(literal(paths.messagePath), route(message))
  router.use((req, res) => enter(req, res, () => notFound(req, paths)))
  // Express knows an error handler by its four parameters.
  router.use(((thrown: unknown, req, res, _next) => refuse(thrown, req, res)) satisfies ErrorRequestHandler)

  const usual = new Map([
    [paths.mcpPath, mcp],
    [paths.messagePath, message],
  ])
  return (req, res) => {
    const handler = usual.get(pathOf(req))?.[req.method as keyof Methods]
    if (handler === undefined || (options.cors && req.headers.origin !== undefined)) {
      return router(req as Request, res as Response, (error: unknown) => res.destroy(error as Error))
    }
    try {
      admit(req)
      enter(req, res, handler)
    } catch (error) {
      refuse(error, req, res)
    }
  }
}

/** Whether this bridge answers such a request at all. */
function admission({ host: policy, allowOrigin }: AppOptions): Gate {
  const host = hostGate(policy)
  const origin = originGate(originCheck({ ...policy, allowOrigin }))
  return (req) => {
    host?.(req)
    origin(req)
  }
}

function passes(gate: Gate, req: IncomingMessage): boolean {
  try {
    gate(req)
    return true
  } catch {
    return false
  }
}

/** To express `+`, `!` and others are a grammar. */
function literal(path: string): string {
  return path.replaceAll(/[^\w/]/g, String.raw`\$&`)
}

/** By the method as it stands. Not `router.get`, which would answer HEAD by opening a stream. */
function handlerFor<T>(methods: Partial<Record<string, T>>, req: IncomingMessage, res: ServerResponse): T {
  const handler = methods[req.method ?? '']
  if (handler !== undefined) return handler
  const allow = Object.keys(methods).join(', ')
  res.setHeader('allow', allow)
  throw new BridgeError('method_not_allowed', `${req.method} is not for ${excerpt(pathOf(req))}`, {
    hint: `allowed here: ${allow}`,
  })
}

function notFound(req: IncomingMessage, { mcpPath, ssePath }: AppOptions['paths']): never {
  throw new BridgeError('not_found', `there is nothing at ${excerpt(pathOf(req))}`, {
    hint: `Streamable HTTP is at ${mcpPath}, HTTP+SSE at ${ssePath}`,
  })
}
