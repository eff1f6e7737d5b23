// metrics/endpoint: `GET /metrics`, for whoever may know why a tool is down.
import type { ServerResponse } from 'node:http'
import type { Details } from '../access/details.ts'
import type { Budget } from '../budget/budget.ts'
import { BridgeError } from '../errors.ts'
import type { ToolLook } from '../tool/look.ts'
import { ChildNumbers } from './children.ts'
import type { Metrics } from './metrics.ts'
import type { Moment } from './prometheus.ts'

export interface MeasuredServer {
  readonly name: string
  isFor(principal: string): boolean
  look(): Promise<ToolLook>
}

export interface MetricsEndpointOptions {
  hasTokens: boolean
  servers(): Iterable<MeasuredServer>
  budget: Pick<Budget, 'waiting' | 'bytes'>
  /** What keeps all of them from serving: the end of the bridge, a faulty file of tokens. */
  problem(): object | undefined
  audit(): Moment['audit']
}

export const METRICS_PATH = '/metrics'

export class MetricsEndpoint {
  readonly #metrics: Metrics
  readonly #options: MetricsEndpointOptions
  /** By server. */
  readonly #numbers = new Map<string, ChildNumbers>()

  constructor(metrics: Metrics, options: MetricsEndpointOptions) {
    this.#metrics = metrics
    this.#options = options
  }

  /** @throws BridgeError `unauthorized`, `not_found` where no token can help */
  async handle(res: ServerResponse, details: Details): Promise<void> {
    const { hasTokens, servers } = this.#options
    if (details === 'none' && hasTokens) throw new BridgeError('unauthorized', 'a token is needed')
    if (details === 'none')
      throw new BridgeError('not_found', 'the metrics are for this machine alone', {
        hint: 'with --token-file they are for whoever has a token',
      })
    const { prometheusText } = await import('./prometheus.ts')
    const seen = [...servers()].filter((each) => details === 'all' || each.isFor(details.principal))
    const text = await prometheusText(this.#metrics, {
      servers: await Promise.all(seen.map((server) => this.#look(server))),
      waiting: this.#options.budget.waiting,
      bytes: this.#options.budget.bytes,
      audit: this.#options.audit(),
    })
    if (res.destroyed) return
    res.writeHead(200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-length': Buffer.byteLength(text),
    })
    res.end(text)
  }

  async #look({ name, look }: MeasuredServer) {
    const { state, processes, changes } = await look()
    const numbers = this.#numbers.get(name) ?? new ChildNumbers()
    this.#numbers.set(name, numbers)
    const byPid = numbers.of(processes.map(({ pid }) => pid))
    return {
      name,
      changes,
      isReady: (state === 'ready' || state === 'idle') && this.#options.problem() === undefined,
      processes: processes.map((each) => ({ ...each, number: byPid.get(each.pid) ?? 0 })),
    }
  }
}
