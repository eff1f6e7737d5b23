// The units of every tool of the catalogue, read by Podman's own generator for systemd.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tempDir } from '@mcp-bridge/testkit'
import { catalogue, catalogueTool, readTool, render, writeFiles, type Tool } from '@mcp-bridge/toolkit'
import { beforeAll, expect, test } from 'vitest'
import { outcomeOf, run, type Outcome } from '../e2e/command.ts'
import { nothingLeft } from '../integration/bridges.ts'
import { goEnv } from './go-env.ts'

nothingLeft()

/** As in Debian 13. */
const PODMAN = 'github.com/containers/podman/v5'
const VERSION = 'v5.4.2'

const toolkit = fileURLToPath(new URL('../../packages/toolkit', import.meta.url))
const tools: Tool[] = [
  ...catalogue(join(toolkit, 'catalogue')).map((name) => catalogueTool(join(toolkit, 'catalogue'), name)),
  ...['browser-login', 'script'].map((name) => readTool(join(toolkit, 'samples', name))),
]
let quadlet: string

beforeAll(async () => {
  const cwd = tempDir()
  const env = { ...goEnv(), GOBIN: cwd, CGO_ENABLED: '0' }
  const go = async (...args: string[]): Promise<unknown> =>
    run(['go', ...args], { cwd, env, withinMs: 600_000 })
  await go('mod', 'init', 'example.com/quadlet')
  await go('get', `${PODMAN}/cmd/quadlet@${VERSION}`)
  await go('install', `${PODMAN}/cmd/quadlet`)
  quadlet = join(cwd, 'quadlet')
})

async function generated(units: string): Promise<Outcome> {
  return outcomeOf([quadlet, '-dryrun', '-user'], { env: { QUADLET_UNIT_DIRS: units } })
}

test('quadlet: the generator can say no', async () => {
  const folder = tempDir()
  writeFileSync(join(folder, 'bad.container'), '[Container]\nImage=x:1\nReadOnyl=true\n')
  const { code, stderr } = await generated(folder)
  expect([code, stderr]).toEqual([1, expect.stringContaining('ReadOnyl')])
})

test('quadlet: each tool becomes a service as hardened as in Compose, on a network of its own', async () => {
  const folder = tempDir()
  for (const tool of tools) {
    const { files } = render(tool, { bridgeVersion: '0.1.0', platforms: ['podman'] })
    writeFiles(
      folder,
      [...files]
        .filter(([path]) => /\.(container|network)$/.test(path))
        .map(([path, text]): [string, string | Buffer] => [path.replace('podman/', ''), text]),
    )
  }
  const { code, stdout, stderr } = await generated(folder)
  expect([code, stderr.split('\n').filter((line) => !/Loading source unit/.test(line))]).toEqual([0, ['']])
  for (const { recipe } of tools) {
    const name = `mcp-${recipe.name}`
    const service = stdout.split(/^---/m).find((each) => each.startsWith(`${name}.service---`)) ?? ''
    const [, start = ''] = /^ExecStart=(.*)$/m.exec(service) ?? []
    for (const option of [
      ...['--read-only', '--read-only-tmpfs=false', '--cap-drop all', '--security-opt=no-new-privileges'],
      ...['--user 10001:0', `--network ${name}`, `--pids-limit ${recipe.resources.pids}`],
      ...[
        `--memory=${recipe.resources.memory}`,
        `--cpus=${recipe.resources.cpus}`,
        `--secret ${name}-tokens,`,
      ],
    ])
      expect(start).toContain(option)
    expect(start).not.toMatch(/--privileged|--cap-add|--publish|--device/)
    const network = stdout.split(/^---/m).find((each) => each.startsWith(`${name}-network.service---`)) ?? ''
    expect([name, network.includes('--internal')]).toEqual([name, recipe.network === 'none'])
  }
})

test('quadlet: a drop-in of a person is read beside the unit', async () => {
  const folder = tempDir()
  const { files } = render(catalogueTool(join(toolkit, 'catalogue'), 'fetch'), {
    bridgeVersion: '0.1.0',
    platforms: ['podman'],
  })
  for (const file of ['mcp-fetch.container', 'mcp-fetch.network'])
    writeFileSync(join(folder, file), files.get(`podman/${file}`) ?? '')
  mkdirSync(join(folder, 'mcp-fetch.container.d'))
  const readme = files.get('podman/README.md')?.toString() ?? ''
  const [, dropIn = ''] = /printf '([^']*)'/.exec(readme) ?? []
  writeFileSync(join(folder, 'mcp-fetch.container.d/port.conf'), dropIn.replaceAll(String.raw`\n`, '\n'))
  const { code, stdout } = await generated(folder)
  expect([code, stdout]).toEqual([0, expect.stringContaining('--publish 127.0.0.1:8000:8000')])
})
