// A server that starts a browser: @playwright/mcp with Debian's chromium, whose processes detach themselves.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import {
  cmdline,
  descendantsOf,
  eventually,
  isAlive,
  processesWithEnv,
  startBridge,
  tempDir,
  type RunningBridge,
} from '@mcp-bridge/testkit'
import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { run } from '../e2e/command.ts'
import { nothingLeft } from '../e2e/nothing-left.ts'
import { connect, wires } from '../e2e/wires.ts'

const PLAYWRIGHT = fileURLToPath(new URL('../node_modules/.bin/playwright-mcp', import.meta.url))
const PAGE = `<!doctype html><title>A page</title><h1>Served by the test</h1>
  <button onclick="this.textContent = 'Pressed'">Press</button>`

let chromium: string
let site: Server
let pageUrl: string
let bridge: RunningBridge
/** In the environment of all that belongs to one bridge; a browser's own helpers overwrite theirs. */
let mark: string

beforeAll(async () => {
  chromium = (await run(['sh', '-c', 'command -v chromium'])).trim()
  site = createServer((_req, res) => res.setHeader('content-type', 'text/html').end(PAGE))
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  pageUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`
})

beforeEach(async () => {
  const folder = tempDir()
  mark = `BROWSER_TEST=${randomUUID()}`
  const browser = ['--headless', '--isolated', '--no-sandbox', '--executable-path', chromium]
  // Profiles, caches and snapshots go where the test takes them away again.
  const env = { HOME: folder, TMPDIR: folder }
  bridge = await startBridge(['--env', mark, '--cwd', folder, '--', PLAYWRIGHT, ...browser], { env })
})

nothingLeft(afterEach, 20_000)

afterAll(async () => {
  site.closeAllConnections()
  site.close()
  await once(site, 'close')
})

test.for(wires)('a browser is used over %s, and gone when the session ends', async (wire) => {
  const { client, leave } = await connect(wire, bridge)
  await browse(client)
  const browser = await browserOf(bridge)

  await leave()
  await gone(browser)
  // The bridge itself lives on, and the next session gets a browser of its own.
  const next = await connect(wire, bridge)
  await browse(next.client)
  const second = await browserOf(bridge)
  await next.leave()
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  await gone(second)
  expect(processesWithEnv(mark)).toEqual([])
})

test('SIGTERM of the bridge, with a session open, leaves no browser', async () => {
  const { client } = await connect('Streamable HTTP', bridge)
  await browse(client)
  const browser = await browserOf(bridge)

  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  await gone(browser)
  expect(processesWithEnv(mark)).toEqual([])
  await client.close()
})

test('a tool that is killed leaves no browser', async () => {
  const { client } = await connect('Streamable HTTP', bridge)
  await browse(client)
  const browser = await browserOf(bridge)

  process.kill(toolOf(browser), 'SIGKILL')
  await gone(browser)
  await client.close()
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  expect(processesWithEnv(mark)).toEqual([])
})

test.for([
  ['that sees the end of its stdin', false],
  ['that is frozen', true],
] as const)('SIGKILL of the bridge leaves no browser of a tool %s', async ([, isFrozen]) => {
  const { client } = await connect('HTTP+SSE', bridge)
  await browse(client)
  const browser = await browserOf(bridge)

  if (isFrozen) process.kill(toolOf(browser), 'SIGSTOP')
  expect(await bridge.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
  await gone(browser)
  await eventually(() => processesWithEnv(mark).length === 0, { what: 'nothing with the mark to be left' })
  await client.close()
})

/** Opens the page, presses its button, and sees it pressed. */
async function browse(client: Client): Promise<void> {
  const use = async (name: string, args: Record<string, unknown> = {}): Promise<string> => {
    const result = await client.callTool({ name, arguments: args }, undefined, { timeout: 120_000 })
    const text = JSON.stringify(result.content)
    if (result.isError === true) throw new Error(`${name}: ${text}`)
    return text
  }
  expect(await use('browser_navigate', { url: pageUrl })).toContain('Page Title: A page')
  const snapshot = await use('browser_snapshot')
  expect(snapshot).toMatch(/heading \\"Served by the test\\"/)
  const [, ref] = /button \\"Press\\"[^\n]*?\[ref=(\w+)\]/.exec(snapshot) ?? []
  await use('browser_click', { element: 'the button', target: ref })
  expect(await use('browser_snapshot')).toMatch(/button \\"Pressed\\"/)
}

/** The processes of the browser and the tool that started it, outermost first. */
async function browserOf({ pid }: RunningBridge): Promise<number[]> {
  const all = descendantsOf(pid)
  const browser = all.filter(isBrowser)
  // The browser itself, its zygotes, the GPU process, a renderer.
  expect(browser.length).toBeGreaterThan(3)
  const tool = all.filter((each) => !isBrowser(each) && descendantsOf(each).some(isBrowser))
  expect(tool.length).toBeGreaterThan(0)
  return [...tool, ...browser]
}

function isBrowser(pid: number): boolean {
  return cmdline(pid).startsWith('/usr/lib/chromium')
}

function toolOf([first]: readonly number[]): number {
  return first ?? 0
}

async function gone(pids: readonly number[]): Promise<void> {
  await eventually(
    () =>
      pids
        .filter(isAlive)
        .map((pid) => `${pid} ${cmdline(pid)}`)
        .join('\n') === '',
    {
      what: 'the end of the browser',
      withinMs: 30_000,
    },
  )
}
