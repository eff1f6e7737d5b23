// The file of the README, served; its client configuration connects to each tool.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  cleanTemp,
  eventually,
  leftovers,
  runBridge,
  startBridge,
  stopAll,
  tempDir,
  type RunningBridge,
} from '@mcp-bridge/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callOnce, sum, type Entry } from '../connect.ts'
import { bridgeArgs, filledIn, readme, ROOT, words } from '../readme.ts'

const { block } = readme(import.meta.url)
const [variable = ''] = words(block('Start', 'sh'))
const folder = tempDir()
// Under another name: below `.mcp.json` the tools run in its folder, where they are not installed.
const file = join(folder, 'servers.json')
/** Where both tools are installed. */
const cwd = join(ROOT, 'test')
const env = { [variable.slice(0, variable.indexOf('='))]: join(folder, 'memory.jsonl') }

let bridge: RunningBridge

beforeAll(async () => {
  writeFileSync(file, block('The file', 'json'))
  bridge = await startBridge(bridgeArgs(block('Start', 'sh'), { '.mcp.json': file }), { cwd, env })
})

afterAll(async () => {
  await stopAll()
  cleanTemp()
})

test('what becomes of it is shown, with the variables that are missing', async () => {
  const { code, stdout } = await runBridge(bridgeArgs(block('The file', 'sh'), { '.mcp.json': file }), {
    cwd,
  })
  expect(code).toBe(1)
  for (const text of ['/everything/mcp', 'set MEMORY_FILE', 'set INPUT_GITHUB_TOKEN'])
    expect(stdout).toContain(text)
})

test('the configuration connects to each', async () => {
  const { mcpServers } = JSON.parse(
    filledIn(block('Claude Code', 'json'), '127.0.0.1:8000', bridge.port),
  ) as {
    mcpServers: Record<'everything' | 'memory', Entry>
  }
  expect(await sum(mcpServers.everything)).toContain('42')
  expect(await callOnce(mcpServers.memory, 'read_graph')).toContain('entities')
})

test('the page shows each', async () => {
  const page = await (await fetch(bridge.url('/'), { headers: { accept: 'text/html' } })).text()
  for (const name of ['everything', 'memory', 'github']) expect(page).toContain(name)
})

test('an edit is one line of the log for each entry that it touches', async () => {
  const text = block('The file', 'json')
  const edited = JSON.parse(text)
  delete edited.mcpServers.memory
  writeFileSync(file, JSON.stringify(edited))
  const line = await bridge.until(({ msg }) => msg === 'server removed')
  expect(line['server']).toBe('memory')
  await eventually(async () => (await fetch(bridge.url('/memory/mcp'))).status === 404, {
    what: 'nothing at its path',
  })
})

test('nothing is left', async () => {
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  expect(await leftovers()).toEqual([])
})
