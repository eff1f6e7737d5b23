// cli/healthcheck: asks a running bridge whether it is ready; exit code for containers.
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
    const response = await fetch(target, { signal: AbortSignal.timeout(timeoutMs) })
    const text = (await response.text()).trim()
    return response.ok ? { code: 0, text } : { code: 1, text: text || `status ${response.status}` }
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } }
    return { code: 1, text: `no answer from ${target} (${cause?.code ?? (error as Error).message})` }
  }
}
