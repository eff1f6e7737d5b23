// What the toolbox and the container for uv install: by hash, and pnpm in the version of this workspace.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { expect, test } from 'vitest'

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), 'utf8')

interface Locked {
  packages: Record<string, { version?: string; integrity?: string }>
}

test('pnpm is locked in the version that the workspace names', () => {
  const { packages } = JSON.parse(read('compose/toolbox/pnpm/package-lock.json')) as Locked
  const { catalog } = parse(read('pnpm-workspace.yaml')) as { catalog: Record<string, string> }
  expect(packages['node_modules/pnpm']?.version).toBe(catalog['pnpm'])
  for (const [path, { integrity }] of Object.entries(packages))
    if (path !== '') expect(integrity).toMatch(/^sha512-/)
})

test('uv is one version, with its hashes', () => {
  const [first = '', ...hashes] = read('packages/toolkit/base/uv.txt').trim().split('\n')
  expect(first).toMatch(/^uv==\d+\.\d+\.\d+ \\$/)
  expect(hashes.length).toBeGreaterThan(10)
  for (const line of hashes) expect(line).toMatch(/^ {4}--hash=sha256:[0-9a-f]{64}( \\)?$/)
})

test('the toolbox fetches nothing else', () => {
  const installs = read('compose/toolbox/Dockerfile').match(
    /(npm|npx|pnpm|pip|apt-get) (ci|install|--yes)[^\n]*/g,
  )
  expect(installs).toEqual([
    'npm ci --no-audit --no-fund --no-update-notifier',
    expect.stringContaining('pnpm install --frozen-lockfile --ignore-scripts'),
    expect.stringContaining('pip install --quiet --require-hashes --only-binary :all:'),
  ])
})
