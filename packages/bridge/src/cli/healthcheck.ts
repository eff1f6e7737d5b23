// cli/healthcheck: asks a running bridge whether it is ready; exit code for containers.
import type { IncomingMessage } from 'node:http'
import { connectableHost } from '../config/loopback.ts'

export interface HealthcheckOptions {
  host: string
  port: number
  /** Instead of host and port. */
  url?: string
  timeoutMs: number
}

/** 0: a session can be opened; 1: not, or nobody answers. */
export async function healthcheck({
  host,
  port,
  url,
  timeoutMs,
}: HealthcheckOptions): Promise<{ code: 0 | 1; text: string }> {
  const target = url ?? `http://${connectableHost(host)}:${port}/readyz`
  try {
    const { status, body } = await ask(target, timeoutMs)
    const text = body.trim()
    return status < 400 ? { code: 0, text } : { code: 1, text: text || `status ${status}` }
  } catch (error) {
    const { code, cause = error } = error as { code?: string; cause?: unknown }
    const why = code === undefined || code === 'ABORT_ERR' ? (cause as Error).message : code
    return { code: 1, text: `no answer from ${target} (${why})` }
  }
}

/** Not with `fetch`, whose loading takes a third of the time of a check, and it runs every few seconds. */
async function ask(target: string, timeoutMs: number): Promise<{ status: number; body: string }> {
  const { get } = target.startsWith('https:') ? await import('node:https') : await import('node:http')
  const signal = AbortSignal.timeout(timeoutMs)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(target, { agent: false, signal }, resolve).on('error', reject)
  })
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) body += String(chunk)
  return { status: response.statusCode ?? 500, body }
}
