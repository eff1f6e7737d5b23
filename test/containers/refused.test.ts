// What a container refuses, and what it says then.
import { buildImage, catalogueTool, ensureBase, render } from '@mcp-bridge/toolkit'
import { beforeAll, expect, test } from 'vitest'
import { assets } from './assets.ts'
import { attempt, ca } from './docker.ts'

const { tag, files } = render(catalogueTool(assets.catalogue, 'everything'), {
  bridgeVersion: assets.version,
})

beforeAll(async () => {
  const options = { ca, progress: 'quiet' } as const
  await ensureBase(assets, options)
  await buildImage({ ...options, tag, files })
})

test('refused: a start without a token, in a sentence that says what to set', async () => {
  const { code, stderr } = await attempt('run', '--rm', '--network', 'none', tag)
  expect(code).toBe(2)
  expect(stderr).toContain('--host 0.0.0.0 is reachable by others')
  expect(stderr).toContain('MCP_BRIDGE_TOKEN')
  expect(stderr).toContain('MCP_BRIDGE_TOKEN_FILE')
})

test('refused: an empty token, as a variable that Compose could not fill in is', async () => {
  const { code, stderr } = await attempt('run', '--rm', '--network', 'none', '-e', 'MCP_BRIDGE_TOKEN=', tag)
  expect(code).toBe(2)
  expect(stderr).toContain('MCP_BRIDGE_TOKEN')
})
