// mcp-remote, through which clients that only know stdio (Claude Desktop) reach a bridge.
import { fileURLToPath } from 'node:url'
import { fixture, leftovers, startBridge, StdioClient, tempDir } from '@mcp-bridge/testkit'
import { afterEach, expect, test } from 'vitest'
import { nothingLeft } from '../e2e/nothing-left.ts'

const MCP_REMOTE = fileURLToPath(new URL('../node_modules/mcp-remote/dist/proxy.js', import.meta.url))
const strategies = [
  ['http-only', '/mcp', 'streamable'],
  ['sse-only', '/sse', 'sse'],
  // What it does when told nothing: the newer wire, the older one where that is refused.
  ['http-first', '/mcp', 'streamable'],
  ['http-first', '/sse', 'sse'],
] as const

nothingLeft(afterEach)

test.for(strategies)('mcp-remote --transport %s to %s: the wire is %s', async ([strategy, path, binding]) => {
  const bridge = await startBridge(['--', ...fixture('echo')])
  const remote = new StdioClient(
    [process.execPath, MCP_REMOTE, bridge.url(path), '--transport', strategy],
    // It keeps what it learns of servers in a folder.
    { env: { MCP_REMOTE_CONFIG_DIR: tempDir() } },
  )
  await remote.connect()
  const own = new StdioClient(fixture('echo'))
  await own.connect()

  const { result } = await remote.initialize({ capabilities: { sampling: {} } })
  expect(result).toEqual((await own.initialize({ capabilities: { sampling: {} } })).result)
  expect((await remote.request('tools/list')).result).toEqual((await own.request('tools/list')).result)
  for (const text of ['through two bridges', 'žluťoučký 🐎 \u2028 kůň', 'x'.repeat(1_000_000)]) {
    expect((await remote.call('echo', { text })).result.content).toEqual([{ type: 'text', text }])
  }
  const unknown = await remote.call('no-such-tool')
  expect(unknown).toEqual({ ...(await own.call('no-such-tool')), id: unknown.id })
  const steps: unknown[] = []
  const options = {
    progressToken: 'p',
    onMessage: ({ params }: { params?: any }) => steps.push(params.progress),
  }
  await remote.call('progress', { steps: 3 }, options as Parameters<typeof remote.call>[2])
  expect(steps).toEqual([1, 2, 3])
  expect(remote.failures).toEqual([])
  expect(remote.strays).toEqual([])

  const opened = bridge.logs.filter(({ msg }) => msg === 'session opened')
  // Over Streamable HTTP there are two: it first tries the wire with a client of its own.
  expect([...new Set(opened.map((line) => line['binding']))]).toEqual([binding])

  await own.close()
  expect(await remote.close(30_000)).toEqual({ code: 0, signal: null })
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  expect(await leftovers()).toEqual([])
})
