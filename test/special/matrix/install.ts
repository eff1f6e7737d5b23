// matrix/install: the versions, in one place, and their installation into folders of the run.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '@mcp-bridge/testkit'
import { registryEnv, run } from '../../e2e/command.ts'

/** Of what pnpm installs, what pnpm has installed. */
function ofWorkspace(name: string): string {
  const path = new URL(`../../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}

/** Of the programs that the tests with clients run. The tables in README.md and docs/CLIENTS.md name them. */
export const VERSIONS = {
  sdk: ofWorkspace('@modelcontextprotocol/sdk'),
  client: ofWorkspace('@modelcontextprotocol/client'),
  everything: ofWorkspace('@modelcontextprotocol/server-everything'),
  inspector: '2.12.0',
  context7: '4.1.1',
  python1: '1.30.0',
  python2: '2.3.0',
  fastmcp: '4.2.3',
  time: '2026.10.19',
  uv: '0.13.9',
} as const

/** Paths of programs. */
export interface Installed {
  /** Python with `mcp` 1.x. */
  python1: string
  /** Python with `mcp` 2.x. */
  python2: string
  /** Python with FastMCP. */
  fastmcp: string
  /** mcp-server-time. */
  time: string
  /** Scripts for Node. */
  inspector: string
  context7: string
}

let uv: Promise<string> | undefined

/** pip takes twenty seconds of a processor for what uv does in one; uv itself comes from PyPI too. */
async function uvInstalled(folder: string, env: Readonly<Record<string, string>>): Promise<string> {
  const programs = join(folder, 'uv/bin')
  await run(['python3', '-m', 'venv', join(folder, 'uv')], { env })
  const pip = [join(programs, 'pip'), '--disable-pip-version-check', 'install', '--quiet']
  await run([...pip, `uv==${VERSIONS.uv}`], { env, withinMs: 300_000 })
  return join(programs, 'uv')
}

/** The folder of the programs of an environment that has these packages. */
export async function pythonInstalled(...wanted: readonly string[]): Promise<string> {
  const folder = tempDir()
  const cache = join(folder, 'cache')
  const own = { ...registryEnv(cache), PIP_CACHE_DIR: cache, UV_CACHE_DIR: cache }
  const index = process.env['PIP_INDEX_URL']
  const env = index === undefined ? own : { UV_DEFAULT_INDEX: index, ...own }
  uv ??= uvInstalled(folder, env)
  const programs = join(folder, 'venv/bin')
  await run([await uv, 'venv', '--quiet', '--python', 'python3', join(folder, 'venv')], { env })
  const install = [await uv, 'pip', 'install', '--quiet', '--python', join(programs, 'python')]
  await run([...install, ...wanted], { env, withinMs: 300_000 })
  return programs
}

/** The folder of the modules. */
export async function npmInstalled(...wanted: readonly string[]): Promise<string> {
  const folder = tempDir()
  const env = registryEnv(join(folder, 'cache'))
  const npm = ['npm', 'install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund']
  await run([...npm, ...wanted], { env, cwd: folder, withinMs: 300_000 })
  return join(folder, 'node_modules')
}

export async function install(): Promise<Installed> {
  const [one, two, modules] = await Promise.all([
    pythonInstalled(`mcp==${VERSIONS.python1}`),
    pythonInstalled(
      `mcp==${VERSIONS.python2}`,
      `fastmcp==${VERSIONS.fastmcp}`,
      `mcp-server-time==${VERSIONS.time}`,
    ),
    npmInstalled(
      `@modelcontextprotocol/inspector@${VERSIONS.inspector}`,
      `@upstash/context7-mcp@${VERSIONS.context7}`,
    ),
  ])
  return {
    python1: join(one, 'python'),
    python2: join(two, 'python'),
    fastmcp: join(two, 'python'),
    time: join(two, 'mcp-server-time'),
    inspector: join(modules, '@modelcontextprotocol/inspector/clients/launcher/build/index.js'),
    context7: join(modules, '@upstash/context7-mcp/dist/index.js'),
  }
}
