import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { holdsSecret, isSecretVariable, redacted, secretArguments } from '@mcp-bridge/client-file'
import { expect, onTestFinished, test } from 'vitest'
import { render, type Rendered } from '../render/render.ts'
import { scaffold } from '../resolve/scaffold.ts'
import { catalogue, catalogueTool } from './catalogue.ts'
import { refuseSecrets } from './secret-check.ts'
import { sampleTool } from './sample.test-data.ts'

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
  ['--password', '$ecret'],
  ['--key', '${KEY:-sk-live-0001}'],
  ['xoxb-1234567890'],
  ['AKIAIOSFODNN7EXAMPLE'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.abc'],
  ['9f86d081884c7d659a2feaa0c55ad015'],
  [RANDOM],
])('a secret is among %j', (args) => {
  expect(secretArguments(args)).toHaveLength(1)
})

test.for([
  ['--access-mode=restricted', '--db-path', '/data/database.sqlite', '--read-write'],
  ['--max-tokens', '4000', '--sort-key', 'name', '--auth', 'basic', '--public-key', 'abc'],
  ['--key', '/etc/ssl/key.pem', '--password-file', '/run/secrets/x', '--token', '--verbose'],
  [
    '--header',
    'Authorization:${AUTH_HEADER}',
    '--header',
    'Authorization: Bearer ${TOKEN}',
    '--key',
    '$KEY',
    '--token',
    '${input:t}',
  ],
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

const image = (changes: object) => (): Rendered =>
  render(sampleTool({ ...changes }), { bridgeVersion: '0.1.0' })
const environment = (name: string, value: string): object[] => [{ name, description: 'x', default: value }]

test('no image is made of a recipe with one, also of one that is there already', async () => {
  expect(image({ args: ['--api-key', 'abc'] })).toThrow('a secret stands in its arguments (--api-key)')
  expect(image({ login: { args: ['sk-live-0001'], port: 8765 } })).toThrow(
    'a secret stands in its arguments (argument 1)',
  )
  expect(image({ environment: environment('SERVICE_TOKEN', 'abc') })).toThrow('SERVICE_TOKEN has a secret')
  expect(image({ environment: environment('SERVICE', 'https://u:p@example.com') })).toThrow(
    'SERVICE has a secret',
  )
  const folder = mkdtempSync(join(tmpdir(), 'mcp-bridge-draft-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'tool'), '#!/bin/sh\n')
  const source = { runtime: 'binary', file: join(folder, 'tool') } as const
  await expect(scaffold(source, { args: ['--api-key', 'abc'] })).rejects.toThrow(
    'a secret stands in its arguments',
  )
})

test('no recipe that comes along is taken for one with a secret', () => {
  const folder = fileURLToPath(new URL('../../catalogue', import.meta.url))
  for (const name of catalogue(folder))
    expect(() => refuseSecrets(catalogueTool(folder, name).recipe)).not.toThrow()
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
  expect(redacted('x --key abcdef abc', ['abc', 'abcdef', ''])).toBe('x --key … …')
})
