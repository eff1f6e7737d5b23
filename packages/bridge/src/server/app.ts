// server/app: the road of a request: the usual one straight, all others through express's router, as a list of app.use lines.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Router, type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express'
import type { SseTransport } from '../transport/sse.ts'
import type { StreamableHttpTransport } from '../transport/streamable-http.ts'
import { callerOf, setCaller } from '../transport/caller.ts'
import type { Account } from '../budget/budget.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import { excerpt } from '../visible.ts'
import type { Tokens } from '../access/tokens.ts'
import { readBytes } from '../http/body.ts'
import type { Gate } from '../access/gate.ts'
import { hostGate, type HostPolicy } from '../access/host.ts'
import { corsHeaders, originCheck, originGate, preflightHeaders } from '../access/origin.ts'
import { healthz, readyz, type HealthOptions } from './health.ts'
import { headerText } from '../encoding.ts'
import { refuse } from '../http/refuse.ts'
import type { Logger } from '../telemetry/logger.ts'
import { Message, readBody } from '../rpc/message.ts'

export interface AppOptions {
  paths: { mcpPath: string; ssePath: string; messagePath: string }
  host: HostPolicy
  allowOrigin: readonly string[]
  cors: boolean
  tokens: Tokens
  headerEnv: readonly { header: string; name: string }[]
  /** To whom it is charged what this client makes the bridge keep. */
  accountOf(principal: string, remoteAddress: string | undefined): Account
  /** What the operator set for a client of this name; wins over headers. */
  envOf(principal: string): Readonly<Record<string, string>>
  maxBodyBytes: number
  compat: 'litellm' | undefined
  health: HealthOptions
  streamable: StreamableHttpTransport
  sse: SseTransport
  /** Called before the first request that may open a session. */
  onRequest(): void
}

type Handler = (req: IncomingMessage, res: ServerResponse) => void
type Methods = Partial<Record<'GET' | 'HEAD' | 'POST' | 'DELETE', Handler>>
type BodyHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  body: Message | readonly Message[],
) => void | Promise<void>
type Fail = (thrown: unknown, req: IncomingMessage, res: ServerResponse) => void

/** What is left of a body that was refused is read and dropped for this long; a client that still sends is cut. */
const REFUSED_BODY_MS = 10_000

/**
 * A router, not an application: of what express adds to a request nothing is used here, and it costs on each. The usual
 * spelling of a path needs no matching either; the router takes care of all others, and of every refusal.
 */
