// tool/sole-client: the bridge as the only client of a child that it has started to ask what it is.
import type { Child } from '../child/child.ts'
import { StartWatch } from '../child/start-watch.ts'
import { monotonicMs } from '../clock.ts'
import { BridgeError, toBridgeError } from '../errors.ts'
import { join } from '../lease/join.ts'
import { ENVELOPED } from '../lease/modern-child.ts'
import { ChildClient } from '../relay/client.ts'
import { describeChild, type ChildDescription } from '../relay/describe.ts'
import type { Call, Listener, ServerRequest } from '../relay/dispatch.ts'
import { Multiplexer } from '../relay/multiplexer.ts'
import { compose } from '../relay/intercept.ts'
import { createBridgePeer } from '../relay/peer.ts'
import { initializeAnswerOf } from '../rpc/modern.ts'
import type { Message } from '../rpc/message.ts'
import type { Logger } from '../telemetry/logger.ts'

/** Lines kept of what it printed beside its messages. */
const MAX_NOISE = 10

/** What the child asks is refused: nobody is there to answer it. */
export class SoleClient implements Listener {
  /** What it printed beside its messages, each line cut. */
  readonly noise: string[] = []
  /** Requests of the child, pings excepted. */
  serverRequests = 0
  readonly #child: Child
  readonly #client: ChildClient
  readonly #modern: ChildClient
  readonly #timeoutMs: number
  readonly #log: Logger

  /** @param timeoutMs for each response */
  constructor(child: Child, timeoutMs: number, log: Logger) {
    this.#child = child
    this.#timeoutMs = timeoutMs
    this.#log = log
    const peer = createBridgePeer()
    const multiplexer = new Multiplexer(
      child,
      new Set([peer]),
      // What may have been the response, and is not sure to have been, is for the deadline.
      { isShared: false, maxBacklogBytes: Infinity, lostMs: timeoutMs },
      log,
    )
    const way = multiplexer.dispatcherFor(peer)
    way.listen(this)
    this.#modern = new ChildClient(compose(way, [ENVELOPED]))
    this.#client = new ChildClient(way, (call) => (child.hasUnendedMessage ? unended(call) : undefined))
    join(child, multiplexer, {
      childGone: (error) => multiplexer.childGone(error),
      receiveNoise: (preview) => {
        if (this.noise.length < MAX_NOISE) this.noise.push(preview)
      },
    })
  }

  /**
   * Initialises the child and asks for its lists.
   *
   * @param capabilities what it may ask, if somebody were there
   * @throws BridgeError `child_exited`, `child_timeout`, `child_not_mcp`, with its last words and what they suggest
   */
  async describe(capabilities: object = {}): Promise<ChildDescription> {
    const watch = new StartWatch(this.#child, this.#log)
    try {
      const result = await this.#client.initialize(capabilities, this.#timeoutMs)
      watch.end()
      const startMs = monotonicMs() - this.#child.startedAt
      return await describeChild(this.#client, result, startMs, this.#timeoutMs)
    } catch (thrown) {
      throw await watch.explained(toBridgeError(thrown))
    }
  }

  /** The same for a child of 2026-07-28. Throws likewise. */
  async describeModern(): Promise<ChildDescription> {
    const result = await this.#modern.discover(this.#timeoutMs)
    const startMs = monotonicMs() - this.#child.startedAt
    return describeChild(this.#modern, initializeAnswerOf(result), startMs, this.#timeoutMs)
  }

  onNotification(): void {}

  onServerRequest(request: ServerRequest, { method }: Message): void {
    if (method === 'ping') return request.pong()
    this.serverRequests++
    request.refuse('nobody is here to answer')
  }

  onServerRequestCancelled(): void {}

  onSourceGone(): void {}
}

function unended({ method }: Call): BridgeError {
  const text = `the tool answered ${method} without a line break at its end: MCP takes one message a line`
  return new BridgeError('child_not_mcp', text)
}
