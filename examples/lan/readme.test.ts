// Tokens, curl lines, client configurations and unit of the README, tried on 127.0.0.1.
import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  cleanTemp,
  eventually,
  leftovers,
  runBridge,
  send,
  startBridge,
  stopAll,
  tempDir,
  type RunningBridge,
} from '@mcp-bridge/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, connect, sum, type Entry } from '../connect.ts'
import { bridgeArgs, filledIn, readme, ROOT, words } from '../readme.ts'

const { block } = readme(import.meta.url)
const run = promisify(execFile)
const MACHINE = 'toolbox.lan:8000'
const START = block('Start', 'sh', 1)

let bridge: RunningBridge
let folder: string
let tokens: string

beforeAll(async () => {
  folder = tempDir()
  tokens = join(folder, 'tokens')
  execFileSync('sh', ['-euc', block('Start', 'sh')], { cwd: folder })
  bridge = await startBridge(bridgeArgs(START, { '0.0.0.0': '127.0.0.1', tokens }), { cwd: ROOT })
})

afterAll(async () => {
  await stopAll()
  cleanTemp()
})

function tokenOf(name: string): string {
  return new RegExp(`^${name}:(.+)$`, 'm').exec(readFileSync(tokens, 'utf8'))?.[1] ?? 'none'
}

function headersOf(name: string): { Authorization: string } {
  return { Authorization: `Bearer ${tokenOf(name)}` }
}

/** What `claude mcp add … --header "Name: value"` makes of its arguments. */
function claudeEntry(token: string): Entry {
  const line = filledIn(block('Connect', 'sh', 1), MACHINE, bridge.port).replace('$TOKEN', token)
  const [, , , , type = '', , url = '', flag, header = ''] = words(line)
  if (flag !== '--header') throw new Error(`no --header in: ${line}`)
  const [name = '', value = ''] = header.split(': ')
  return { type, url, headers: { [name]: value } }
}

test('each name has a token of its own, and nobody else reads the file', () => {
  expect(readFileSync(tokens, 'utf8')).toMatch(/^alice:[0-9a-f]{48}\nn8n:[0-9a-f]{48}\n$/)
  expect(tokenOf('alice')).not.toBe(tokenOf('n8n'))
  expect(statSync(tokens).mode & 0o777).toBe(0o600)
})

test('beyond 127.0.0.1 the bridge does not start without tokens', async () => {
  const args = bridgeArgs(START).filter((arg) => arg !== '--token-file' && arg !== 'tokens')
  const { code, stderr } = await runBridge(args, { cwd: ROOT })
  expect(code).toBe(2)
  expect(stderr).toContain('--host 0.0.0.0 is reachable by others')
})

test('the curl lines: ready, 401 without the token, an answer with it', async () => {
  await bridge.until(({ msg }) => msg === 'tool answers')
  const script = filledIn(block('Connect', 'sh'), MACHINE, bridge.port)
  const { stdout } = await run('sh', ['-euc', script], { cwd: folder })
  const [ready = '', refused, answer = ''] = stdout.trim().split(/\n+/)
  expect(JSON.parse(ready)).toEqual({ status: 'ready' })
  expect(refused).toBe('401')
  expect(JSON.parse(answer).result.serverInfo.name).toBe('mcp-servers/everything')
})

test('Claude Code: the command connects with the token, not with another', async () => {
  expect(await sum(claudeEntry(tokenOf('alice')))).toContain('42')
  await expect(sum(claudeEntry('guessed'))).rejects.toThrow(/401|not known/)
})

test('Claude Desktop: mcp-remote connects with the token', async () => {
  const args = filledIn(block('Connect', 'json'), MACHINE, bridge.port).replace('<token>', tokenOf('n8n'))
  expect(await sum({ command: 'npx', args: JSON.parse(args) as string[] })).toContain('42')
})

test('names are logged, tokens are not', async () => {
  await bridge.until(({ principal }) => principal === 'alice')
  await bridge.until(({ principal }) => principal === 'n8n')
  for (const name of ['alice', 'n8n']) expect(bridge.stdout + bridge.stderr).not.toContain(tokenOf(name))
})

test('a line that is gone ends the sessions of that name, and no others', async () => {
  const [alice, n8n] = [headersOf('alice'), headersOf('n8n')]
  const url = bridge.url('/mcp')
  const [leaves, stays] = [await connect({ url, headers: alice }), await connect({ url, headers: n8n })]
  writeFileSync(tokens, readFileSync(tokens, 'utf8').replace(/^alice:.*\n/m, ''))
  await bridge.until(({ msg, reason }) => msg === 'session closed' && reason === 'its token was withdrawn')
  const { port } = bridge
  await eventually(async () => (await send({ port, path: '/mcp', headers: alice })).status === 401, {
    what: 'the token of alice to be refused',
  })
  expect(await call(stays, 'get-sum', { a: 2, b: 40 })).toContain('42')
  await Promise.all([leaves.close(), stays.close()])
})

test('the unit starts the bridge as the README does; it ends well on SIGTERM, with 2 for a wrong option', async () => {
  const unit = block('As a service', 'ini')
  const [, command = ''] = /^ExecStart=(.+)$/m.exec(unit) ?? []
  expect(bridgeArgs(command)).toEqual(bridgeArgs(START))
  const args = bridgeArgs(command, { '0.0.0.0': '127.0.0.1', tokens })
  const service = await startBridge(args, { cwd: ROOT })
  expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: null })

  const [, codeOfConfig] = /^RestartPreventExitStatus=(\d+)$/m.exec(unit) ?? []
  const wrong = await runBridge(bridgeArgs(command, { tokens: join(folder, 'missing') }), { cwd: ROOT })
  expect(String(wrong.code)).toBe(codeOfConfig)
})

test('nothing is left', async () => {
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  expect(await leftovers()).toEqual([])
})
