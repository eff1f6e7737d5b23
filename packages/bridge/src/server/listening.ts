// server/listening: where a bridge can be reached, as URLs.
import type { AddressInfo } from 'node:net'
import type { Config } from '../config/config.ts'
import { connectableHost } from '../config/loopback.ts'
import { METRICS_PATH } from '../metrics/endpoint.ts'

/** Where a bridge can be reached, as seen from this machine. */
export interface Listening {
  host: string
  port: number
  /** Streamable HTTP and HTTP+SSE of its tool; with `servers` these begin with the name of one: `/NAME/mcp`. */
  mcpUrl: string
  sseUrl: string
  /** With `metrics` or `metricsPort`. */
  metricsUrl?: string
}

/** Of one tool, or an example of several. */
export function pathsOf({ servers, mcpPath, ssePath }: Config): { mcpPath: string; ssePath: string } {
  return servers === undefined ? { mcpPath, ssePath } : { mcpPath: '/NAME/mcp', ssePath: '/NAME/sse' }
}

/** @param metrics whether they are at the same port, or where they are */
export function listeningAt(config: Config, { port }: AddressInfo, metrics: boolean | string): Listening {
  const { host } = config
  const { mcpPath, ssePath } = pathsOf(config)
  const base = `http://${connectableHost(host)}:${port}`
  const listening = { host, port, mcpUrl: `${base}${mcpPath}`, sseUrl: `${base}${ssePath}` }
  if (metrics === false) return listening
  return { ...listening, metricsUrl: metrics === true ? `${base}${METRICS_PATH}` : metrics }
}
