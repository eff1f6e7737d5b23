// What a container hands to its tool, and what it says when that does not start.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cleanTemp, eventually, tempDir } from '@mcp-bridge/testkit'
import { buildImage, ensureBase, readTool, render } from '@mcp-bridge/toolkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { assets } from './assets.ts'
import { attempt, ca, docker } from './docker.ts'
import { moodyFolder } from './moody.ts'

let tag: string

beforeAll(async () => {
  const rendered = render(readTool(moodyFolder()), { bridgeVersion: assets.version })
  tag = rendered.tag
  const options = { ca, progress: 'quiet' } as const
  await ensureBase(assets, options)
  await buildImage({ ...options, tag, files: rendered.files })
})

afterAll(cleanTemp)

const HARDENED = [
  '--read-only',
  '--cap-drop',
  'ALL',
  '--security-opt',
  'no-new-privileges',
  '--tmpfs',
  '/tmp:mode=1777',
]
const run = (...options: string[]) =>
  attempt('run', '--rm', '--network', 'none', ...HARDENED, '-e', 'MCP_BRIDGE_TOKEN=secret', ...options)

test('start: a variable given to docker run reaches the tool, the token of the bridge does not', async () => {
  const container = `mcp-bridge-test-moody-${process.pid}`
  const file = join(tempDir(), 'tool.env')
  writeFileSync(file, 'API_TOKEN=of-a-file\n')
  await docker(
    'run',
    '--detach',
    '--name',
    container,
    '--network',
    'none',
    '-e',
    'MCP_BRIDGE_TOKEN=secret',
    '--env-file',
    file,
    tag,
  )
  try {
    const log = await eventually(
      async () => {
        const { stdout } = await attempt('logs', container)
        return stdout.includes('1 tools') ? stdout : undefined
      },
      { what: 'the tool to answer', withinMs: 60_000 },
    )
    expect(log).toMatch(/1 tools +of-of-a-file-nobody/)
    // It does not know where it is reached, and names no address that nobody reaches.
    expect(log).toContain('on port 8000 of this container')
    expect(log).not.toMatch(/http:\/\/\d/)
  } finally {
    await docker('rm', '--force', container)
  }
})

test('start: an image with a list of variables keeps to it, and says which is set and not handed on', async () => {
  const { code, stderr } = await run('-e', 'MCP_BRIDGE_PASS_ENV=OTHER', '-e', 'API_TOKEN=x', tag)
  expect(code).toBe(1)
  expect(stderr).toContain("API_TOKEN, set here but not handed on: docker run -e 'MCP_BRIDGE_PASS_ENV=*'")
})

test('start: a variable that is missing is named, whatever the tool prints after it', async () => {
  const { code, stderr } = await run(tag)
  expect(code).toBe(1)
  expect(stderr).toMatch(/^ {2}\| Error: API_TOKEN is not set$/m)
  expect(stderr).toMatch(/^ {2}→ it asks for API_TOKEN: docker run -e API_TOKEN=…$/m)
})

test('start: a tool that serves HTTP itself is not waited for, and the remedy is one of images', async () => {
  const { code, stderr } = await run('-e', 'MOOD=http', tag)
  expect(code).toBe(1)
  expect(stderr).toMatch(/^ {2}→ it serves HTTP itself on port 3333, .*mcp-bridge image build … -- --stdio/m)
})

test('start: what the remedy of an argument tries works', async () => {
  const { stderr } = await run('-e', 'MOOD=argument', tag)
  expect(stderr).toContain('"stdio" makes it speak stdio: docker run … IMAGE stdio tries it')
  // The argument behind the name of the image is one of the tool: what is missing now is another thing.
  expect((await run('-e', 'MOOD=argument', tag, 'stdio')).stderr).toContain('it asks for API_TOKEN')
})
