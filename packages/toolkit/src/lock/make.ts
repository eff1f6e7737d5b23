// lock/make: asks npm, uv or go which versions a tool needs, and keeps their answer without any address.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exec } from '../exec.ts'
import { go, uv } from './packager.ts'
import type { Recipe } from '../recipe/schema.ts'
import { GO_VERSION, PYTHON_VERSION } from '../render/layout.ts'
import { inTempFolder } from '../temp.ts'
import { checkLock, type Lock } from './lock.ts'

/**
 * Makes the lock of a recipe. A binary and an image keep the lock they have: there are no packages to look up.
 *
 * @throws ToolkitError if the program is missing or says no
 */
export async function makeLock(recipe: Recipe, present: Lock = new Map()): Promise<Lock> {
  const lock = await inTempFolder('lock', (folder) => lockIn(folder, recipe, present))
  checkLock(recipe, lock)
  return lock
}

async function lockIn(folder: string, recipe: Recipe, present: Lock): Promise<Lock> {
  switch (recipe.runtime) {
    case 'node':
      return lockNode(folder, recipe)
    case 'python':
      return lockPython(folder, recipe)
    case 'go':
      return lockGo(folder, recipe)
    case 'binary':
    case 'image':
      return present
  }
}

async function lockNode(folder: string, recipe: Recipe & { runtime: 'node' }): Promise<Lock> {
  const manifest = { name: 'tool', private: true, dependencies: { [recipe.package]: recipe.version } }
  write(folder, 'package.json', `${JSON.stringify(manifest, undefined, 2)}\n`)
  await exec(
    ['npm', 'install', '--package-lock-only', '--omit-lockfile-registry-resolved', '--ignore-scripts'],
    { cwd: folder, env: { npm_config_audit: 'false', npm_config_fund: 'false' } },
  )
  const made = pick(folder, ['package.json', 'package-lock.json'])
  const text = made.get('package-lock.json')?.toString() ?? ''
  return new Map([...made, ['package-lock.json', Buffer.from(withoutUnavailable(text))]])
}

/**
 * Takes out what is optional and not to be had: a mirror, or a half-published release, may lack the programs of other
 * platforms. npm leaves them out of the lock, and then refuses the lock because they are missing.
 */
export function withoutUnavailable(text: string): string {
  const lock = JSON.parse(text) as {
    packages?: Record<string, { optionalDependencies?: Record<string, string> }>
  }
  const packages = lock.packages ?? {}
  const present = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)))
  let isChanged = false
  for (const each of Object.values(packages)) {
    const all = Object.entries(each.optionalDependencies ?? {})
    const had = all.filter(([name]) => present.has(name))
    if (had.length === all.length) continue
    isChanged = true
    each.optionalDependencies = Object.fromEntries(had)
  }
  return isChanged ? `${JSON.stringify(lock, undefined, 2)}\n` : text
}

/** One lock for every platform: at build pip takes what fits its own. */
async function lockPython(folder: string, recipe: Recipe & { runtime: 'python' }): Promise<Lock> {
  write(folder, 'in.txt', [`${recipe.package}==${recipe.version}`, ...recipe.with, ''].join('\n'))
  write(folder, 'override.txt', [...recipe.override, ''].join('\n'))
  const quiet = ['--quiet', '--no-annotate', '--no-header', '--no-emit-index-url', '--no-emit-find-links']
  const wheels = recipe.allowScripts ? [] : ['--no-build']
  await uv(
    [
      ...['pip', 'compile', '--universal', '--python-version', PYTHON_VERSION, '--generate-hashes'],
      ...[...quiet, ...wheels, '--override', 'override.txt', '--output-file', 'requirements.txt', 'in.txt'],
    ],
    folder,
  )
  return pick(folder, ['requirements.txt'])
}

async function lockGo(folder: string, recipe: Recipe & { runtime: 'go' }): Promise<Lock> {
  write(folder, 'go.mod', `module tool\n\ngo ${GO_VERSION}\n`)
  await go(['get', '-tool', `${recipe.entry}@${recipe.version}`], folder)
  return pick(folder, ['go.mod', 'go.sum'])
}

function write(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, name), text)
}

function pick(folder: string, names: readonly string[]): Lock {
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]))
}
