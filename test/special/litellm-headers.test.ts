// What `compose from` writes for a server that runs elsewhere: the real LiteLLM 1.77.3 sends its credentials there.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { tempDir } from '@mcp-bridge/testkit'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { nothingLeft } from '../e2e/nothing-left.ts'
import { installLiteLLM, LiteLLM, type McpServer } from '../litellm/litellm.ts'
import { stable } from '../litellm/versions.ts'

const bridge = fileURLToPath(new URL('../../packages/bridge/bin/mcp-bridge.js', import.meta.url))

nothingLeft(afterAll)

test('headers of remote entries reach the server, with what was filled in', async () => {
  const seen = new Map<string, IncomingHttpHeaders>()
  const server = createServer((request, response) => {
    seen.set(request.url ?? '', request.headers)
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const message = JSON.parse(Buffer.concat(chunks).toString() || '{}') as {
          id?: number
          method?: string
          params?: { protocolVersion: string }
        }
        if (message.id === undefined) return void response.writeHead(202).end()
        const { protocolVersion = '' } = message.params ?? {}
        const result =
          message.method === 'initialize'
            ? { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'far', version: '1' } }
            : { tools: [] }
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }))
      })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const folder = tempDir()
  const file = join(folder, 'mcp.json')
  const entry = (name: string, headers: object): object => ({ type: 'http', url: `${base}/${name}`, headers })
  const mcpServers = {
    bearer: entry('bearer', { Authorization: 'Bearer ghp_0123456789abcdef' }),
    asked: entry('asked', { Authorization: 'Bearer ${env:INTERNAL_TOKEN}' }),
    basic: entry('basic', { Authorization: 'Basic dXNlcjpwYXNz' }),
    key: entry('key', { 'X-API-Key': 'k3y' }),
    other: entry('other', { 'X-Team': 'core' }),
  }
  writeFileSync(file, JSON.stringify({ mcpServers }))
  const said = execFileSync(
    process.execPath,
    [bridge, 'compose', 'from', file, '--output', join(folder, 'stack')],
    { encoding: 'utf8' },
  )
  expect(said).toContain('asked is served elsewhere')
  expect(said).toContain('fill in MCP_ASKED_AUTH in litellm.env: variable INTERNAL_TOKEN of the client')
  expect(said).toContain('LiteLLM 1.77.3 does not send X-Team')
  const { mcp_servers: servers } = parse(readFileSync(join(folder, 'stack/litellm.yaml'), 'utf8')) as {
    mcp_servers: Record<string, McpServer>
  }
  const env = parseEnv(readFileSync(join(folder, 'stack/litellm.env'), 'utf8')) as Record<string, string>
  expect(env['MCP_ASKED_AUTH']).toBe('')
  const proxy = await LiteLLM.start(await installLiteLLM(stable), {
    servers,
    env: { ...env, MCP_ASKED_AUTH: 'filled-in' },
  })
  try {
    await proxy.restTools()
    const sent = (name: string): unknown[] => {
      const headers = seen.get(`/${name}`)
      return [headers?.authorization, headers?.['x-api-key']]
    }
    expect(sent('bearer')).toEqual(['Bearer ghp_0123456789abcdef', undefined])
    expect(sent('asked')).toEqual(['Bearer filled-in', undefined])
    expect(sent('basic')).toEqual(['Basic dXNlcjpwYXNz', undefined])
    expect(sent('key')).toEqual([undefined, 'k3y'])
    // As the note says: only newer versions do.
    expect(seen.get('/other')?.['x-team']).toBeUndefined()
  } finally {
    await proxy.stop()
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
})
