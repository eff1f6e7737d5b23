// verify/containers: every service of the stack has a container that runs and calls itself healthy.
import type { Container } from '../facts.ts'
import { bad, ok, type Finding } from '../finding.ts'

const CHECK = 'containers'

/** @param services what `docker compose config --services` names: those of the chosen profiles */
export function checkContainers(services: readonly string[], containers: readonly Container[]): Finding[] {
  return services.toSorted().map((service) => {
    const all = containers.filter((each) => each.service === service)
    const worst = all.find((each) => !isWell(each)) ?? all[0]
    if (worst === undefined) return bad(CHECK, service, 'has no container', `docker compose up -d ${service}`)
    return isWell(worst) ? ok(CHECK, service, worst.health || worst.state) : unwell(worst)
  })
}

function isWell({ state, health }: Container): boolean {
  return state === 'running' && (health === 'healthy' || health === '')
}

function unwell({ service, state, health, exitCode }: Container): Finding {
  if (state === 'running')
    return bad(
      CHECK,
      service,
      health === 'starting' ? 'is still starting' : `runs, but is ${health}`,
      health === 'starting'
        ? 'docker compose up -d --wait, then verify again'
        : `read the reason: docker compose logs --tail 50 ${service}`,
    )
  if (state === 'restarting')
    return bad(
      CHECK,
      service,
      `ends again and again, last with code ${exitCode}`,
      `read the reason: docker compose logs --tail 50 ${service}`,
    )
  return bad(
    CHECK,
    service,
    state === 'exited' ? `is stopped, ended with code ${exitCode}` : `is ${state}`,
    `docker compose up -d ${service}`,
  )
}
