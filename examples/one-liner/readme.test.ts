// The one-liner and each client configuration of the README, tried.
import {
  cleanTemp,
  eventually,
  leftovers,
  runBridge,
  startBridge,
  stopAll,
  type RunningBridge,
} from '@mcp-bridge/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { INITIALIZE, post, sum, type Entry } from '../connect.ts'
import { bridgeArgs, filledIn, readme, ROOT, words } from '../readme.ts'

const { block, table, text } = readme(import.meta.url)
const CLIENTS = readme(import.meta.url, '../../docs/CLIENTS.md')
const START = bridgeArgs(block('Start', 'sh'))

let bridge: RunningBridge

beforeAll(async () => {
  bridge = await startBridge(START, { cwd: ROOT })
})

afterAll(async () => {
  await stopAll()
  cleanTemp()
})

function here(snippet: string): string {
  return filledIn(snippet, '127.0.0.1:8000', bridge.port)
}

test('the address and the port of the README are the default', async () => {
  const { stdout } = await runBridge(['--print-config', ...START])
  expect(stdout).toMatch(/^port: 8000\s+# default$/m)
  expect(stdout).toMatch(/^host: 127\.0\.0\.1\s+# default$/m)
  expect(new Set(text.match(/(?<=http:\/\/)[\w.]+:\d+/g))).toEqual(
    new Set(['127.0.0.1:8000', 'host.docker.internal:8000']),
  )
})

test('the bridge prints both URLs, and the tools once the tool has answered', async () => {
  await eventually(() => bridge.stdout.includes('get-sum'), { what: 'the tools to be printed' })
  expect(bridge.stdout).toContain(bridge.url('/mcp'))
  expect(bridge.stdout).toContain(bridge.url('/sse'))
})

test('Claude Code: the command connects', async () => {
  const [claude, mcp, add, flag, type = '', name, url = '', ...more] = words(here(block('Claude Code', 'sh')))
  expect([claude, mcp, add, flag, name, ...more]).toEqual([
    'claude',
    'mcp',
    'add',
    '--transport',
    'everything',
  ])
  expect(await sum({ type, url })).toContain('42')
})

test.each([
  ['Claude Code', 'mcpServers'],
  ['Claude Desktop', 'mcpServers'],
  ['VS Code', 'servers'],
  ['Cursor', 'mcpServers'],
])('%s: the configuration connects', async (heading, list) => {
  const config = JSON.parse(here(block(heading, 'json'))) as Record<string, { everything: Entry }>
  expect(Object.keys(config)).toEqual([list])
  expect(await sum(config[list]?.everything ?? {})).toContain('42')
})

test('LibreChat: the configuration connects, and admits the address it connects to', async () => {
  const { mcpServers, mcpSettings } = parse(here(block('LibreChat', 'yaml')))
  expect(mcpSettings.allowedAddresses).toEqual([new URL(mcpServers.everything.url).host])
  expect(await sum(mcpServers.everything)).toContain('42')
})

test('Open WebUI: the fields connect', async () => {
  const fields = table('Open WebUI')
  expect(fields.get('Auth')).toBe('None')
  expect(await sum({ type: String(fields.get('Type')), url: here(String(fields.get('URL'))) })).toContain(
    '42',
  )
})

test('Open WebUI: mcpo is pointed at the same wire', async () => {
  const line = words(here(CLIENTS.block('Known quirks', 'sh')).trim())
  expect(line).toContain('mcpo')
  const type = String(line[line.indexOf('--server-type') + 1])
  expect(await sum({ type, url: String(line.at(-1)) })).toContain('42')
})

test('n8n: the fields connect', async () => {
  const fields = table('n8n')
  expect(fields.get('Authentication')).toBe('None')
  const type = String(fields.get('Server Transport'))
  expect(await sum({ type, url: here(String(fields.get('Endpoint'))) })).toContain('42')
})

test('n8n: the first version of the node connects to the SSE endpoint', async () => {
  const [, url = ''] = /SSE Endpoint; write `([^`]*)`/.exec(text) ?? []
  expect(await sum({ type: 'sse', url: here(url) })).toContain('42')
})

describe('A client in a container', () => {
  const CONTAINER = 'A client in a container'
  const START_BEYOND = block(CONTAINER, 'sh')

  test('beyond loopback the bridge does not start without the token', async () => {
    const args = bridgeArgs(START_BEYOND).filter((arg) => arg !== '--token' && arg !== 's3cret')
    const { code, stderr } = await runBridge(args, { cwd: ROOT })
    expect(code).toBe(2)
    expect(stderr).toContain('--host 172.17.0.1 is reachable by others')
  })

  test('the configuration has the token, and the name that the container was told', async () => {
    const guarded = await startBridge(bridgeArgs(START_BEYOND, { '172.17.0.1': '127.0.0.1' }), { cwd: ROOT })
    const [extraHost] = parse(block(CONTAINER, 'yaml')).services.client.extra_hosts
    const [name = '', gateway] = extraHost.split(':')
    expect(gateway).toBe('host-gateway')
    const entry = JSON.parse(filledIn(block(CONTAINER, 'json'), `${name}:8000`, guarded.port)) as Entry
    expect(await sum(entry)).toContain('42')
    await expect(sum({ ...entry, headers: {} })).rejects.toThrow(/401|token/)
    await guarded.stop()
  })

  test('on loopback the name of the host is refused until --allow-host admits it', async () => {
    const headers = { host: 'host.docker.internal:8000' }
    expect((await post(bridge.port, headers, INITIALIZE)).status).toBe(403)
    const [flags = ''] = /--allow-host [\w.]+/.exec(text) ?? []
    const admitting = await startBridge([...words(flags), ...START], { cwd: ROOT })
    expect((await post(admitting.port, headers, INITIALIZE)).status).toBe(200)
    await admitting.stop()
  })
})

test('nothing is left', async () => {
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  expect(await leftovers()).toEqual([])
})
