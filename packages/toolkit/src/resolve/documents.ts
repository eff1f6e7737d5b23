// resolve/documents: what a package says to people about itself: its README, and its server.json for the MCP registry.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ToolkitError } from '../errors.ts'
import { exec } from '../exec.ts'
import type { Recipe } from '../recipe/schema.ts'
import { inTempFolder } from '../temp.ts'
import { downloadedModule } from './go.ts'
import { unpackedInfo } from './python.ts'

export interface Documents {
  /** Markdown, mostly; empty if there is none. */
  readme: string
  /** Text of server.json, if the package has it. */
  server: string | undefined
}

const NONE: Documents = { readme: '', server: undefined }
const README = /^readme(\.(md|markdown|mdx|rst|txt))?$/i

/** What cannot be had is left out: a tool can be built without it. Nothing of the package is run. */
export async function documentsOf(recipe: Recipe): Promise<Documents> {
  try {
    return await inTempFolder('documents', (folder) => read(recipe, folder))
  } catch (error) {
    if (error instanceof ToolkitError) return NONE
    throw error
  }
}

async function read(recipe: Recipe, folder: string): Promise<Documents> {
  switch (recipe.runtime) {
    case 'node':
      return ofNpm(`${recipe.package}@${recipe.version}`, folder)
    case 'python':
      return ofPython(await unpackedInfo(`${recipe.package}==${recipe.version}`, folder), folder)
    case 'go':
      return ofFolder(await downloadedModule(folder, recipe.package, recipe.version))
    case 'binary':
    case 'image':
      return NONE
  }
}

async function ofNpm(wanted: string, folder: string): Promise<Documents> {
  await exec(['npm', 'pack', wanted, '--ignore-scripts', '--silent', '--pack-destination', folder], {
    cwd: folder,
  })
  const [archive = ''] = readdirSync(folder)
  const names = (await exec(['tar', '-tzf', archive], { cwd: folder })).split('\n')
  // To stdout: no file or link of the archive is ever written here.
  const text = async (pattern: RegExp) => {
    const name = names.find((each) => {
      const [, file = '', deeper] = each.split('/')
      return deeper === undefined && pattern.test(file)
    })
    return name === undefined ? undefined : exec(['tar', '-xzOf', archive, '--', name], { cwd: folder })
  }
  return { readme: (await text(README)) ?? '', server: await text(/^server\.json$/) }
}

/** A wheel has its README behind the headers of its metadata. */
function ofPython(info: string, folder: string): Documents {
  const metadata = readFileSync(join(info, 'METADATA'), 'utf8')
  const end = metadata.search(/\r?\n\r?\n/)
  return { readme: end === -1 ? '' : metadata.slice(end), server: ofFolder(folder).server }
}

function ofFolder(folder: string): Documents {
  const files = readdirSync(folder, { withFileTypes: true }).filter((each) => each.isFile())
  const text = (pattern: RegExp) => {
    const found = files.find(({ name }) => pattern.test(name))
    return found === undefined ? undefined : readFileSync(join(folder, found.name), 'utf8')
  }
  return { readme: text(README) ?? '', server: text(/^server\.json$/) }
}
