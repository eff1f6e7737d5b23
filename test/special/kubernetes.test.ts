// The manifests of every tool of the catalogue, judged by others: kustomize, and the schemas of Kubernetes.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tempDir } from '@mcp-bridge/testkit'
import { catalogue, catalogueTool, readTool, render, writeFiles, type Tool } from '@mcp-bridge/toolkit'
import { beforeAll, expect, test } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { outcomeOf, run } from '../e2e/command.ts'
import { nothingLeft } from '../integration/bridges.ts'
import { goEnv } from './go-env.ts'

nothingLeft()

const VALIDATE = 'kubernetes-validate==1.37.0'
/** The oldest that the README of the manifests names, and the newest that there are schemas of. */
const VERSIONS = ['1.30.0', '1.37.0']
const KUSTOMIZE = 'sigs.k8s.io/kustomize/kustomize/v5@v5.8.2'
const SECRET = 'never-in-a-config-map'

const toolkit = fileURLToPath(new URL('../../packages/toolkit', import.meta.url))
const tools: Tool[] = [
  ...catalogue(join(toolkit, 'catalogue')).map((name) => catalogueTool(join(toolkit, 'catalogue'), name)),
  ...['browser-login', 'script'].map((name) => readTool(join(toolkit, 'samples', name))),
]
let validate: string
let build: string[]

interface Manifest {
  kind: string
  metadata: { name: string }
}

beforeAll(async () => {
  const folder = tempDir()
  await run(['python3', '-m', 'venv', join(folder, 'venv')])
  const pip = ['install', '--quiet', '--disable-pip-version-check', VALIDATE]
  await run([join(folder, 'venv/bin/pip'), ...pip], { env: { ...goEnv() } })
  validate = join(folder, 'venv/bin/kubernetes-validate')
  const isThere = await outcomeOf(['kubectl', 'kustomize', '--help']).then(
    ({ code }) => code === 0,
    () => false,
  )
  build = ['kubectl', 'kustomize']
  if (isThere) return
  // Some 70 seconds.
  await run(['go', 'install', KUSTOMIZE], { env: { ...goEnv(), GOBIN: folder }, withinMs: 600_000 })
  build = [join(folder, 'kustomize'), 'build']
})

/** A tool's folder for one platform, without what a person has to write. */
function folderOf(tool: Tool, platform: 'kubernetes' | 'podman'): string {
  const folder = tempDir()
  const { files } = render(tool, { bridgeVersion: '0.1.0', platforms: [platform] })
  writeFiles(
    folder,
    [...files].filter(([path]) => path.startsWith(`${platform}/`)),
  )
  return join(folder, platform)
}

interface Kustomization {
  secretGenerator: { files: string[] }[]
  configMapGenerator?: { envs: string[] }[]
}

/** What a person writes. */
function fill(folder: string): void {
  const text = readFileSync(join(folder, 'kustomization.yaml'), 'utf8')
  const { secretGenerator, configMapGenerator = [] } = parse(text) as Kustomization
  mkdirSync(join(folder, 'secrets'), { recursive: true })
  for (const file of secretGenerator.flatMap(({ files }) => files))
    writeFileSync(join(folder, file.split('=')[1] ?? ''), `KEY=${SECRET}\n`)
  for (const file of configMapGenerator.flatMap(({ envs }) => envs))
    writeFileSync(join(folder, file), 'REGION=eu\n')
}

async function validated(text: string): Promise<string> {
  const file = join(tempDir(), 'all.yaml')
  writeFileSync(file, text)
  const outcomes = VERSIONS.map(async (version) =>
    outcomeOf([validate, '--strict', '--quiet', '--no-warn', '-k', version, file]),
  )
  return (await Promise.all(outcomes))
    .map(({ code, stdout, stderr }) => (code === 0 ? '' : stdout + stderr))
    .join('')
}

test('kubernetes: the schemas can say no', async () => {
  const file = join(tempDir(), 'bad.yaml')
  writeFileSync(
    file,
    stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'x' }, spec: { prots: [] } }),
  )
  const { code, stdout } = await outcomeOf([validate, '--strict', file])
  expect([code, stdout]).toEqual([1, expect.stringContaining('prots')])
})

test('kubernetes: nothing is made while a secret is missing', async () => {
  const folder = folderOf(catalogueTool(join(toolkit, 'catalogue'), 'github'), 'kubernetes')
  fill(folder)
  for (const file of ['mcp-github.env', 'mcp-github.tokens']) {
    rmSync(join(folder, 'secrets', file))
    const { code, stdout, stderr } = await outcomeOf([...build, folder])
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(`secrets/${file}`)])
    fill(folder)
  }
})

test('kubernetes: each tool is what Kubernetes takes, as the overlay of a README has it', async () => {
  const made = tools.map(async (tool) => {
    const folder = folderOf(tool, 'kubernetes')
    fill(folder)
    const overlay = join(folder, '../cluster')
    const [, text = ''] = /<<END\n([^]*?)END\n/.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? []
    writeFiles(overlay, [['kustomization.yaml', text]])
    const built = await run([...build, overlay])
    const all = documentsOf(built)
    expect(new Set(all.map(({ kind }) => kind).filter((kind) => kind !== 'ConfigMap'))).toEqual(
      new Set(['Secret', 'Service', 'StatefulSet', 'PodDisruptionBudget', 'NetworkPolicy']),
    )
    expect(JSON.stringify(all.filter(({ kind }) => kind !== 'Secret'))).not.toContain(SECRET)
    expect(setOf(all)).toContain(`"registry.example/team/mcp-${tool.recipe.name}:`)
    const several = join(folder, 'replicas')
    if (!existsSync(several)) return [built]
    fill(several)
    const [, line = ''] =
      /echo '(components: .*)'/.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? []
    writeFiles(overlay, [['kustomization.yaml', `${text}${line}\n`]])
    const scaled = await run([...build, overlay])
    expect(scaled).toContain('kind: HorizontalPodAutoscaler')
    expect(setOf(documentsOf(scaled))).toMatch(
      /"MCP_BRIDGE_REPLICA_KEY_FILE".*"MCP_BRIDGE_TOKEN_FILE"|"MCP_BRIDGE_TOKEN_FILE".*"MCP_BRIDGE_REPLICA_KEY_FILE"/,
    )
    expect(setOf(documentsOf(scaled))).not.toContain('"replicas":')
    return [built, scaled]
  })
  const all = (await Promise.all(made)).flat()
  expect(all.length).toBeGreaterThan(tools.length)
  expect(await validated(all.join('---\n'))).toBe('')
})

test('kubernetes: each pod for Podman is of kinds that it takes', async () => {
  const made = tools.map(async (tool) => {
    const folder = folderOf(tool, 'podman')
    fill(folder)
    return run([...build, folder])
  })
  const all = (await Promise.all(made)).join('---\n')
  const kinds = documentsOf(all).map(({ kind }) => kind)
  expect(new Set(kinds)).toEqual(new Set(['Pod', 'PersistentVolumeClaim', 'ConfigMap', 'Secret']))
  expect(kinds.filter((kind) => kind === 'Pod')).toHaveLength(tools.length)
  expect(await validated(all)).toBe('')
})

function documentsOf(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest)
}

/** What it refers to is there, by the name that kustomize has made. */
function setOf(all: readonly Manifest[]): string {
  const set = JSON.stringify(all.find(({ kind }) => kind === 'StatefulSet'))
  for (const { metadata } of all.filter(({ kind }) => /Secret|ConfigMap/.test(kind)))
    expect(set).toContain(`"${metadata.name}"`)
  return set
}
