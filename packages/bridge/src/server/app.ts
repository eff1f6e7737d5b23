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
import type { SseTransport } from '../transport/sse.ts'
import { StatelessTransport } from '../transport/stateless.ts'
import type { StreamableHttpTransport } from '../transport/streamable-http.ts'
import { createRouter, type Enter, type Handler, type Methods, type RouterOptions } from './router.ts'

/** One tool at its paths. */
export interface Mount {
  paths: { mcpPath: string; ssePath: string; messagePath: string }
  maxBodyBytes: number
  /** See `RefusalPolicy`. */
  isForLiteLlm: boolean
  streamable: Pick<StreamableHttpTransport, 'post' | 'get' | 'delete'>
  stateless: Pick<StatelessTransport, 'post'>
  sse: Pick<SseTransport, 'get' | 'post'>
  /** Called before each request: a tool is started when it is first asked for. */
  begin(): void
}

export interface AppOptions extends RouterOptions {
  admission: AdmissionPolicy
  /** No two have a path in common. */
  mounts: readonly Mount[]
  events: Events
  /** Called before each request of a known caller. */
  onRequest(): void
}

/**
 * Express routes every request but the usual ones: a path in its usual spelling, by no page, needs no matching, which costs
 * on each request, and is looked up in a map.
 */
export function createApp(options: AppOptions, log: Logger): RequestListener {
  const admit = admission(options.admission)
  const forLiteLlm = options.mounts.filter(({ isForLiteLlm }) => isForLiteLlm)
  const refuse = createRefuse(
    { liteLlmPaths: forLiteLlm.map(({ paths }) => paths.mcpPath), events: options.events },
    log,
  )
  const enter = entrance(options, refuse)
  const endpoints = new Map(options.mounts.flatMap((mount) => endpointsOf(mount, refuse)))
  const router = createRouter(options, endpoints, { admit, enter, refuse })
  return (req, res) => {
    const handler = endpoints.get(pathOf(req))?.[req.method as keyof Methods]
    if (handler === undefined || (options.cors && req.headers.origin !== undefined)) return router(req, res)
    try {
      admit(req)
      enter(req, res, handler)
    } catch (error) {
      refuse(error, req, res)
    }
  }
}

/** Throws what is wrong at once; no promise is made where the caller is known at once. */
function entrance({ authenticate, onRequest }: AppOptions, refuse: Refuse): Enter {
  const handle = (req: IncomingMessage, res: ServerResponse, caller: Caller, handler: Handler) => {
    onRequest()
    handler(req, res, caller)
  }
  return (req, res, handler) => {
    const caller = authenticate(req)
    if (!(caller instanceof Promise)) return handle(req, res, caller, handler)
    caller
      .then((found) => {
        // The client may have gone meanwhile: whatever were opened for it now would never hear of that.
        if (!res.destroyed) handle(req, res, found, handler)
      })
      .catch((error: unknown) => refuse(error, req, res))
  }
}

type BodyHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  body: Message | readonly Message[],
  caller: Caller,
) => void | Promise<void>

function endpointsOf(mount: Mount, refuse: Refuse): [path: string, Methods][] {
  const { paths, streamable, stateless, sse, maxBodyBytes } = mount
  const begun =
    (handler: Handler): Handler =>
    (req, res, caller) => {
      mount.begin()
      handler(req, res, caller)
    }
  const withBody = (handler: BodyHandler): Handler =>
    begun((req, res, caller) =>
      readMessages(
        req,
        maxBodyBytes,
        caller.account.bytes,
        (body) => handler(req, res, body, caller),
        (error) => refuse(error, req, res),
      ),
    )
  const mcp: Methods = {
    POST: withBody((req, res, body, caller) =>
      StatelessTransport.takes(req, body)
        ? stateless.post(req, res, body, caller)
        : streamable.post(req, res, body, caller),
    ),
    GET: begun((req, res, caller) => streamable.get(req, res, caller)),
    DELETE: begun((req, res, caller) => streamable.delete(req, res, caller)),
  }
  // A POST to the SSE path is how newer clients ask whether it is Streamable HTTP: 405 sends them on to GET.
  const stream: Methods = { GET: begun((req, res, caller) => sse.get(req, res, caller)) }
  const message: Methods = { POST: withBody((req, res, body, caller) => sse.post(req, res, body, caller)) }
  return [
    [paths.mcpPath, mcp],
    [paths.ssePath, stream],
    [paths.messagePath, message],
  ]
}