export function createApp(options: AppOptions, log: Logger): RequestListener {
  const { paths, health, streamable, sse } = options
  const admit = admission(options)
  const identify = identification(options)
  const fail = failure(options, log)
  const withBody = (handler: BodyHandler) => bodyHandler(handler, options.maxBodyBytes, fail)
  const mcp: Methods = {
    POST: withBody((req, res, body) => streamable.post(req, res, body)),
    GET: (req, res) => streamable.get(req, res),
    DELETE: (req, res) => streamable.delete(req, res),
  }
  // A POST to the SSE path is how newer clients ask whether it is Streamable HTTP: 405 sends them on to GET.
  const stream: Methods = { GET: (req, res) => sse.get(req, res) }
  const message: Methods = { POST: withBody((req, res, body) => sse.post(req, res, body)) }

  const app = Router()
  app.all('/healthz', methods({ GET: (_req, res) => healthz(res), HEAD: (_req, res) => healthz(res) }))
  // Everybody may ask, but a page of another site that rebinds a name gets no reason, which may quote the tool.
  const canSeeDetails = (req: IncomingMessage) => passes(admit, req) && health.canSeeDetails(req)
  const ready: Handler = (req, res) => readyz(req, res, { ...health, canSeeDetails })
  app.all('/readyz', methods({ GET: ready, HEAD: ready }))
  app.use(guard(admit))
  if (options.cors) app.use(cors(options.headerEnv.map(({ header }) => header)))
  app.use(guard(identify))
  app.all(literal(paths.mcpPath), methods(mcp))
  app.all(literal(paths.ssePath), methods(stream))
  app.all(literal(paths.messagePath), methods(message))
  app.use(notFound(paths))
  // Express knows an error handler by its four parameters.
  app.use(((thrown: unknown, req, res, _next) => fail(thrown, req, res)) satisfies ErrorRequestHandler)

  const usual = new Map([
    [paths.mcpPath, mcp],
    [paths.messagePath, message],
  ])
  return (req, res) => {
    const handler = usual.get(pathOf(req))?.[req.method as keyof Methods]
    if (handler === undefined || (options.cors && req.headers.origin !== undefined)) {
      return app(req as Request, res as Response, (error: unknown) => res.destroy(error as Error))
    }
    try {
      admit(req)
      identify(req)
      handler(req, res)
    } catch (error) {
      fail(error, req, res)
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

/** Who is calling. */
function identification({ tokens, accountOf, envOf, headerEnv, onRequest }: AppOptions): Gate {
  return (req) => {
    const { principal, tokenHash } = tokens.identify(req)
    const own = envOf(principal)
    const env = headerEnv.length === 0 ? own : { ...environmentOf(req, headerEnv), ...own }
    setCaller(req, { principal, tokenHash, env, account: accountOf(principal, req.socket.remoteAddress) })
    onRequest()
  }
}

/** As it stands: to express `+`, `!` and others are a grammar. */
function literal(path: string): string {
  return path.replaceAll(/[^\w/]/g, String.raw`\$&`)
}

function guard(gate: Gate): RequestHandler {
  return (req, _res, next) => {
    gate(req)
    next()
  }
}

/** Of a request, without its query. */
function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

/** One handler per method. Not `app.get`, which would answer HEAD by opening a stream. */
function methods(handlers: Methods): RequestHandler {
  const allow = Object.keys(handlers).join(', ')
  return (req, res) => {
    const handler = handlers[req.method as keyof typeof handlers]
    if (handler !== undefined) return handler(req, res)
    res.setHeader('allow', allow)
    throw new BridgeError('method_not_allowed', `${req.method} is not for ${excerpt(pathOf(req))}`, {
      hint: `allowed here: ${allow}`,
    })
  }
}

/** `fail` takes what is thrown once the body is there, when nobody up the road can catch it any more. */
function bodyHandler(handler: BodyHandler, maxBodyBytes: number, fail: Fail): Handler {
  return (req, res) => {
    const take = (chunks: Buffer[]) => {
      let id: string | undefined
      const refused = (error: unknown) => fail(new Refusal(toBridgeError(error), id), req, res)
      try {
        const body = readBody(chunks)
        if ('reason' in body) {
          id = body.id
          throw new BridgeError(body.reason === 'not_json' ? 'parse_failed' : 'request_invalid', body.problem)
        }
        if (body instanceof Message && body.kind === 'request') id = body.id
        handler(req, res, body)?.catch(refused)
      } catch (error) {
        refused(error)
      }
    }
    const { bytes } = callerOf(req).account
    readBytes(req, maxBodyBytes, bytes, take, (error) => fail(error, req, res))
  }
}

/** A refusal that knows which request it answers. */
class Refusal extends Error {
  readonly error: BridgeError
  readonly id: string | undefined

  constructor(error: BridgeError, id: string | undefined) {
    super(error.message, { cause: error })
    this.error = error
    this.id = id
  }
}

function cors(headerEnv: readonly string[]): RequestHandler {
  return (req, res, next) => {
    const { origin } = req.headers
    if (origin === undefined) return next()
    if (req.method !== 'OPTIONS') {
      for (const [name, value] of Object.entries(corsHeaders(origin))) res.setHeader(name, value)
      return next()
    }
    res.writeHead(204, preflightHeaders(origin, headerEnv))
    res.end()
  }
}

function environmentOf(
  { headers }: IncomingMessage,
  headerEnv: AppOptions['headerEnv'],
): Record<string, string> {
  const env: Record<string, string> = {}
  for (const { header, name } of headerEnv) {
    const value = headers[header]
    if (typeof value === 'string' && value !== '') env[name] = headerText(value)
  }
  return env
}

function notFound({ mcpPath, ssePath }: AppOptions['paths']): RequestHandler {
  return (req) => {
    throw new BridgeError('not_found', `there is nothing at ${excerpt(pathOf(req))}`, {
      hint: `Streamable HTTP is at ${mcpPath}, HTTP+SSE at ${ssePath}`,
    })
  }
}

/** Answers what was thrown on the road, and throws nothing itself: nobody further up could catch it. */
function failure(options: AppOptions, log: Logger): Fail {
  return (thrown, req, res) => {
    try {
      answerFailure(options, log, thrown, req, res)
    } catch (err) {
      log.error({ err }, 'a failure could not be answered')
      res.destroy()
    }
  }
}

function answerFailure(
  { compat, paths }: AppOptions,
  log: Logger,
  thrown: unknown,
  req: IncomingMessage,
  res: ServerResponse,
): void {
  const { error, id } = thrown instanceof Refusal ? thrown : { error: toBridgeError(thrown), id: undefined }
  const fields = { method: req.method, path: excerpt(pathOf(req)), code: error.code, reason: error.message }
  if (error.code === 'internal') log.error({ ...fields, err: error.cause }, 'request failed')
  else log.info(fields, 'request refused')
  if (!req.complete) dropBody(req, res)
  // Streamable HTTP: any status but this one that refuses `initialize` hangs the MCP endpoint of LiteLLM 1.77.
  const isFatal = compat === 'litellm' && req.method === 'POST' && isSamePath(pathOf(req), paths.mcpPath)
  refuse(res, error, id, isFatal ? 404 : error.row.http)
}

/** As express sees it. */
function isSamePath(a: string, b: string): boolean {
  return a.replace(/\/$/, '').toLowerCase() === b.replace(/\/$/, '').toLowerCase()
}

/** Closing at once would reset the connection before the client has read why. */
function dropBody(req: IncomingMessage, res: ServerResponse): void {
  const isLast = !res.shouldKeepAlive
  // Of a client that asked for it, Node closes the connection as soon as the answer is written.
  res.shouldKeepAlive = true
  req.resume()
  const cut = setTimeout(() => req.destroy(), REFUSED_BODY_MS).unref()
  req.on('close', () => {
    clearTimeout(cut)
    if (isLast) req.socket.end()
  })
}
