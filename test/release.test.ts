// What the steps of a release ask of .github/scripts, right and wrong, in a folder with a package and a changelog of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { cleanTemp, tempDir } from '@mcp-bridge/testkit'
import { afterAll, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`
const CHANGELOG = `# Changelog

## [Unreleased]

- not yet

## [1.2.3] - 2026-12-01

### Added

- **This**, in two
  lines.

## [1.2.2] - 2026-11-01

- old

[1.2.3]: https://example.org
`

afterAll(cleanTemp)

/** A checkout as far as the scripts look at it, and one of their verbs in it. */
function checkout(given: { changelog?: string; manifest?: Record<string, unknown> } = {}) {
  const folder = tempDir()
  mkdirSync(join(folder, 'packages/bridge'), { recursive: true })
  cpSync(join(ROOT, '.github/scripts'), join(folder, '.github/scripts'), { recursive: true })
  writeFileSync(join(folder, 'CHANGELOG.md'), given.changelog ?? CHANGELOG)
  const path = join(folder, 'packages/bridge/package.json')
  const manifest = { name: 'mcp-bridge', version: '1.2.3', description: 'Short', bin: {}, ...given.manifest }
  writeFileSync(path, JSON.stringify(manifest))
  return {
    run: (args: readonly string[], stdin = '') => releaseScript(folder, args, stdin),
    manifest: () => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>,
  }
}

test('a tag that agrees with the package and the changelog is let through', async () => {
  expect(await checkout().run(['check', 'v1.2.3'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' })
})

test.for([
  ['v1.2.4', {}, 'the tag is v1.2.4, but packages/bridge/package.json is 1.2.3'],
  ['1.2.3', {}, '"1.2.3" is no tag of a release: v1.2.3 is wanted'],
  ['v1.2.3-rc.1', {}, 'is no tag of a release'],
  ['', {}, '"" is no tag of a release'],
  ['v1.2.3', { changelog: '## [Unreleased]\n\n- x\n' }, 'no section for 1.2.3 (it has: Unreleased): rename'],
  ['v1.2.3', { changelog: '' }, 'no section for 1.2.3 (it has: none)'],
  ['v1.2.3', { changelog: '## [1.2.3]\n\n- x\n' }, '"## [1.2.3]" has no date'],
  ['v1.2.3', { changelog: '## [1.2.3] - 2026-13-01\n\n- x\n' }, 'has no date'],
  [
    'v1.2.3',
    { changelog: '## [1.2.3] - 2026-12-01\n\n## [1.2.2] - 2026-11-01\n\n- x' },
    'says nothing about',
  ],
] as const)('the tag "%s" is refused: %j: %s', async ([tag, given, reason]) => {
  const { code, stdout, stderr } = await checkout(given).run(['check', tag])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^release: [^\n]+\n$/)
  expect(stderr).toContain(reason)
})

test('the page has the section of this version alone, the images by digest, and how to verify them', async () => {
  const images = `ghcr.io/o/mcp-time:1@${DIGEST}\nghcr.io/o/mcp-bridge-base:1.2.3@${DIGEST}\n`
  const { code, stdout } = await checkout().run(['page', 'v1.2.3', 'Owner/repo'], images)
  expect(code).toBe(0)
  expect(stdout.startsWith('### Added\n\n- **This**, in two\n  lines.\n\n### Images\n')).toBe(true)
  expect(stdout).toContain(
    `\nghcr.io/o/mcp-bridge-base:1.2.3@${DIGEST}\nghcr.io/o/mcp-time:1@${DIGEST}\n\`\`\``,
  )
  expect(stdout).toContain('github.com/Owner/repo/.github/workflows/release.yml@refs/tags/v1.2.3 IMAGE\n')
  expect(stdout).not.toContain('example.org')
})

test.for(['', 'ghcr.io/o/mcp-time:1\n', `ok@${DIGEST}\nx y@${DIGEST}\n`])(
  'a page is refused for %j: what has no digest cannot be verified',
  async (images) => {
    const { code, stdout, stderr } = await checkout().run(['page', 'v1.2.3', 'o/r'], images)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('is no image with its digest')
  },
)

test('the address is that of the repository which releases; name and version are those of the package', async () => {
  const { run, manifest } = checkout()
  expect(await run(['server-json'])).toMatchObject({ code: 1, stderr: expect.stringContaining('no mcpName') })
  for (const _ of ['once', 'again'])
    expect(await run(['address', 'Some-One/mcp-bridge'])).toMatchObject({ code: 0 })
  expect(manifest()).toEqual({
    name: 'mcp-bridge',
    version: '1.2.3',
    description: 'Short',
    homepage: 'https://github.com/Some-One/mcp-bridge#readme',
    bugs: { url: 'https://github.com/Some-One/mcp-bridge/issues' },
    repository: {
      type: 'git',
      url: 'git+https://github.com/Some-One/mcp-bridge.git',
      directory: 'packages/bridge',
    },
    mcpName: 'io.github.Some-One/mcp-bridge',
    bin: {},
  })
  const { stdout } = await run(['server-json'])
  expect(JSON.parse(stdout)).toMatchObject({
    name: 'io.github.Some-One/mcp-bridge',
    version: '1.2.3',
    repository: {
      url: 'https://github.com/Some-One/mcp-bridge',
      source: 'github',
      subfolder: 'packages/bridge',
    },
    packages: [{ identifier: 'mcp-bridge', version: '1.2.3' }],
  })
})

test.for([
  [['address', 'no-slash'], {}, '"no-slash" is no address of a repository: OWNER/NAME is wanted'],
  [['address'], {}, 'is no address of a repository'],
  [['address', 'a/b'], { mcpName: 'io.github.c/mcp-bridge' }, 'another mcpName than a/b'],
  [
    ['server-json'],
    { mcpName: 'a/b', repository: {}, description: 'x'.repeat(101) },
    'takes a description of 100',
  ],
  [['publish'], {}, '"publish" is none of check, page, server-json, address'],
] as const)('%j is refused for %j: %s', async ([args, manifest, reason]) => {
  const { code, stderr } = await checkout({ manifest }).run(args)
  expect(code).toBe(1)
  expect(stderr).toContain(reason)
})

test('the changelog of this repository has a section for what comes next, and nothing is released twice', () => {
  const headings = [...readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8').matchAll(/^## (.+)$/gm)].map(
    ([, title]) => title,
  )
  expect(headings[0]).toBe('[Unreleased]')
  expect(new Set(headings).size).toBe(headings.length)
})

async function releaseScript(
  cwd: string,
  args: readonly string[],
  stdin = '',
): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = spawn(process.execPath, ['.github/scripts/release.mjs', ...args], { cwd })
  // One that reads no stdin may have ended before it is written.
  script.stdin.on('error', () => {})
  script.stdin.end(stdin)
  const [stdout, stderr, [code]] = await Promise.all([
    text(script.stdout),
    text(script.stderr),
    once(script, 'close'),
  ])
  return { code: code as number, stdout, stderr }
}
