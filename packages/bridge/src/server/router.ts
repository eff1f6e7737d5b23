// server/router: every path in every spelling that express takes for it, and what no path has, as a list of app.use lines.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Router, type ErrorRequestHandler, type Request, type Response } from 'express'
import type { Authenticate } from '../access/authenticate.ts'
import type { Caller } from '../access/caller.ts'
import { detailsFor, type Details } from '../access/details.ts'
import type { Gate } from '../access/gate.ts'
import { BridgeError } from '../errors.ts'
import { cors } from '../http/cors.ts'
import { isSamePath, pathOf } from '../http/path.ts'
import type { Refuse } from '../http/refuse.ts'
import { METRICS_PATH, type MetricsEndpoint } from '../metrics/endpoint.ts'
import { withoutOwnOrigin } from '../status/form.ts'
import { STATUS_PATHS, type Status } from '../status/status.ts'
import { excerpt } from '../visible.ts'
import { healthz, readyz, type Health } from './health.ts'

export interface RouterOptions {
  admission: { hasTokens: boolean }
  authenticate: Authenticate
  cors: boolean
  /** The headers of `--header-env`, which a page may have to send. */
  headerEnv: readonly { header: string }[]
  /** With the reasons that may be seen. */
  readiness(details: Details): Health
  status: Pick<Status, 'handle'>
  metrics?: Pick<MetricsEndpoint, 'handle'> | undefined
  notFound(req: IncomingMessage, caller: Caller): BridgeError
}

/** What is done for a caller that is known. Throws BridgeError. */
export type Handler = (req: IncomingMessage, res: ServerResponse, caller: Caller) => void
/** The handlers of one path. */
export type Methods = Partial<Record<'GET' | 'HEAD' | 'POST' | 'DELETE', Handler>>
/** One path. */
export interface Endpoint {
  methods: Methods
  authenticate: Authenticate
  /** Whether it is there for this caller. */
  isFor(caller: Caller): boolean
}
/** Finds out who is calling, and only then calls the handler. */
export type Enter = (
  req: IncomingMessage,
  res: ServerResponse,
  authenticate: Authenticate,
  handler: Handler,
) => void

/**
 * A router, since nothing is used of what an application has besides (settings, views, its own request and response):
 * `express()` adds 1.1 MB to the bundle, 15 to 60 ms to the start and 6 MiB to the process.
 */
export function createRouter(
  { readiness, admission, authenticate, ...options }: RouterOptions,
  endpoints: ReadonlyMap<string, Endpoint>,
  { admit, enter, refuse }: { admit: Gate; enter: Enter; refuse: Refuse },
): RequestListener {
  const router = Router()
  const detailsOf = detailsFor(admission.hasTokens, admit, authenticate)
  const ready = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { status } = readiness('none')
    readyz(res, status === 'ready' ? { status } : readiness(await detailsOf(req)))
  }
  // Everybody may ask.
  router.all('/healthz', (req, res) => handlerFor({ GET: healthz, HEAD: healthz }, req, res)(res))
  router.all('/readyz', (req, res) => handlerFor({ GET: ready, HEAD: ready }, req, res)(req, res))
  router.use((req, _res, next) => {
    admit(withoutOwnOrigin(req))
    next()
  })
  if (options.cors) router.use(cors(options.headerEnv.map(({ header }) => header)))
  const serve = (
    { methods, authenticate: known, isFor }: Endpoint,
    req: IncomingMessage,
    res: ServerResponse,
  ): void =>
    enter(req, res, known, (_req, _res, caller) => {
      if (!isFor(caller)) throw options.notFound(req, caller)
      handlerFor(methods, req, res)(req, res, caller)
    })
  // As it stands first: a server that was renamed in letter case only has a path of its own until its calls are done.
  router.use((req, res, next) => {
    const endpoint = endpoints.get(pathOf(req))
    if (endpoint === undefined) next()
    else serve(endpoint, req, res)
  })
  for (const [path, endpoint] of endpoints) router.all(literal(path), (req, res) => serve(endpoint, req, res))
  // Behind the tools: whoever has given one of these paths to a tool keeps it.
  for (const path of STATUS_PATHS)
    router.all(path, (req, res, next) =>
      isSamePath(pathOf(req), path) ? options.status.handle(req, res, next) : next(),
    )
  const { metrics } = options
  if (metrics !== undefined) {
    const count = async (req: IncomingMessage, res: ServerResponse) =>
      metrics.handle(res, await detailsOf(req))
    router.all(METRICS_PATH, (req, res) => handlerFor({ GET: count, HEAD: count }, req, res)(req, res))
  }
  router.use((req, res) =>
    enter(req, res, authenticate, (_req, _res, caller) => {
      throw options.notFound(req, caller)
    }),
  )
  // Express knows an error handler by its four parameters.
  router.use(((thrown: unknown, req, res, _next) => refuse(thrown, req, res)) satisfies ErrorRequestHandler)
  // Every request is answered by now: nothing is left to an application that the bridge is mounted in.
  return (req, res) =>
    router(req as Request, res as Response, (error: unknown) => res.destroy(error as Error))
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

/** To express `+`, `!` and others are a grammar. */
function literal(path: string): string {
  return path.replaceAll(/[^\w/]/g, String.raw`\$&`)
}
