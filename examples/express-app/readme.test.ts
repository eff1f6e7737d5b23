// The app of the README as a process of its own, and both of its tools called.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  cleanEnv,
  cleanTemp,
  descendantsOf,
  eventually,
  isAlive,
  leftovers,
  send,
  start,
  stopAll,
  tempDir,
  type Started,
} from '@mcp-bridge/testkit'
import { BridgeError, createBridge } from 'mcp-bridge'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, connect } from '../connect.ts'
import { filledIn, readme, words } from '../readme.ts'

const { block } = readme(import.meta.url)
const HERE = fileURLToPath(new URL('.', import.meta.url))
const manifest = JSON.parse(readFileSync(join(HERE, 'package.json'), 'utf8'))

let app: Started
let port: number

beforeAll(async () => {
  app = await start(words(manifest.scripts.start), {
    cwd: HERE,
    env: cleanEnv({ PORT: '0', NOTES_FILE: join(tempDir(), 'notes.jsonl') }),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let stdout = ''
  app.process.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  const [, found] = await eventually(() => /^listening on http:\/\/127\.0\.0\.1:(\d+)$/m.exec(stdout), {
    what: 'the app to listen',
  })
  port = Number(found)
})

afterAll(async () => {
  await stopAll()
  cleanTemp()
})

/** The URL and the wire of a line `claude mcp add --transport … name url`. */
function entryOf(name: string): { type: string; url: string } {
  const lines = filledIn(block('Connecting', 'sh'), '127.0.0.1:3000', port).trim().split('\n')
  const [, , , , type = '', , url = ''] =
    lines.map((line) => words(line)).find((line) => line[5] === name) ?? []
  return { type, url }
}

test('the README starts this package and shows this app', () => {
  expect(words(block('Tools in an express app of your own', 'sh').trim())).toEqual([
    ...['npx', 'pnpm', '--filter', manifest.name, 'start'],
  ])
  expect(readFileSync(join(HERE, 'app.ts'), 'utf8')).toContain(block('Mounting', 'ts'))
})

test('the page of the app is still there', async () => {
  expect((await send({ port })).body).toContain('an app with tools')
})

test('notes: called over Streamable HTTP, and kept from one session to the next', async () => {
  const entities = [{ name: 'readme', entityType: 'file', observations: ['was tried'] }]
  const first = await connect(entryOf('notes'))
  await call(first, 'create_entities', { entities })
  await first.close()
  const second = await connect(entryOf('notes'))
  expect(await call(second, 'read_graph')).toContain('was tried')
  await second.close()
})

test('everything: called over HTTP+SSE', async () => {
  const client = await connect(entryOf('everything'))
  expect(await call(client, 'get-sum', { a: 2, b: 40 })).toContain('42')
  await client.close()
})

test('each tool has both wires, its own tools and its own readiness', async () => {
  for (const [tool, offered] of [
    ['notes', 'read_graph'],
    ['everything', 'get-sum'],
  ] as const) {
    const url = `http://127.0.0.1:${port}/${tool}`
    for (const entry of [
      { type: 'http', url: `${url}/mcp` },
      { type: 'sse', url: `${url}/sse` },
    ]) {
      const client = await connect(entry)
      const { tools } = await client.listTools()
      expect(tools.map(({ name }) => name)).toContain(offered)
      expect(tools.some(({ name }) => name === (tool === 'notes' ? 'get-sum' : 'read_graph'))).toBe(false)
      await client.close()
    }
    expect((await send({ port, path: `/${tool}/readyz` })).json()).toEqual({ status: 'ready' })
  }
})

test('another name is refused until allowHost has it', async () => {
  const headers = { host: 'app.example' }
  const refused = await send({ port, path: '/notes/mcp', headers })
  expect(refused.status).toBe(403)
  expect(refused.json().error.data.code).toBe('host_forbidden')
  // The app has its own name: to the page it is no matter.
  expect((await send({ port, headers })).status).toBe(200)

  const bridge = createBridge({ command: ['true'], port: 0, allowHost: ['app.example'] })
  const { port: admitting } = await bridge.listen()
  // No session is named: what is refused now is the request, not the host.
  expect((await send({ port: admitting, path: '/mcp', headers })).status).toBe(400)
  await bridge.close()
})

test('a wrong option throws, and every problem is listed', () => {
  let thrown: unknown
  try {
    createBridge({ command: [], idleMs: 'soon' })
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(BridgeError)
  expect(String(thrown)).toMatch(/idle[^]*command/)
})

test('start() rejects if the tool does not work', async () => {
  const bridge = createBridge({ command: ['false'] })
  await expect(bridge.start()).rejects.toBeInstanceOf(BridgeError)
  await bridge.close()
})

test('on SIGTERM the app ends by itself, and its tools with it', async () => {
  const tools = descendantsOf(app.pid)
  expect(tools.length).toBeGreaterThan(0)
  app.process.kill('SIGTERM')
  expect(await app.exited).toEqual({ code: 0, signal: null })
  await eventually(() => tools.every((pid) => !isAlive(pid)), { what: 'the tools to be gone' })
})

test('nothing is left', async () => {
  expect(await leftovers()).toEqual([])
})
