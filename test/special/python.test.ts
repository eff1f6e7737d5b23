// A Python server from PyPI, in an environment of its own, says through the bridge what it says over its own stdio.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fixture, leftovers, startBridge, StdioClient, tempDir } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { registryEnv, run } from '../e2e/command.ts'
import { nothingLeft } from '../e2e/nothing-left.ts'
import { textOf } from '../e2e/real-servers.ts'
import { connect, connectByHand, responsesOf, wires } from '../e2e/wires.ts'

const VERSION = '2026.10.19'

/** How each begins when it is told nothing, and what it is told of. */
const CLIENTS = [
  { name: 'mcp 1.30.0', script: 'client_v1.py', package: 'mcp==1.30.0', revision: '2025-11-25' },
  { name: 'mcp 2.3.0', script: 'client.py', package: 'mcp==2.3.0', revision: '2026-07-28' },
  { name: 'FastMCP 4.2.3', script: 'client_fastmcp.py', package: 'fastmcp==4.2.3', revision: '2026-07-28' },
] as const

let command: string[]
/** By package. */
const pythons = new Map<string, string>()
const bin = (name: string): string =>
  fileURLToPath(new URL(`../node_modules/.bin/mcp-server-${name}`, import.meta.url))

/** The folder of the programs of an environment that has this package. */
async function installed(wanted: string): Promise<string> {
  const folder = tempDir()
  const env = { ...registryEnv(join(folder, 'cache')), PIP_CACHE_DIR: join(folder, 'cache') }
  await run(['python3', '-m', 'venv', join(folder, 'venv')], { env })
  const pip = [join(folder, 'venv/bin/pip'), '--disable-pip-version-check', 'install', '--quiet']
  await run([...pip, wanted], { env, withinMs: 300_000 })
  return join(folder, 'venv/bin')
}

beforeAll(async () => {
  const time = installed(`mcp-server-time==${VERSION}`)
  await Promise.all(
    CLIENTS.map(async (client) => {
      pythons.set(client.package, join(await installed(client.package), 'python'))
    }),
  )
  command = [join(await time, 'mcp-server-time'), '--local-timezone', 'Europe/Prague']
})

nothingLeft(afterAll)

test.for(wires)(
  `mcp-server-time ${VERSION} of PyPI over %s, to the byte as over its own stdio`,
  async (wire) => {
    const stdio = new StdioClient(command)
    await stdio.connect()
    await stdio.initialize()
    await converse(stdio)
    await stdio.close()

    const bridge = await startBridge(['--', ...command])
    const { client, leave } = await connectByHand(wire, bridge)
    await converse(client)
    const expected = responsesOf(stdio)
    expect(expected).toHaveLength(7)
    expect(responsesOf(client)).toEqual(expected)
    expect(client.failures).toEqual([])
    await leave()

    const official = await connect(wire, bridge)
    const { tools } = await official.client.listTools()
    expect(tools.map(({ name }) => name).toSorted()).toEqual(['convert_time', 'get_current_time'])
    const now = JSON.parse(
      textOf(await official.client.callTool({ name: 'get_current_time', arguments: { timezone: 'UTC' } })),
    ) as { datetime: string }
    expect(Math.abs(Date.parse(now.datetime) - Date.now())).toBeLessThan(60_000)
    await official.leave()

    expect(await bridge.stop()).toEqual({ code: 0, signal: null })
    expect(await leftovers()).toEqual([])
  },
)

const TOOLS = [
  ['a tool that speaks both', () => command, 'get_current_time', { timezone: 'UTC' }, 'UTC'],
  [
    'one that knows only what came before, and asks its user',
    () => [bin('everything'), 'stdio'],
    'trigger-elicitation-request',
    {},
    'Ada',
  ],
  ['one that knows only 2026-07-28, and asks', () => fixture('speaks-modern', 'only'), 'elicit', {}, 'Ada'],
] as const

test.each(
  CLIENTS.flatMap((client) =>
    TOOLS.map((tool) => [client.name, client.revision, tool[0], client, tool] as const),
  ),
)(
  '%s with its defaults speaks %s to %s',
  async (_name, revision, _what, client, [, tool, name, args, said]) => {
    const bridge = await startBridge(['--', ...tool()])
    // A tool that is not up yet is spoken to in the old way.
    await bridge.until(({ msg }) => msg === 'tool answers', 60_000)
    const script = fileURLToPath(new URL(client.script, import.meta.url))
    const python = pythons.get(client.package) ?? ''
    const output = await run([python, script, bridge.url('/mcp'), name, JSON.stringify(args)])
    const seen = JSON.parse(output) as { revision: string; tools: string[]; texts: string[] }
    expect(seen.revision).toBe(revision)
    expect(seen.tools).toContain(name)
    expect(seen.texts.join(' ')).toContain(said)
    expect(await bridge.stop()).toEqual({ code: 0, signal: null })
    expect(await leftovers()).toEqual([])
  },
)

/** Nothing here depends on the moment: no zone in it changes its clocks. */
async function converse(client: Pick<StdioClient, 'request' | 'call'>): Promise<void> {
  await client.request('tools/list')
  await client.request('prompts/list')
  await client.call('convert_time', {
    source_timezone: 'Asia/Tokyo',
    time: '23:45',
    target_timezone: 'Asia/Kathmandu',
  })
  await client.call('convert_time', { source_timezone: 'Asia/Tokyo', time: '25:00', target_timezone: 'UTC' })
  await client.call('get_current_time', { timezone: 'Nowhere/Žižkov' })
  await client.request('no/such-method')
}
