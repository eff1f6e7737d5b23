// status/status: `GET /` and `GET /status`: how the bridge is, as a page or as JSON, for whoever may see what.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller } from '../access/caller.ts'
import { monotonicMs } from '../clock.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import { ownUrlOf } from '../http/own-url.ts'
import { pathOf } from '../http/path.ts'
import { sendTagged } from '../http/tagged.ts'
import type { Events } from '../telemetry/events.ts'
import type { ToolLook } from '../tool/look.ts'
import type { Readiness } from '../tool/startup-probe.ts'
import { visibleJson } from '../visible.ts'
import { StatusCookies } from './cookies.ts'
import { isForm, readForm, withToken } from './form.ts'
import { formPage, PAGE_HEADERS, statusPage } from './page.ts'
import { viewFor, type StatusTool } from './view.ts'
import { viewerOf, type Viewer, type ViewerOptions } from './viewer.ts'

export interface StatusOptions extends Omit<ViewerOptions, 'cookies'> {
  /** As they are now. */
  tools(): Iterable<StatusTool>
  /** Why none of them can be used, whatever is right with each. */
  problem(): Readiness | undefined
  isInForce(caller: Caller): boolean
  events: Events
}

type Looked = readonly { tool: StatusTool; look: ToolLook }[]

export const STATUS_PATHS = ['/', '/status'] as const

/** However many look, the processes are looked at once in this time. */
const LOOK_MS = 1000
const NO_STORE = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
/** What somebody sees depends on who it is. */
const SEEN = { ...NO_STORE, vary: 'Accept, Authorization, Cookie, X-API-Key' }

export class Status {
  readonly #options: StatusOptions
  readonly #cookies: StatusCookies
  #looked: Promise<Looked> | undefined
  #lookedAt = -Infinity

  constructor(options: StatusOptions) {
    this.#options = options
    this.#cookies = new StatusCookies((caller) => options.isInForce(caller))
  }

  /**
   * Answers one request, or calls `next` for what is meant for somebody else: MCP clients try the root, too.
   *
   * @throws BridgeError `unauthorized`, …
   */
  async handle(req: IncomingMessage, res: ServerResponse, next: () => void): Promise<void> {
    if (isForm(req)) return this.#takeForm(req, res)
    if ((req.method !== 'GET' && req.method !== 'HEAD') || asksForStream(req)) return next()
    const viewer = await viewerOf(req, { ...this.#options, cookies: this.#cookies })
    if (res.destroyed) return
    if (viewer !== undefined) return this.#show(req, res, viewer)
    if (!asksForPage(req)) throw new BridgeError('unauthorized', 'a token is needed')
    this.#refused(req, new BridgeError('unauthorized', 'a token is needed'))
    this.#page(req, res, 401, formPage(undefined))
  }

  async #show(req: IncomingMessage, res: ServerResponse, viewer: Viewer): Promise<void> {
    const view = viewFor(viewer, await this.#look(), this.#options.problem())
    if (res.destroyed) return
    if (!asksForPage(req)) {
      const headers = { 'content-type': 'application/json; charset=utf-8' }
      return sendTagged(req, res, 200, visibleJson(`${JSON.stringify(view)}\n`), { ...SEEN, ...headers })
    }
    const { hasTokens } = this.#options
    const isByCookie = viewer.sees === 'own' && req.headers.authorization === undefined
    this.#page(req, res, 200, statusPage(view, { address: ownUrlOf(req), hasTokens, canLeave: isByCookie }))
  }

  /** Costs a guess what it costs everywhere; whoever has guessed right is sent back to the page. */
  async #takeForm(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const form = await readForm(req)
    let cookie: string
    try {
      cookie = form.has('leave')
        ? this.#cookies.takeBack(req)
        : this.#cookies.give(await this.#options.authenticate(withToken(req, form.get('token') ?? '')))
    } catch (thrown) {
      const error = toBridgeError(thrown)
      if (error.code !== 'unauthorized') throw error
      this.#refused(req, error)
      return this.#page(req, res, 401, formPage(error.message))
    }
    // By its last part, as seen from the browser: it knows where the bridge is mounted, and behind which proxy.
    const { originalUrl = req.url ?? '/' } = req as { originalUrl?: string }
    const [path = '/'] = originalUrl.split('?')
    res.writeHead(303, { ...NO_STORE, 'set-cookie': cookie, location: `./${path.split('/').at(-1) ?? ''}` })
    res.end()
  }

  #page(req: IncomingMessage, res: ServerResponse, status: number, page: string): void {
    // It asks for itself every few seconds.
    sendTagged(req, res, status, page, {
      ...SEEN,
      ...PAGE_HEADERS,
      ...(status === 401 && { 'www-authenticate': 'Bearer realm="mcp-bridge"' }),
    })
  }

  #refused(req: IncomingMessage, { code, message: reason }: BridgeError): void {
    const { remoteAddress: address } = req.socket
    this.#options.events.refused({ method: req.method, path: pathOf(req), address, code, reason })
  }

  #look(): Promise<Looked> {
    const now = monotonicMs()
    if (this.#looked === undefined || now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now
      this.#looked = Promise.all(
        [...this.#options.tools()].map(async (tool) => ({ tool, look: await tool.look() })),
      )
      this.#looked.catch(() => {
        this.#looked = undefined
      })
    }
    return this.#looked
  }
}

function asksForPage({ headers }: IncomingMessage): boolean {
  return /\btext\/html\b/i.test(headers.accept ?? '')
}

function asksForStream(req: IncomingMessage): boolean {
  return /\btext\/event-stream\b/i.test(req.headers.accept ?? '') && !asksForPage(req)
}
