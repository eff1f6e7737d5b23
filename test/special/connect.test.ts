// The official clients over stdio, with `mcp-bridge connect` between them and a bridge: they can do what they can do over HTTP.
import { fileURLToPath } from 'node:url'
import { eventually, ModernClient, startBridge, tempDir } from '@mcp-bridge/testkit'
import { afterAll, describe, expect, test } from 'vitest'
import { nothingLeft } from '../e2e/nothing-left.ts'
import type { Installed } from './matrix/install.ts'
import { observe, type Driver } from './matrix/observe.ts'
import { TOOLS, type Feature } from './matrix/plan.ts'
import { copied } from './matrix/recorder.ts'
import { sdk1 } from './matrix/sdk1.ts'
import { sdk2 } from './matrix/sdk2.ts'

const BIN = fileURLToPath(new URL('../../packages/bridge/bin/mcp-bridge.js', import.meta.url))

type Open = (command: readonly string[], name: string) => Promise<Driver>
const CLIENTS: readonly (readonly [string, Open])[] = [
  ['TypeScript SDK 1', sdk1],
  ['TypeScript client 2', (command, name) => sdk2(command, name)],
  ['TypeScript client 2, auto', (command, name) => sdk2(command, name, 'auto')],
  ['TypeScript client 2, pinned', (command, name) => sdk2(command, name, { pin: '2026-07-28' })],
]
/** Those that need nothing of Python. */
const [LEGACY, MODERN] = [TOOLS[0], TOOLS.at(-1)]
const WAYS = [
  [LEGACY?.name, '/mcp', LEGACY],
  [MODERN?.name, '/mcp', MODERN],
  [LEGACY?.name, '/sse', LEGACY],
] as const

nothingLeft(afterAll)

describe.each(WAYS)('%s at %s', (_tool, path, tool) => {
  // HTTP+SSE is older than what the last one insists on.
  const clients = path === '/sse' ? CLIENTS.slice(0, -1) : CLIENTS
  test.concurrent.each(clients)('%s', async (_name, open) => {
    if (tool === undefined) throw new Error('there is no such tool')
    const folder = tempDir()
    const bridge = await startBridge(['--', ...copied(tool.command({} as Installed), folder)])
    const asker = new ModernClient({ port: bridge.port })
    const asked = async () => 'result' in (await asker.request('server/discover')).response
    await eventually(asked, { what: 'what the tool speaks', withinMs: 60_000 })
    const { progress, ...others } = tool.plan(0)
    // Over stdio these clients drop what comes in one piece with the answer, and a step of this tool lasts 20 ms.
    const plan = { ...others, ...(tool === LEGACY && progress !== undefined && { progress }) }
    const driver = await open([process.execPath, BIN, 'connect', bridge.url(path)], 'client-0')
    const { features } = await observe(driver, plan, folder)
    const wrong = Object.entries(plan).filter(([feature, { says }]) => {
      const outcome = features[feature as Feature]
      return outcome === undefined || !('said' in outcome) || !outcome.said.includes(says)
    })
    expect(wrong.map(([feature]) => [feature, features[feature as Feature]])).toEqual([])
    await bridge.stop()
  })
})
