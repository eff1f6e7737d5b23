// A tool that npx is still downloading: who asks what it speaks is answered in time, and can use it as soon as it is there.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import {
  Client,
  StreamableHTTPClientTransport,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client'
import { eventually, leftovers, ModernClient, startBridge, tempDir } from '@mcp-bridge/testkit'
import { afterAll, expect, test } from 'vitest'
import { run } from '../e2e/command.ts'
import { nothingLeft } from '../e2e/nothing-left.ts'
import { Wiretap } from './matrix/recorder.ts'

nothingLeft(afterAll)

/** How long real clients wait for the first answer. */
const PATIENCE_MS = 5000

const TOOL = `#!/usr/bin/env node
const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'downloaded', version: '1.0.0' },
  }),
  'tools/list': () => ({ tools: [{ name: 'one', inputSchema: { type: 'object' } }] }),
}
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  if (id === undefined) return
  const answer = answers[method]
  const outcome = answer ? { result: answer(params) } : { error: { code: -32601, message: 'unknown' } }
  console.log(JSON.stringify({ jsonrpc: '2.0', id, ...outcome }))
})
`

/** A registry with one package, which it hands out only when it is told to. */
async function slowRegistry(folder: string) {
  const source = join(folder, 'source')
  mkdirSync(source)
  const manifest = { name: 'downloaded-tool', version: '1.0.0', bin: 'tool.js' }
  writeFileSync(join(source, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(source, 'tool.js'), TOOL, { mode: 0o755 })
  await run(['npm', 'pack', '--pack-destination', folder], { cwd: source })
  const tarball = readFileSync(join(folder, 'downloaded-tool-1.0.0.tgz'))

  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  let isAsked = false
  const server = createServer((req, res) => {
    if (req.url !== '/downloaded-tool.tgz') {
      const dist = { tarball: `${url}/downloaded-tool.tgz` }
      const versions = { '1.0.0': { ...manifest, dist } }
      res.setHeader('content-type', 'application/json')
      return res.end(JSON.stringify({ name: manifest.name, 'dist-tags': { latest: '1.0.0' }, versions }))
    }
    isAsked = true
    // It has begun, and goes on later.
    res.write(tarball.subarray(0, 100))
    void released.then(() => res.end(tarball.subarray(100)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url, release, close, isAsked: () => isAsked }
}

test('a tool that npx is still downloading', async () => {
  const folder = tempDir()
  const registry = await slowRegistry(folder)
  const own = [`npm_config_registry=${registry.url}`, `npm_config_cache=${join(folder, 'cache')}`]
  const options = [...own, 'npm_config_update_notifier=false'].flatMap((each) => ['--env', each])
  const bridge = await startBridge([...options, '--', 'npx', '-y', 'downloaded-tool'])
  await eventually(registry.isAsked, { what: 'the download', withinMs: 60_000 })

  const raw = new ModernClient({ port: bridge.port })
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const { response } = await raw.request('server/discover', {}, { signal })
  expect(response).toMatchObject({ id: 1, error: { data: { code: 'child_starting' } } })

  const wiretap = new Wiretap(bridge.port)
  const url = new URL(await wiretap.listen())
  const connect = async (mode: VersionNegotiationMode): Promise<string | undefined> => {
    const client = new Client(
      { name: 'patient', version: '1.0.0' },
      { versionNegotiation: { mode, probe: { timeoutMs: PATIENCE_MS } } },
    )
    const transport = new StreamableHTTPClientTransport(url)
    await client.connect(transport)
    const revision = client.getNegotiatedProtocolVersion()
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['one'])
    if (client.getProtocolEra() === 'legacy') await transport.terminateSession()
    await client.close()
    return revision
  }
  const pin = { pin: '2026-07-28' }
  // One that insists is told, and one that does not opens a session, which waits.
  await expect(connect(pin)).rejects.toThrow('2026-07-28')
  const waiting = connect('auto')
  await eventually(() => wiretap.posted.some(({ method }) => method === 'initialize'), { what: 'a session' })
  registry.release()
  expect(await waiting).toBe('2025-11-25')
  const again = await eventually(() => connect(pin).catch(() => undefined), { what: 'the tool' })
  expect(again).toBe('2026-07-28')

  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  await Promise.all([registry.close(), wiretap.close()])
  expect(await leftovers()).toEqual([])
})
