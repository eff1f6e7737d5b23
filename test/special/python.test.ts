// A Python server from PyPI, in an environment of its own, says through the bridge what it says over its own stdio.
import { join } from 'node:path'
import { leftovers, startBridge, StdioClient } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nothingLeft } from '../e2e/nothing-left.ts'
import { textOf } from '../e2e/real-servers.ts'
import { connect, connectByHand, responsesOf, wires } from '../e2e/wires.ts'
import { pythonInstalled, VERSIONS } from './matrix/install.ts'

const VERSION = VERSIONS.time
let command: string[]

beforeAll(async () => {
  const programs = await pythonInstalled(`mcp-server-time==${VERSION}`)
  command = [join(programs, 'mcp-server-time'), '--local-timezone', 'Europe/Prague']
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
