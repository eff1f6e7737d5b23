import { expect, test } from 'vitest'
import { parseContainers, parseFacts, parseReached } from '../facts.ts'
import { table } from '../finding.ts'
import { checkContainers } from './containers.ts'

const PS = [
  'time="2026-01-01" level=warning msg="something"',
  '{"Service":"litellm","State":"running","Health":"healthy","ExitCode":0}',
  '{"Service":"postgres","State":"exited","Health":"","ExitCode":0}',
  '{"Service":"fetch","State":"running","Health":"unhealthy","ExitCode":0}',
  '{"Service":"time","State":"restarting","Health":"","ExitCode":2}',
  '{"Service":"git","State":"running","Health":"starting","ExitCode":0,"Error":"","Restarts":3}',
  '{"Service":"killed","State":"exited","Health":"unhealthy","ExitCode":137}',
  '{"Service":"caddy","State":"created","Health":"starting","ExitCode":128,"Error":"driver failed programming external connectivity on endpoint x: Bind for 192.0.2.5:8443 failed: port is already allocated"}',
].join('\n')

test('each service is well, or says what is wrong and what to do', () => {
  const services = ['litellm', 'postgres', 'fetch', 'time', 'memory', 'git', 'killed', 'caddy']
  const facts = new Map([['log-time', 'a\nError: no such zone\n    at x (y.js:1)\n{']])
  expect(table(checkContainers(services, parseContainers(PS), facts))).toBe(
    `FAILED  containers  caddy     could not start: another program has port 8443 of 192.0.2.5
        fix: stop it (ss -ltnp "sport = :8443" names it, docker ps a container), or write another LAN_PORT into .env, then: docker compose up -d --wait
FAILED  containers  fetch     runs, but is unhealthy
        fix: read the reason: docker compose logs --tail 50 fetch
FAILED  containers  git       has ended 3 times, and is starting again
        fix: read the reason: docker compose logs --tail 50 git
FAILED  containers  killed    was killed: Docker does not start again what is ended by hand
        fix: docker compose up -d --wait killed
ok      containers  litellm   healthy
FAILED  containers  memory    has no container
        fix: docker compose up -d --wait memory
FAILED  containers  postgres  is stopped, ended with code 0
        fix: docker compose up -d --wait postgres
FAILED  containers  time      ends again and again, last with code 2; it said: Error: no such zone
        fix: read the reason: docker compose logs --tail 50 time

7 of 8 checks failed.`,
  )
})

test('older versions of Compose print one array', () => {
  expect(parseContainers('[{"Service":"a","State":"running"}]')).toEqual([
    { service: 'a', state: 'running', health: '', exitCode: 0 },
  ])
})

test('what the shell hands over', () => {
  const facts = parseFacts(
    '### services\na\nb\n### reached\n{"alias":"a","url":"u","status":401,"reason":"r"}\noops\n### write\n',
  )
  expect([...facts.keys()]).toEqual(['services', 'reached', 'write'])
  expect(facts.get('services')).toBe('a\nb\n')
  expect(parseReached(facts.get('reached') ?? '')).toEqual([
    { alias: 'a', url: 'u', status: 401, reason: 'r' },
  ])
})
