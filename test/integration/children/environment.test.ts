// environment: a child gets the allow-list and what was asked for, and nothing else; its folder; its stderr.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, fixture, tempDir, type StreamableClient } from '@mcp-bridge/testkit'
import { expect, test } from 'vitest'
import { bridged, nothingLeftAfterEach } from '../bridges.ts'
import { openStreamable, textOf } from '../clients.ts'

nothingLeftAfterEach()

async function envOf(
  client: StreamableClient,
  names: readonly string[],
): Promise<Record<string, string | undefined>> {
  const values = await Promise.all(names.map(async (name) => textOf(await client.call('env', { name }))))
  return Object.fromEntries(names.map((name, i) => [name, values[i]]))
}

const ALLOWED = {
  USER: 'somebody',
  LANG: 'C.UTF-8',
  LC_TIME: 'de_DE',
  TMPDIR: '/tmp',
  XDG_CACHE_HOME: '/tmp/cache',
  HTTPS_PROXY: 'http://proxy:3128',
  no_proxy: 'localhost',
  NODE_EXTRA_CA_CERTS: '',
  SSL_CERT_FILE: '/etc/ssl/cert.pem',
  UV_CACHE_DIR: '/tmp/uv',
  npm_config_cache: '/tmp/npm',
}
const SECRET = {
  AWS_SECRET_ACCESS_KEY: 'aws',
  GITHUB_TOKEN: 'gh',
  DATABASE_URL: 'db',
  NODE_OPTIONS: '--no-warnings',
}
const OWN = { MCP_BRIDGE_MAX_SESSIONS: '7', MCP_BRIDGE_TOKEN: 'own-token' }

test('children.environment: the allow-list, and nothing that could be a secret', async () => {
  const bridge = await bridged(['--', ...fixture('echo')], { env: { ...ALLOWED, ...SECRET, ...OWN } })
  const client = await openStreamable(bridge, { headers: { authorization: 'Bearer own-token' } })
  const env = await envOf(client, [
    ...Object.keys(ALLOWED),
    ...Object.keys(SECRET),
    ...Object.keys(OWN),
    'PATH',
    'HOME',
  ])
  expect(env).toEqual({
    ...ALLOWED,
    ...mapped(SECRET, undefined),
    ...mapped(OWN, undefined),
    PATH: expect.stringContaining('/'),
    HOME: process.env['HOME'],
  })
})

test('children.environment: --pass-env with globs, then --env-file, then --env, each over the one before', async () => {
  const folder = tempDir()
  const one = join(folder, 'one.env')
  const two = join(folder, 'two.env')
  writeFileSync(one, '# a comment\nFILE_ONE="of one"\nFILE_BOTH=of one\nAPP_FILE=of one\nAPP_FLAG=of one\n')
  writeFileSync(two, 'export FILE_BOTH=of two\n')
  const options = ['--pass-env', 'APP_*', '--pass-env', 'EXACT', '--env-file', one, '--env-file', two]
  const env = {
    APP_HERE: 'here',
    APP_FILE: 'here',
    APP_FLAG: 'here',
    XAPP_HERE: 'no',
    EXACT: 'yes',
    EXACT_NOT: 'no',
  }
  const set = ['--env', 'APP_FLAG=of the flag', '--env', 'WITH_EQUALS=a=b', '--env', 'EMPTY=']
  const bridge = await bridged([...options, ...set, '--', ...fixture('echo')], { env })
  const client = await openStreamable(bridge)
  const expected = {
    APP_HERE: 'here',
    APP_FILE: 'of one',
    APP_FLAG: 'of the flag',
    XAPP_HERE: undefined,
    EXACT: 'yes',
    EXACT_NOT: undefined,
    FILE_ONE: 'of one',
    FILE_BOTH: 'of two',
    WITH_EQUALS: 'a=b',
    EMPTY: '',
  }
  expect(await envOf(client, Object.keys(expected))).toEqual(expected)
})

test("children.environment: --pass-env '*' hands on everything but the bridge's own", async () => {
  const bridge = await bridged(['--pass-env', '*', '--', ...fixture('echo')], { env: { ...SECRET, ...OWN } })
  const client = await openStreamable(bridge, { headers: { authorization: 'Bearer own-token' } })
  const env = await envOf(client, [...Object.keys(SECRET), ...Object.keys(OWN)])
  expect(env).toEqual({ ...SECRET, ...mapped(OWN, undefined) })
})

test("children.environment: the bridge's own are left out of an --env-file, and the log says so", async () => {
  const file = join(tempDir(), 'both.env')
  writeFileSync(file, 'MCP_BRIDGE_TOKEN=s3cret\nAPI_KEY=key\n')
  const options = ['--env-file', file, '--header-env', 'X-Key=OTHER_KEY']
  const bridge = await bridged([...options, '--', ...fixture('echo')])
  const client = await openStreamable(bridge, { headers: { 'x-key': 'other' } })
  expect(await envOf(client, ['MCP_BRIDGE_TOKEN', 'API_KEY', 'OTHER_KEY'])).toEqual({
    MCP_BRIDGE_TOKEN: undefined,
    API_KEY: 'key',
    OTHER_KEY: 'other',
  })
  const warned = bridge.logs.filter(({ msg }) => msg === 'variables of the bridge are not handed on')
  expect(warned).toEqual([expect.objectContaining({ path: file, names: ['MCP_BRIDGE_TOKEN'] })])
  expect(bridge.stderr).not.toContain('s3cret')
})

test('children.environment: an exception takes a variable out of what is asked for, and out of the allow-list', async () => {
  const given = { API_URL: 'url', API_KEY: 'key', API_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'aws', LANG: 'C' }
  const [some, one] = await Promise.all(
    [['API_*,!API_KEY'], ['!LANG']].map((globs) =>
      bridged(['--pass-env', ...globs, '--', ...fixture('echo')], { env: given }),
    ),
  )
  const names = Object.keys(given)
  expect(await envOf(await openStreamable(some!), names)).toEqual({
    ...mapped(given, undefined),
    API_URL: 'url',
    API_KEY_ID: 'id',
    LANG: 'C',
  })
  expect(await envOf(await openStreamable(one!), names)).toEqual(mapped(given, undefined))
})

test('children.environment: --cwd is where the child runs, and arguments reach it without a shell', async () => {
  const folder = join(tempDir(), 'a folder')
  mkdirSync(folder)
  const args = ['$HOME', '*', 'a b', '"', "'", '', ';exit', '--port', '--']
  const bridge = await bridged(['--cwd', folder, '--', ...fixture('echo', ...args)])
  const client = await openStreamable(bridge)
  expect(textOf(await client.call('cwd'))).toBe(folder)
  expect(JSON.parse(textOf(await client.call('args')) ?? '')).toEqual(args)
})

test('children.environment: 4 MB on stderr block nothing, and are logged line by line', async () => {
  const bridge = await bridged(['--warm', '0', '--', ...fixture('floods-stderr', '4')])
  const client = await openStreamable(bridge)
  expect(textOf(await client.call('echo', { text: 'through' }))).toBe('through')
  const lines = () => {
    const [, pid] = bridge.childPids
    return bridge.logs.filter(({ msg, childPid }) => msg === 'child stderr' && childPid === pid)
  }
  // The log is written when there is time for it.
  await eventually(() => lines().length === 4096, { what: 'every line of stderr in the log' })
  expect(new Set(lines().map(({ line }) => String(line).length))).toEqual(new Set([1023]))
})

function mapped<T>(record: object, value: T): Record<string, T> {
  return Object.fromEntries(Object.keys(record).map((name) => [name, value]))
}
