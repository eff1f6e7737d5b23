import { expect, test } from 'vitest'
import { fileURLToPath } from 'node:url'
import { catalogue, catalogueTool } from './catalogue.ts'
import { concealed, holdsSecret, isSecretVariable, secretArguments } from './credential.ts'
import { sampleRecipe } from './sample.test-data.ts'

const RANDOM = 'q7Rk2vXw9ZbT4mNcL8sJ'

test.for([
  ['--api-key', 'abc'],
  ['--clientSecret', 'abc'],
  ['--auth', 'user:pw'],
  ['-e', 'API_KEY=abc'],
  ['--token=abc'],
  ['--dsn', 'mysql://u:p@h/d'],
  ['postgres://u:p@ss/w@h/d'],
  ['redis://:pw@h:6379'],
  ['https://ghp_abcdefghijkl@github.com/o/r'],
  ['https://example.com/mcp?a=b&access_token=abc'],
  ['https://hooks.slack.com/services/T0/B0/x'],
  [`https://mcp.example/s/${RANDOM}/mcp`],
  ['Server=h;User Id=u;Password=p;'],
  ['--header', 'X-API-Key: abc'],
  ['--header', 'Authorization: Bearer abc'],
  ['--json', '{"nested": {"apiKey": "abc"}}'],
  ['sk-live-0001'],
  ['xoxb-1234567890'],
  ['AKIAIOSFODNN7EXAMPLE'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.abc'],
  ['9f86d081884c7d659a2feaa0c55ad015'],
  [RANDOM],
])('a secret is among %j', (args) => {
  expect(secretArguments(args)).toHaveLength(1)
  // A recipe is what an image is made of.
  expect(() => sampleRecipe({ args })).toThrow(/args: a secret stands in (-|argument|API_KEY|Server)/)
})

test.for([
  ['--access-mode=restricted', '--db-path', '/data/database.sqlite', '--read-write'],
  ['--max-tokens', '4000', '--sort-key', 'name', '--auth', 'basic', '--public-key', 'abc'],
  ['--key', '/etc/ssl/key.pem', '--password-file', '/run/secrets/x', '--token', '--verbose'],
  ['--header', 'Authorization:${AUTH_HEADER}', '--header', 'Authorization: Bearer ${TOKEN}', '--key', '$KEY'],
  [
    'https://example.com/mcp',
    'http://localhost:8080/x',
    'http://[::1]:8080/',
    'https://registry.example/@scope/pkg',
  ],
  ['@scope/server@1.2.3', 'git@github.com:a/b.git', '123e4567-e89b-12d3-a456-426614174000'],
  [
    'My-Project-2024-Dashboard-View',
    'gpt-4o-2024-08-06',
    '/home/me/Documents/2024/Reports',
    'Etc/UTC',
    'C:\\Users\\me\\x',
  ],
])('no secret is among %j', (args) => {
  expect(secretArguments(args)).toEqual([])
})

test('no recipe that comes along is taken for one with a secret', () => {
  const folder = fileURLToPath(new URL('../../catalogue', import.meta.url))
  for (const name of catalogue(folder)) expect(catalogueTool(folder, name).recipe.name).toBe(name)
})

test('a default is in the image, too', () => {
  const environment = [{ name: 'SERVICE_TOKEN', description: 'x', default: 'abc' }]
  expect(() => sampleRecipe({ environment })).toThrow('SERVICE_TOKEN has a secret as its default')
  const address = [{ name: 'SERVICE', description: 'x', default: 'https://u:p@example.com' }]
  expect(() => sampleRecipe({ environment: address })).toThrow('SERVICE has a secret as its default')
})

test('variables are judged by their name, addresses by what they hold', () => {
  for (const name of [
    'API_KEY',
    'GITLAB_PAT',
    'SLACK_WEBHOOK_URL',
    'SENTRY_DSN',
    'HTTP_HEADERS',
    'SESSION_ID',
  ])
    expect([name, isSecretVariable(name, 'x')]).toEqual([name, true])
  for (const name of ['PATH', 'REGION', 'BASE_URL', 'LOG_LEVEL', 'PATTERN'])
    expect([name, isSecretVariable(name, 'https://example.com')]).toEqual([name, false])
  expect(isSecretVariable('BASE_URL', 'https://u:p@example.com')).toBe(true)
})

test('a text of a stranger is judged in a moment, however it is written', () => {
  const parts = [
    'a=',
    '://a:b',
    'eyJ',
    '${',
    '{{',
    'Bearer ',
    '://x',
    '://hooks.',
    '-----BEGIN ',
    '1:',
    'a-',
    '$a',
  ]
  const started = performance.now()
  for (const part of parts)
    for (const length of [9_999, 1_000_000]) holdsSecret(part.repeat(length / part.length))
  expect(performance.now() - started).toBeLessThan(10_000)
})

test('what is shown to people is without the secrets, the longest first', () => {
  expect(concealed('x --key abcdef abc', ['abc', 'abcdef', ''])).toBe('x --key … …')
})
