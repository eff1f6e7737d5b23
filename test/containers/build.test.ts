// `mcp-bridge image build`: asks what it has built, in the words of its container; says why a build failed; leaves nothing.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanTemp, eventually, tempDir } from '@mcp-bridge/testkit'
import { buildImage } from '@mcp-bridge/toolkit'
import { afterAll, expect, test } from 'vitest'
import { attempt, ca, docker } from './docker.ts'
import { moodyFolder } from './moody.ts'

const BRIDGE = fileURLToPath(new URL('../../packages/bridge/bin/mcp-bridge.js', import.meta.url))

afterAll(cleanTemp)

function command(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, ...(ca === undefined ? {} : { BUILD_CA: ca }) }
  return new Promise((resolve) => {
    execFile(process.execPath, [BRIDGE, 'image', ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

interface Report {
  tag: string
  toolChanges: object[]
  check?: { ok: boolean; text: string; isForItsPlace: boolean; tools: string[] }
}

test('build: a tool that wants a variable is built, and what it wants is said', async () => {
  const { code, stdout } = await command('build', moodyFolder(), '--format', 'json')
  expect(code).toBe(0)
  const { check } = JSON.parse(stdout) as Report
  expect(check).toMatchObject({ ok: false, isForItsPlace: true })
  expect(check?.text).toContain('→ it asks for API_TOKEN: docker run -e API_TOKEN=…')
})

test('build: a tool that is no stdio server as it is called fails, in the words of its container', async () => {
  const { code, stdout, stderr } = await command('build', moodyFolder(['argument']), '--format', 'json')
  expect(code).toBe(1)
  expect(stderr).toContain('is built, but its tool does not start as it is called')
  const { tag, check } = JSON.parse(stdout) as Report
  expect(check?.text).toContain('"stdio" makes it speak stdio: docker run … IMAGE stdio tries it')
  const run = await attempt('run', '--rm', '--network', 'none', '-e', 'MCP_BRIDGE_TOKEN=secret', tag)
  const told = run.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
  expect(told.join('\n')).toBe(check?.text)
  const unasked = await command('build', moodyFolder(['argument']), '--no-check')
  expect([unasked.code, unasked.stdout]).toEqual([0, expect.not.stringContaining('asked once')])
})

test('build: what its tools say is accepted, an update shows what differs first, and the image refuses that', async () => {
  const folder = moodyFolder(['says', 'Says.'])
  const lock = join(folder, 'tools.lock.json')
  const accepted = await command('build', folder, '--accept-tools', '--no-check', '--format', 'json')
  expect(accepted).toMatchObject({ code: 0, stderr: `${lock} is written\n` })
  expect(JSON.parse(readFileSync(lock, 'utf8')).tools.say.description).toEqual(['Says.'])
  expect(await command('build', folder, '--format', 'json')).toMatchObject({ code: 0, stderr: '' })
  const recipe = join(folder, 'recipe.yaml')
  writeFileSync(recipe, readFileSync(recipe, 'utf8').replace('Says.', 'Says more.'))
  const changed = await command('build', folder, '--format', 'json')
  expect(changed.code).toBe(1)
  expect(changed.stderr).toContain('is built, but its tools are not as they were accepted')
  const { tag, toolChanges } = JSON.parse(changed.stdout) as Report
  expect(toolChanges).toEqual([
    { tool: 'say', change: 'changed', lines: ['description:', '- Says.', '+ Says more.'], odd: [] },
  ])
  const container = `mcp-bridge-test-changed-${process.pid}`
  await docker('run', '--detach', '--name', container, '--network', 'none', '-e', 'MCP_BRIDGE_TOKEN=x', tag)
  try {
    await eventually(
      async () => (await attempt('logs', container)).stderr.includes('tool differs from what was accepted'),
      { what: 'the bridge in the image to tell', withinMs: 60_000 },
    )
  } finally {
    await docker('rm', '--force', container)
  }
  const taken = await command('build', folder, '--accept-tools', '--no-check')
  expect(taken.code).toBe(0)
  expect(taken.stderr).toContain('~ say: changed\n    description:\n    - Says.\n    + Says more.\n')
})

test('build: what is accepted is kept beside a recipe of one’s own alone', async () => {
  expect(await command('build', 'time', '--accept-tools', '--dry-run')).toMatchObject({ code: 0 })
  const { code, stderr } = await command('build', 'time', '--accept-tools')
  expect([code, stderr]).toEqual([1, expect.stringContaining('there is no recipe of yours called time')])
})

test('build: a certificate that nobody knows is said with what to do, and no line is empty', async () => {
  const failing = 'FROM debian:trixie-slim\nRUN echo "npm error code SELF_SIGNED_CERT_IN_CHAIN" >&2; exit 1\n'
  const files = new Map([['Dockerfile', failing]])
  for (const progress of ['plain', 'quiet'] as const) {
    const failed = buildImage({ tag: 'mcp-bridge-test-failing', files, progress })
    await expect(failed).rejects.toMatchObject({
      message: expect.not.stringMatching(/^ {2}\| *$/m),
      hint: expect.stringMatching(/^--ca FILE, or BUILD_CA=FILE/),
    })
  }
})

test('build: a CA that cannot be read is refused before anything is done', async () => {
  const { code, stderr } = await command('build', moodyFolder(), '--ca', '/no/such.pem')
  expect([code, stderr]).toEqual([1, expect.stringContaining('cannot read /no/such.pem')])
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('build: ended by %s, it leaves no folder', async (signal, code) => {
  const TMPDIR = tempDir()
  const child = spawn(process.execPath, [BRIDGE, 'image', 'build', moodyFolder()], {
    env: { ...process.env, TMPDIR, BUILD_CA: ca ?? '' },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  const ours = () => readdirSync(TMPDIR).filter((name) => name.startsWith('mcp-bridge-build-'))
  await eventually(() => ours().length > 0, { what: 'the build to begin', withinMs: 60_000 })
  child.kill(signal)
  expect(await exited).toEqual([code, null])
  expect(ours()).toEqual([])
})
