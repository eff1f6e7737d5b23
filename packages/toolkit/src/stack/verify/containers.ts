// verify/containers: every service of the stack has a container that runs and calls itself healthy.
import type { Container } from '../facts.ts'
import { bad, ok, type Finding } from '../finding.ts'
import { reasonIn } from './last-words.ts'

const CHECK = 'containers'
/** 128 and SIGKILL. */
const KILLED = 137

/**
 * @param services what `docker compose config --services` names: those of the chosen profiles
 * @param facts has the last words of what is not well, as `log-SERVICE`
 */
export function checkContainers(
  services: readonly string[],
  containers: readonly Container[],
  facts: ReadonlyMap<string, string> = new Map(),
): Finding[] {
  return services.toSorted().map((service) => {
    const all = containers.filter((each) => each.service === service)
    const worst = all.find((each) => !isWell(each)) ?? all[0]
    if (worst === undefined)
      return bad(CHECK, service, 'has no container', `docker compose up -d --wait ${service}`)
    if (isWell(worst)) return ok(CHECK, service, worst.health || worst.state)
    return unwell(worst, reasonIn(facts.get(`log-${service}`) ?? ''))
  })
}

function isWell({ state, health }: Container): boolean {
  return state === 'running' && (health === 'healthy' || health === '')
}

function unwell(container: Container, reason: string): Finding {
  const { service, state, health, exitCode, error, restarts = 0 } = container
  const up = `docker compose up -d --wait ${service}`
  const read = `read the reason: docker compose logs --tail 50 ${service}`
  const said = reason === '' ? '' : `; it said: ${reason}`
  if (state === 'restarting')
    return bad(CHECK, service, `ends again and again, last with code ${exitCode}${said}`, read)
  if (state === 'running' && restarts > 0)
    return bad(CHECK, service, `has ended ${times(restarts)}, and is ${health} again${said}`, read)
  if (state === 'running')
    return health === 'starting'
      ? bad(CHECK, service, 'is still starting', 'docker compose up -d --wait, then verify again')
      : bad(CHECK, service, `runs, but is ${health}${said}`, read)
  if (error !== undefined) return notStarted(service, error)
  if (state !== 'exited') return bad(CHECK, service, `is ${state}`, up)
  if (exitCode === KILLED)
    return bad(CHECK, service, 'was killed: Docker does not start again what is ended by hand', up)
  return bad(CHECK, service, `is stopped, ended with code ${exitCode}`, up)
}

function notStarted(service: string, error: string): Finding {
  const up = 'then: docker compose up -d --wait'
  const taken =
    /listen tcp4? ([\d.]+):(\d+): bind: address already in use|Bind for ([\d.]+):(\d+) failed/.exec(error)
  const [, address = taken?.[3], port = taken?.[4]] = taken ?? []
  if (port !== undefined)
    return bad(
      CHECK,
      service,
      `could not start: another program has port ${port} of ${address}`,
      `stop it (ss -ltnp "sport = :${port}" names it, docker ps a container), or write another LAN_PORT into .env, ${up}`,
    )
  if (error.includes('cannot assign requested address'))
    return bad(
      CHECK,
      service,
      'could not start: LAN_BIND in .env is no address of this machine',
      `write one of "ip -4 -brief addr" there, ${up}`,
    )
  return bad(CHECK, service, `could not start: ${error}`, `mend that, ${up}`)
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
