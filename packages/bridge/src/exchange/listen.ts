// exchange/listen: what a modern client wants to hear of: a stream for each request, and one subscription at the child for all.
import type { Part } from '../budget/budget.ts'
import { BridgeError } from '../errors.ts'
import type { ResponseWriter } from '../http/response.ts'
import type { ReplyStream } from '../relay/dispatch.ts'
import { listOf, recordOf, textOf, type Members } from '../rpc/content.ts'
import { parseExact } from '../rpc/exact.ts'
import { Message } from '../rpc/message.ts'
import { resultFor } from '../rpc/modern.ts'
import { SUBSCRIPTION_KEY } from '../rpc/revisions.ts'
import { SessionStream, type StreamHost } from '../session/stream.ts'

export interface ListenOptions {
  maxBufferBytes: number
  serverInfo: Members
  /** Capabilities of the child: what it never tells is not promised. */
  offered: Members
}

/** What is kept of one, and of each resource besides its URI. */
const LISTEN_BYTES = 2048
const URI_BYTES = 256
const MAX_URIS = 1000
const MAX_URI = 8192

/** The lists whose changes can be heard of, by the notification. */
const LISTS = {
  'notifications/tools/list_changed': { wish: 'toolsListChanged', capability: 'tools' },
  'notifications/prompts/list_changed': { wish: 'promptsListChanged', capability: 'prompts' },
  'notifications/resources/list_changed': { wish: 'resourcesListChanged', capability: 'resources' },
} as const

/** @see https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions */
export class Listen implements StreamHost {
  readonly events = undefined
  readonly primes = false
  readonly maxBufferBytes: number
  /** The resources it asks for, and that the child lets it subscribe to. */
  readonly uris: readonly string[]
  onEnd: (() => void) | undefined
  /** JSON text (latin1). */
  readonly #id: string
  readonly #serverInfo: Members
  readonly #stream: SessionStream
  readonly #lists: ReadonlySet<string>
  readonly #granted = new Set<string>()
  #isAcknowledged = false

