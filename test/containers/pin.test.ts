// `mcp-bridge image pin` against a real registry: builds stand on the digests of the file, wherever the tags go meanwhile.
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanTemp, stopAll, tempDir } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ca, docker } from './docker.ts'
import { startRegistry, type Registry } from './registry.ts'

const BRIDGE = fileURLToPath(new URL('../../packages/bridge/bin/mcp-bridge.js', import.meta.url))
const PYTHON = 'python:3.13-slim-trixie'
const DIGEST = 'sha256:[0-9a-f]{64}'

let folder: string
let registry: Registry
/** Of images that stand for others, in the registry. */
let python: string
let theirs: string

beforeAll(async () => {
  folder = tempDir()
  registry = await startRegistry()
  python = `${registry.host}/${PYTHON}`
  theirs = `${registry.host}/team/theirs:1.0`
  await docker('tag', PYTHON, python)
  await push(python)
  await pushTheirs('one')
  writeFileSync(join(folder, 'base-images.yaml'), `# ours\nservices:\n  python:\n    image: ${python}\n`)
  mkdirSync(join(folder, 'theirs'))
  const [name, version] = ['theirs', '"1.0"']
  const recipe = {
    name,
    title: 'Theirs',
    description: 'Of others',
    runtime: 'image',
    package: theirs,
    version,
  }
  const more = { entry: '/bin/true', network: 'none', children: 'session' }
  const lines = Object.entries({ ...recipe, ...more }).map(([key, value]) => `${key}: ${value}\n`)
  writeFileSync(join(folder, 'theirs/recipe.yaml'), lines.join(''))
}, 600_000)

afterAll(async () => {
  await stopAll()
  cleanTemp()
})

/** As somebody else does: nothing of it stays here. */
async function push(image: string): Promise<void> {
  await docker('push', '--quiet', image)
  await docker('image', 'rm', image)
}

async function pushTheirs(version: string): Promise<void> {
  const context = tempDir()
  writeFileSync(join(context, 'Dockerfile'), `FROM debian:trixie-slim\nRUN echo ${version} >/version\n`)
  await docker('build', '--quiet', '--tag', theirs, context)
  await push(theirs)
}

function image(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, ...(ca === undefined ? {} : { BUILD_CA: ca }) }
  return new Promise((resolve) => {
    execFile(process.execPath, [BRIDGE, 'image', ...args], { env, cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

async function built(tool: string): Promise<{ tag: string; id: string }> {
  const { code, stdout, stderr } = await image('build', tool, '--no-check', '--format', 'json')
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return JSON.parse(stdout) as { tag: string; id: string }
}

async function versionIn(tag: string): Promise<string> {
  return docker('run', '--rm', '--network', 'none', '--entrypoint', 'cat', tag, '/version')
}

const file = (): string => readFileSync(join(folder, 'base-images.yaml'), 'utf8')

test('pin: what is built stands on the digests of the file until they are renewed', async () => {
  const first = await image('pin', theirs)
  expect(first).toMatchObject({ code: 0, stderr: '' })
  expect(first.stdout).toMatch(new RegExp(`^${theirs}  new +${DIGEST}$`, 'm'))
  expect(first.stdout).not.toContain(python)
  expect(await image('pin')).toMatchObject({ code: 0 })
  expect(file()).toMatch(
    new RegExp(
      `^# ours\nservices:\n {2}python:\n {4}image: ${python}@${DIGEST}\n[^]*image: ${theirs}@${DIGEST}\n$`,
    ),
  )
  const [clock, before] = [await built('time'), await built('theirs')]
  expect(await versionIn(before.tag)).toBe('one')

  // Both tags are others now: one has another version, one is no Python at all.
  await pushTheirs('two')
  await docker('tag', 'debian:trixie-slim', python)
  await push(python)
  expect([await built('time'), await built('theirs')]).toMatchObject(
    [clock, before].map(({ tag, id }) => ({ tag, id })),
  )

  const text = file()
  const checked = await image('pin', '--check')
  expect(checked).toMatchObject({ code: 1, stderr: expect.stringContaining('image pin renews them') })
  expect(file()).toBe(text)
  const renewed = await image('pin')
  expect(renewed.stdout).toBe(checked.stdout + renewed.stdout.slice(checked.stdout.length))
  expect(renewed.stdout).toMatch(new RegExp(`^${theirs} +${DIGEST} → +${DIGEST}$`, 'm'))
  const after = await built('theirs')
  expect(after.tag).not.toBe(before.tag)
  expect(await versionIn(after.tag)).toBe('two')
  const again = await image('pin', '--check')
  expect(again).toMatchObject({ code: 0, stderr: '' })
  expect(again.stdout).toMatch(new RegExp(`^${theirs} +unchanged +${DIGEST}$`, 'm'))
})

test('pin: a tag or a registry that is not there is named, and the file stays as it is', async () => {
  const text = file()
  const missing = await image('pin', theirs, `${registry.host}/team/none:1.0`)
  expect(missing).toMatchObject({ code: 1, stdout: '' })
  expect(missing.stderr).toMatch(
    /nothing was changed:\n {2}127\.0\.0\.1:\d+\/team\/none:1\.0: .*not found\n {2}→ /,
  )
  await registry.stop()
  const down = await image('pin')
  expect(down).toMatchObject({ code: 1, stdout: '' })
  expect(down.stderr).toMatch(/theirs:1\.0: .*connection refused\n {2}→ see that this machine reaches it/)
  expect(file()).toBe(text)
  // Pinned, and fetched before: the registry is not needed to build.
  expect(await versionIn((await built('theirs')).tag)).toBe('two')
})
