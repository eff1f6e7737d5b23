import { expect, test } from 'vitest'
import { diagnose, type Evidence } from './diagnosis.ts'

const tool = {
  service: 'fetch',
  alias: 'web',
  tokenVariable: 'WEB_TOKEN',
  least: ['fetch'],
  isExact: true,
  call: { tool: 'fetch', arguments: {}, contains: '' },
}
const running = [{ service: 'fetch', state: 'running', health: 'healthy', exitCode: 0 }]
const evidence = (more: Partial<Evidence>): Evidence => ({
  containers: running,
  reached: [],
  prefixes: new Set(['db']),
  known: new Set(['db', 'web']),
  ...more,
})
const answered = (status: number, reason = '') => ({
  reached: [{ alias: 'web', url: 'http://fetch:8000/sse', status, reason }],
})

test.for<[string, Partial<Evidence>, string, string]>([
  [
    'a stopped container',
    { containers: [{ ...running[0]!, state: 'exited' }] },
    'the container fetch is exited',
    'docker compose up -d fetch',
  ],
  ['no container', { containers: [] }, 'the container fetch is missing', 'docker compose up -d fetch'],
  [
    'a mistyped alias',
    { prefixes: new Set(['db', 'wbe']) },
    'no server with the alias "web", but one called "wbe"',
    '"alias: web"',
  ],
  ['no entry at all', {}, 'no server with the alias "web"', 'config/litellm.yaml'],
  ['a wrong token', answered(401), 'refuses the token', 'WEB_TOKEN in .env'],
  ['a wrong path', answered(404), 'is no address of a bridge', '/sse'],
  [
    'a wrong host',
    answered(0, 'Name or service not known'),
    'Name or service not known',
    'the name of the service, fetch',
  ],
  ['a bridge whose tool is down', answered(503, 'not ready'), 'HTTP 503: not ready', 'docker compose logs'],
  ['a filter', answered(200), 'a filter hides them', 'docker compose logs'],
  [
    'nothing known',
    { containers: undefined, reached: undefined },
    'no tool is listed',
    'docker compose logs',
  ],
])('%s', ([, more, detail, fix]) => {
  const found = diagnose(tool, evidence(more))
  expect(found.detail).toContain(detail)
  expect(found.fix).toContain(fix)
})
