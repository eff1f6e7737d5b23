// render/service: a tool as a Compose service. The same limits hold wherever the service is written down.
import type { Recipe } from '../recipe/schema.ts'

export type Service = Record<string, unknown>

export interface ServiceParts {
  /** Where the image comes from: `image`, and what Compose needs to build or name it. */
  source: Service & { image: string }
  /** What differs from place to place: networks, environment, secrets, volumes. */
  settings: Service
  healthcheck: Service
}

/** A service that may do what the tool needs, and nothing else. */
export function toolService(recipe: Recipe, { source, settings, healthcheck }: ServiceParts): Service {
  return {
    ...source,
    ...hardening(recipe),
    ...settings,
    healthcheck,
    stop_grace_period: '15s',
    restart: 'unless-stopped',
    logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
  }
}

/** What no container of a tool may do, and how much it may take. `/tmp` is its home too; what it holds counts as memory. */
export function hardening({ resources }: Recipe): Service {
  return {
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    tmpfs: ['/tmp:mode=1777,size=256m'],
    mem_limit: resources.memory,
    cpus: resources.cpus,
    pids_limit: resources.pids,
  }
}

/** A tool may take two minutes to start; meanwhile Docker asks more often. */
export function healthcheck(
  test: readonly string[],
  { interval, startInterval }: { interval: string; startInterval: string },
): Service {
  return {
    test,
    interval,
    timeout: '10s',
    start_period: '120s',
    start_interval: startInterval,
    retries: 3,
  }
}
