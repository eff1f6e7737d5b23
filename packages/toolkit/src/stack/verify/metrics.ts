// verify/metrics: Prometheus hears of the calls that were made here, where the stack has one.
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../errors.ts'
import { PROMETHEUS, type ToolNames } from '../compose-config.ts'
import { bad, ok, placed, type Finding, type Placed } from '../finding.ts'

const CHECK = 'metrics'
const CALLS =
  'sum by (instance) (mcp_server_operation_duration_seconds_count{job="mcp-bridge",mcp_method_name="tools/call"})'
/** It asks each bridge every 15 seconds. */
const PATIENCE_MS = 45_000
const PAUSE_MS = 1000

/** How many calls of each service it has counted. */
export type Counted = ReadonlyMap<string, number>

export class Prometheus {
  readonly #url: string

  constructor(url = `http://${PROMETHEUS}:9090`) {
    this.#url = url
  }

  /** @throws Error if it does not answer */
  async calls(): Promise<Counted> {
    const { result } = (await this.#ask(`query?query=${encodeURIComponent(CALLS)}`)) as {
      result: { metric: { instance?: string }; value: [number, string] }[]
    }
    return new Map(result.map(({ metric, value }) => [metric.instance ?? '', Number(value[1])]))
  }

  /** Why it cannot read the metrics of a service; empty if it can, undefined if it does not know of it. */
  async trouble(service: string): Promise<string | undefined> {
    const { activeTargets } = (await this.#ask('targets?state=active')) as {
      activeTargets: { labels: { instance?: string }; lastError: string }[]
    }
    return activeTargets.find(({ labels }) => labels.instance === service)?.lastError
  }

  async #ask(path: string): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${path}`, { signal: AbortSignal.timeout(PATIENCE_MS) })
    const { data, error } = (await response.json()) as { data?: unknown; error?: string }
    if (data === undefined) throw new Error(error ?? `HTTP ${response.status}`)
    return data
  }
}

/** Before the calls are made: what was counted by then, or why that is not known. */
export function countedSoFar(prometheus: Prometheus): Promise<Counted | string> {
  return prometheus.calls().catch(messageOf)
}

/** @param called those of which something was called since `before` */
export async function checkMetrics(
  prometheus: Prometheus,
  called: readonly ToolNames[],
  before: Counted | string,
): Promise<Placed[]> {
  if (typeof before === 'string') return [unanswered(before)]
  const deadline = Date.now() + PATIENCE_MS
  let now = before
  const isHeard = ({ service }: ToolNames) => now.get(service) !== before.get(service)
  while (!called.every(isHeard) && Date.now() < deadline) {
    await sleep(PAUSE_MS)
    const counted = await countedSoFar(prometheus)
    if (typeof counted === 'string') return [unanswered(counted)]
    now = counted
  }
  const findings: Placed[] = []
  for (const tool of called) {
    const { service } = tool
    const finding = isHeard(tool)
      ? ok(CHECK, service, `${now.get(service)} calls counted`)
      : await unheard(prometheus, service)
    findings.push(...placed([finding], { needs: [service, PROMETHEUS] }))
  }
  return findings
}

function unanswered(why: string): Placed {
  const fix = `docker compose up -d --wait ${PROMETHEUS}`
  return { ...bad(CHECK, PROMETHEUS, `does not answer: ${why}`, fix), needs: [PROMETHEUS] }
}

async function unheard(prometheus: Prometheus, service: string): Promise<Finding> {
  const trouble = await prometheus.trouble(service)
  if (trouble === '')
    return bad(CHECK, service, 'its calls are not counted', `docker compose logs --tail 50 ${service}`)
  // It knows what it was started with.
  const anew = `docker compose up -d --wait --force-recreate ${PROMETHEUS}`
  if (trouble === undefined)
    return bad(
      CHECK,
      service,
      'Prometheus does not know of it',
      `it knows what COMPOSE_PROFILES in .env names, and what ./tools add or update wrote, then: ${anew}`,
    )
  return bad(
    CHECK,
    service,
    `Prometheus cannot read its metrics: ${trouble}`,
    `if its image is older than its metrics, ./build; if its token is another, ./setup; then: ${anew}`,
  )
}
