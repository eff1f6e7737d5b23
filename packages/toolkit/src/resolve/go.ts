// resolve/go: asks go which module a path belongs to, and which programs it has.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, ToolkitError } from '../errors.ts'
import { go } from '../lock/packager.ts'
import { inTempFolder } from '../temp.ts'
import { pickProgram } from './pick-program.ts'
import type { Found } from './found.ts'

export async function resolveGo(path: string, version: string | undefined, entry?: string): Promise<Found> {
  return inTempFolder('go', async (folder) => {
    writeFileSync(join(folder, 'go.mod'), 'module tool\n')
    const { module, exact } = await moduleOf(folder, path, version)
    const programs = await programsOf(folder, module, exact)
    const wanted = entry ?? (path === module ? undefined : path)
    const found = pickProgram({
      label: `${module}@${exact}`,
      programs: Object.fromEntries(programs.map((each) => [each, each])),
      preferred: programs.find((each) => each.endsWith(`/cmd/${baseOf(module)}`)) ?? module,
      entry: wanted,
    })
    return { module, version: exact, entry: found, source: sourceOf(module) }
  })
}

/** What a module is called, without the number of its major version: `…/thing/v2`. */
function baseOf(module: string): string | undefined {
  return module
    .replace(/\/v\d+$/, '')
    .split('/')
    .at(-1)
}

/** The longest part of the path that is a module of this version. */
async function moduleOf(
  folder: string,
  path: string,
  version = 'latest',
): Promise<{ module: string; exact: string }> {
  const parts = path.split('/')
  let reason: unknown
  for (let count = parts.length; count > 1; count -= 1) {
    const module = parts.slice(0, count).join('/')
    try {
      const text = await go(['list', '-m', '-json', `${module}@${version}`], folder)
      const { Version } = JSON.parse(text) as { Version: string }
      return { module, exact: Version }
    } catch (error) {
      if (!(error instanceof ToolkitError)) throw error
      reason ??= error
    }
  }
  const said = messageOf(reason).split('\n').at(-1)?.replace(/^\W+/, '')
  const hint = reason instanceof ToolkitError ? reason.hint : undefined
  throw new ToolkitError(`no module of ${path}@${version} is to be had: ${said}`, {
    cause: reason,
    ...(hint === undefined ? {} : { hint }),
  })
}

async function programsOf(folder: string, module: string, version: string): Promise<string[]> {
  const dir = await downloadedModule(folder, module, version)
  const format = '{{if eq .Name "main"}}{{.ImportPath}}{{end}}'
  // Imports are not looked up: nothing is written into the cache, and nothing fetched.
  const list = await go(['list', '-e', '-find', '-mod=readonly', '-f', format, './...'], dir)
  return list
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** The folder of its files, in the cache of go. */
export async function downloadedModule(folder: string, module: string, version: string): Promise<string> {
  const text = await go(['mod', 'download', '-json', `${module}@${version}`], folder)
  return (JSON.parse(text) as { Dir: string }).Dir
}

function sourceOf(module: string): string | undefined {
  return /^github\.com\/[^/]+\/[^/]+/.test(module)
    ? `https://${module.split('/').slice(0, 3).join('/')}`
    : undefined
}