  /** @throws BridgeError `params_invalid` */
  constructor(id: string, params: Members, { maxBufferBytes, serverInfo, offered }: ListenOptions) {
    const wishes = params['notifications']
    if (typeof wishes !== 'object' || wishes === null) throw invalid('params.notifications is an object')
    const { resourceSubscriptions = [] } = recordOf(wishes)
    if (!Array.isArray(resourceSubscriptions) || !listOf(resourceSubscriptions).every(isUri))
      throw invalid('params.notifications.resourceSubscriptions is a list of URIs')
    if (resourceSubscriptions.length > MAX_URIS) throw invalid(`over ${MAX_URIS} resources in one request`)
    this.#id = id
    this.#serverInfo = serverInfo
    this.maxBufferBytes = maxBufferBytes
    const canSubscribe = recordOf(offered['resources'])['subscribe'] === true
    this.uris = canSubscribe ? [...new Set(resourceSubscriptions.map(String))] : []
    this.#lists = new Set(
      Object.entries(LISTS)
        .filter(([, { wish, capability }]) => {
          return recordOf(wishes)[wish] === true && recordOf(offered[capability])['listChanged'] === true
        })
        .map(([method]) => method),
    )
    this.#stream = new SessionStream(this, { id: 0, awaited: 1 })
  }

  get unreadBytes(): number {
    return this.#stream.unreadBytes
  }

  /** What is kept while it stands. */
  get cost(): number {
    return this.uris.reduce((sum, uri) => sum + uri.length + URI_BYTES, LISTEN_BYTES)
  }

  cut(): void {
    this.#stream.cut()
  }

  open(writer: ResponseWriter): void {
    this.#stream.attachStream(writer)
  }

  /** Says what will be told: the first message. What nothing can come of ends with that. */
  acknowledge(uris: readonly string[]): void {
    for (const uri of uris) this.#granted.add(uri)
    const wishes = [...this.#lists].map((method) => [LISTS[method as keyof typeof LISTS].wish, true])
    const notifications = {
      ...Object.fromEntries(wishes),
      ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}),
    }
    this.#isAcknowledged = true
    this.#tell('notifications/subscriptions/acknowledged', { notifications })
    if (wishes.length + uris.length === 0) this.end()
  }

  hear(method: string, params: Members): void {
    if (!this.#isAcknowledged) return
    const isWanted =
      method === 'notifications/resources/updated'
        ? this.#granted.has(textOf(params['uri'], ''))
        : this.#lists.has(method)
    if (isWanted) this.#tell(method, params)
  }

  /** Ends it in order. */
  end(): void {
    this.#stream.onResponse(resultFor(this.#id, { resultType: 'complete' }, this.#serverInfo, this.#mark()))
  }

  streamOverfull(stream: SessionStream): void {
    stream.cut()
  }

  streamFailed(stream: SessionStream): void {
    stream.cut()
  }

  streamDetached(): void {
    this.onEnd?.()
  }

  streamFinished(): void {
    this.onEnd?.()
  }

  #tell(method: string, params: Members): void {
    const _meta = { ...recordOf(params['_meta']), ...this.#mark() }
    this.#stream.onMessage(Message.from({ jsonrpc: '2.0', method, params: { ...params, _meta } }))
  }

  #mark(): Members {
    return { [SUBSCRIPTION_KEY]: parseExact(Buffer.from(this.#id, 'latin1').toString('utf8')) }
  }
}

function invalid(problem: string): BridgeError {
  return new BridgeError('params_invalid', problem)
}

function isUri(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_URI
}

export interface ListensHost {
  /** Each is charged to this. */
  readonly bytes: Part
  /** Asks the child, which may refuse. */
  ask(method: 'resources/subscribe' | 'resources/unsubscribe', uri: string): Promise<unknown>
}

/** All of one client. */
export class Listens {
  readonly #host: ListensHost
  readonly #all = new Set<Listen>()
  /** By resource: who wants it, and whether the child has agreed. */
  readonly #subscribers = new Map<string, { listens: Set<Listen>; granted: Promise<boolean> }>()
  /** Takes what belongs to no request: a client without a session hears of it where it listens. */
  readonly standalone: ReplyStream = {
    canReceive: false,
    isStandalone: true,
    onResponse: () => {},
    onMessage: (message) => this.hear(message),
  }

  constructor(host: ListensHost) {
    this.#host = host
  }

  get size(): number {
    return this.#all.size
  }

  get unreadBytes(): number {
    let bytes = 0
    for (const { unreadBytes } of this.#all) bytes += unreadBytes
    return bytes
  }

  cutUnread(): void {
    for (const listen of this.#all) if (listen.unreadBytes > 0) listen.cut()
  }

  /** @throws BridgeError `memory_limit_reached` */
  async open(listen: Listen, writer: ResponseWriter): Promise<void> {
    const { bytes } = this.#host
    if (!bytes.take(listen.cost))
      throw new BridgeError('memory_limit_reached', bytes.refusal(listen.cost, 'bytes', '--max-memory'))
    this.#all.add(listen)
    listen.onEnd = () => this.#leave(listen)
    listen.open(writer)
    // Its client may have gone before the tool was up.
    if (!this.#all.has(listen)) return
    const granted = await Promise.all(listen.uris.map((uri) => this.#subscribe(uri, listen)))
    if (this.#all.has(listen)) listen.acknowledge(listen.uris.filter((_, index) => granted[index]))
  }

  /** One notification of the child. */
  hear(message: Message): void {
    const { method } = message
    if (this.#all.size === 0 || !(method in LISTS || method === 'notifications/resources/updated')) return
    const params = recordOf(recordOf(message.exactJson())['params'])
    for (const listen of this.#all) listen.hear(method, params)
  }

  close(): void {
    for (const listen of this.#all) listen.end()
  }

  #subscribe(uri: string, listen: Listen): Promise<boolean> {
    const known = this.#subscribers.get(uri)
    const granted =
      known?.granted ??
      this.#host.ask('resources/subscribe', uri).then(
        () => true,
        () => false,
      )
    const listens = known?.listens ?? new Set()
    this.#subscribers.set(uri, { listens: listens.add(listen), granted })
    return granted
  }

  #leave(listen: Listen): void {
    if (!this.#all.delete(listen)) return
    this.#host.bytes.give(listen.cost)
    for (const uri of listen.uris) {
      const subscribed = this.#subscribers.get(uri)
      if (subscribed?.listens.delete(listen) !== true || subscribed.listens.size > 0) continue
      this.#subscribers.delete(uri)
      // What the bridge gave up on, the child may still have agreed to.
      this.#host.ask('resources/unsubscribe', uri).catch(() => {})
    }
  }
}
