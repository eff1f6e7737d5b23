// server/metrics-listener: a port for /metrics alone, open until there is nothing left to count.
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { admission } from '../access/admission.ts'
import type { Authenticate } from '../access/authenticate.ts'
import { detailsFor } from '../access/details.ts'
import type { Config } from '../config/config.ts'
import { connectableHost, isLoopback } from '../config/loopback.ts'
import { BridgeError } from '../errors.ts'
import { isSamePath, pathOf } from '../http/path.ts'
import { createRefuse } from '../http/refuse.ts'
import { METRICS_PATH, type MetricsEndpoint } from '../metrics/endpoint.ts'
import type { Events } from '../telemetry/events.ts'
import type { Logger } from '../telemetry/logger.ts'
import { excerpt } from '../visible.ts'
import { addressOf, closeListener, openListener } from './listener.ts'

export interface MetricsListenerOptions {
  endpoint: Pick<MetricsEndpoint, 'handle'>
  authenticate: Authenticate
  hasTokens: boolean
  events: Events
}

/** Nobody has to read a long answer here. */
const CLOSE_GRACE_MS = 500
const NO_BODY_BYTES = 0
const FLAGS = { host: '--metrics-host', port: '--metrics-port' }

type Options = Pick<
  Config,
  'metrics' | 'metricsHost' | 'metricsPort' | 'allowHost' | 'allowOrigin' | 'insecure'
>

export function isMeasured({ metrics, metricsPort }: Options): boolean {
  return metrics || metricsPort !== undefined
}

/** Undefined where the metrics are at the port of the tools. */
export function metricsListenerOf(
  config: Options,
  options: MetricsListenerOptions,
  log: Logger,
): MetricsListener | undefined {
  const { metricsPort: port, metricsHost: host = '127.0.0.1' } = config
  return port === undefined ? undefined : new MetricsListener({ host, port }, config, options, log)
}

export class MetricsListener {
  readonly #where: { host: string; port: number }
  readonly #handler: RequestListener
  readonly #hasTokens: boolean
  readonly #log: Logger
  #server: Server | undefined

  constructor(
    where: { host: string; port: number },
    config: Options,
    options: MetricsListenerOptions,
    log: Logger,
  ) {
    this.#where = where
    this.#handler = handlerFor(where.host, config, options, log)
    this.#hasTokens = options.hasTokens
    this.#log = log
  }

  /**
   * @returns the URL of the metrics, as seen from this machine
   * @throws BridgeError `listen_failed`
   */
  async open(): Promise<string> {
    const { host } = this.#where
    const options = { ...this.#where, maxBodyBytes: NO_BODY_BYTES, flags: FLAGS }
    this.#server = await openListener(this.#handler, options, this.#log)
    const { address, port } = addressOf(this.#server)
    this.#log.info({ host: address, port, path: METRICS_PATH }, 'metrics listening')
    if (!this.#hasTokens && !isLoopback(host))
      this.#log.warn(
        { host: address, port, exposed: EXPOSED },
        'whoever reaches this address reads the metrics',
      )
    return `http://${connectableHost(host)}:${port}${METRICS_PATH}`
  }

  async close(): Promise<void> {
    if (this.#server !== undefined) await closeListener(this.#server, CLOSE_GRACE_MS)
  }
}

const EXPOSED =
  'names of servers, tools and prompts, how often each is called and fails, sessions, processes and their memory'

/** Without tokens whoever reaches it: the operator has chosen the address. With tokens as on the port of the tools. */
function handlerFor(
  host: string,
  { allowHost, allowOrigin, insecure }: Options,
  { endpoint, authenticate, hasTokens, events }: MetricsListenerOptions,
  log: Logger,
): RequestListener {
  const admit = admission({ host, allowHost, allowOrigin, insecure, hasTokens })
  const detailsOf = detailsFor(hasTokens, admit, authenticate)
  const refuse = createRefuse({ liteLlmPaths: [], events }, log)
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    try {
      admit(req)
      const path = pathOf(req)
      if (!isSamePath(path, METRICS_PATH))
        throw new BridgeError('not_found', `there is nothing at ${excerpt(path)}`, {
          hint: `this port has ${METRICS_PATH} alone; the tools are at the other`,
        })
      if (req.method !== 'GET' && req.method !== 'HEAD') {
        res.setHeader('allow', 'GET, HEAD')
        throw new BridgeError('method_not_allowed', `${req.method} is not for ${METRICS_PATH}`, {
          hint: 'allowed here: GET, HEAD',
        })
      }
      await endpoint.handle(res, hasTokens ? await detailsOf(req) : 'all')
    } catch (error) {
      refuse(error, req, res)
    }
  }
  return (req, res) => void answer(req, res)
}
