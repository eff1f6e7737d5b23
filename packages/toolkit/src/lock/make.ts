// lock/make: asks npm, uv or go which versions a tool needs, and keeps their answer without any address.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exec, go, uv } from '../exec.ts'
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
  return pick(folder, ['package.json', 'package-lock.json'])
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
