// e2e/tarball: the package as it would be published.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tempDir } from '@mcp-bridge/testkit'
import { run } from './command.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Packs `packages/bridge` into a temporary folder; gives the path of the tarball. */
export async function pack(): Promise<string> {
  const folder = tempDir()
  const pnpm = join(root, 'node_modules/.bin/pnpm')
  await run([pnpm, 'pack', '--pack-destination', folder], { cwd: join(root, 'packages/bridge') })
  const [name = '', ...others] = readdirSync(folder)
  if (others.length > 0) throw new Error(`more than a tarball: ${others.join(', ')}`)
  return join(folder, name)
}

/** Installs it with npm into a new empty folder; gives the folder. */
export async function installed(tarball: string, env: Record<string, string>): Promise<string> {
  const folder = tempDir()
  await run(['npm', 'init', '-y', '--init-type=module'], { cwd: folder, env })
  await run(['npm', 'install', '--no-audit', '--no-fund', tarball], { cwd: folder, env })
  return folder
}
