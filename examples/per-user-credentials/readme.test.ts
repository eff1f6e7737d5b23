// Every client configuration of the README brings the credential of its user, and only that, to the tool.
import {
  cleanTemp,
  eventually,
  isAlive,
  leftovers,
  runBridge,
  startBridge,
  stopAll,
  type RunningBridge,
} from '@mcp-bridge/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { callOnce, INITIALIZE, post, type Entry } from '../connect.ts'
import { bridgeArgs, filledIn, readme, ROOT } from '../readme.ts'

const { block, text } = readme(import.meta.url)
const START = bridgeArgs(block('One credential per user', 'sh'))
const OF_THE_BRIDGE = 'ghp_of_the_bridge_itself'

let bridge: RunningBridge
const secrets = [OF_THE_BRIDGE]

beforeAll(async () => {
  bridge = await startBridge(START, { cwd: ROOT, env: { GITHUB_TOKEN: OF_THE_BRIDGE } })
})

afterAll(async () => {
  await stopAll()
  cleanTemp()
})

function secret(name: string): string {
  const value = `ghp_${name}_${secrets.length}`
  secrets.push(value)
  return value
}

/** The variable as the tool has it. */
async function arrives(entry: Entry): Promise<string | undefined> {
  const env = JSON.parse(await callOnce(entry, 'get-env')) as Record<string, string>
  return env['GITHUB_TOKEN']
}

function here(heading: string, language: string, values: Readonly<Record<string, string>> = {}): string {
  return filledIn(block(heading, language), '127.0.0.1:8000', bridge.port, values)
}

async function living(args: readonly string[]): Promise<{ started: RunningBridge; count(): number }> {
  const started = await startBridge(args, { cwd: ROOT })
  await started.until(({ msg }) => msg === 'tool answers')
  const [trial = 0] = started.childPids
  await eventually(() => !isAlive(trial), { what: 'the process that showed that the tool works to be gone' })
  return { started, count: () => started.childPids.filter((pid) => isAlive(pid)).length }
}

test('Claude Code: two users at once, each with the own credential', async () => {
  const users = ['ada', 'bob'].map((name) => secret(name))
  const entries = users.map((value) => JSON.parse(here('Claude Code', 'json', { GITHUB_TOKEN: value })))
  expect(await Promise.all(entries.map((entry) => arrives(entry)))).toEqual(users)
})

test('VS Code: the input is the header', async () => {
  const value = secret('vscode')
  const [input = ''] = /(?<=`)\{ "id"[^`]*/.exec(text) ?? []
  const { id } = JSON.parse(input)
  expect(await arrives(JSON.parse(here('VS Code', 'json', { [id]: value })))).toBe(value)
})

test('Cursor: the variable is the header', async () => {
  const value = secret('cursor')
  expect(await arrives(JSON.parse(here('Cursor', 'json', { GITHUB_TOKEN: value })))).toBe(value)
})

test('Claude Desktop: mcp-remote fills in the variable', async () => {
  const value = secret('desktop')
  expect(await arrives(JSON.parse(here('Claude Desktop', 'json').replace('ghp_yours', value)))).toBe(value)
})

test('LibreChat: the variable of the user is the header', async () => {
  const value = secret('librechat')
  const { customUserVars } = parse(block('LibreChat', 'yaml'))
  const [name = ''] = Object.keys(customUserVars)
  expect(await arrives(parse(here('LibreChat', 'yaml', { [name]: value })))).toBe(value)
})

test('another value within a session is refused with 403', async () => {
  const mine = { 'x-github-token': secret('mine') }
  const opened = await post(bridge.port, mine, INITIALIZE)
  const session = { 'mcp-session-id': String(opened.headers['mcp-session-id']) }
  const ping = { jsonrpc: '2.0', id: 2, method: 'ping' }
  expect((await post(bridge.port, { ...mine, ...session }, ping)).status).toBe(200)
  const refused = await post(bridge.port, { 'x-github-token': secret('other'), ...session }, ping)
  expect(refused.status).toBe(403)
  expect(refused.json().error.data.code).toBe('identity_changed')
})

test('without the header there is no variable; --env is for those who send none', async () => {
  expect(await arrives({ url: bridge.url('/mcp') })).toBeUndefined()
  const [shared, own] = [secret('shared'), secret('own')]
  const sharing = await startBridge(['--env', `GITHUB_TOKEN=${shared}`, ...START], { cwd: ROOT })
  const url = sharing.url('/mcp')
  expect(await arrives({ url })).toBe(shared)
  expect(await arrives({ url, headers: { 'X-GitHub-Token': own } })).toBe(own)
  await sharing.stop()
})

test('no process is started in advance, as one is without --header-env', async () => {
  const usual = await living(START.slice(START.indexOf('--')))
  await eventually(() => usual.count() === 1, { what: 'the usual standby' })
  const perUser = await living(START)
  expect(perUser.count()).toBe(0)
  await Promise.all([usual.started.stop(), perUser.started.stop()])
})

test('the headers of the token cannot be used for credentials', async () => {
  for (const header of ['Authorization', 'X-API-Key']) {
    const line = block('One credential per user', 'sh').replace('X-GitHub-Token', header)
    const { code, stderr } = await runBridge(['--token', 's3cret', ...bridgeArgs(line)], { cwd: ROOT })
    expect(code).toBe(2)
    expect(stderr).toContain('carries the token of the bridge')
  }
})

test('no value was logged, nothing is left', async () => {
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  expect(bridge.logs.some(({ msg }) => msg === 'session opened')).toBe(true)
  expect(secrets.filter((value) => (bridge.stdout + bridge.stderr).includes(value))).toEqual([])
  expect(await leftovers()).toEqual([])
})
