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
].join('\n')

test('each service is well, or says what is wrong and what to do', () => {
  const services = ['litellm', 'postgres', 'fetch', 'time', 'memory']
  expect(table(checkContainers(services, parseContainers(PS)))).toBe(
    `FAILED  containers  fetch     runs, but is unhealthy
        fix: read the reason: docker compose logs --tail 50 fetch
ok      containers  litellm   healthy
FAILED  containers  memory    has no container
        fix: docker compose up -d memory
FAILED  containers  postgres  is stopped, ended with code 0
        fix: docker compose up -d postgres
FAILED  containers  time      ends again and again, last with code 2
        fix: read the reason: docker compose logs --tail 50 time

4 of 5 checks failed.`,
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
