// A Python server from PyPI, in an environment of its own, says through the bridge what it says over its own stdio.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { leftovers, startBridge, StdioClient, tempDir } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { registryEnv, run } from '../e2e/command.ts'
import { nothingLeft } from '../e2e/nothing-left.ts'
import { textOf } from '../e2e/real-servers.ts'
import { connect, connectByHand, responsesOf, wires } from '../e2e/wires.ts'

const VERSION = '2026.10.19'

let command: string[]
const bin = (name: string): string =>
  fileURLToPath(new URL(`../node_modules/.bin/mcp-server-${name}`, import.meta.url))

beforeAll(async () => {
  const folder = tempDir()
  const env = { ...registryEnv(join(folder, 'cache')), PIP_CACHE_DIR: join(folder, 'cache') }
  await run(['python3', '-m', 'venv', join(folder, 'venv')], { env })
  const pip = [join(folder, 'venv/bin/pip'), '--disable-pip-version-check', 'install', '--quiet']
  await run([...pip, `mcp-server-time==${VERSION}`], { env })
  command = [join(folder, 'venv/bin/mcp-server-time'), '--local-timezone', 'Europe/Prague']
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

test.each([
  ['a tool that speaks 2026-07-28', () => command, 'get_current_time', { timezone: 'UTC' }, 'UTC'],
  [
    'one that knows only what came before',
    () => [bin('everything'), 'stdio'],
    'trigger-elicitation-request',
    {},
    'Ada',
  ],
] as const)(
  'the Python client with its defaults speaks 2026-07-28 to %s',
  async (_, tool, name, args, said) => {
    const bridge = await startBridge(['--', ...tool()])
    // A tool that is not up yet is spoken to in the old way.
    await bridge.until(({ msg }) => msg === 'tool answers', 60_000)
    const python = join(dirname(command[0] ?? ''), 'python')
    const script = fileURLToPath(new URL('client.py', import.meta.url))
    const output = await run([python, script, bridge.url('/mcp'), name, JSON.stringify(args)])
    const seen = JSON.parse(output) as { revision: string; tools: string[]; texts: string[] }
    expect(seen.revision).toBe('2026-07-28')
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
