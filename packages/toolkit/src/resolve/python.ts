// resolve/python: has uv fetch a package alone, and reads which commands it declares.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ToolkitError } from '../errors.ts'
import { uv } from '../lock/packager.ts'
import { PYTHON_VERSION } from '../render/layout.ts'
import { inTempFolder } from '../temp.ts'
import { canonical } from '../lock/lock.ts'
import { pickProgram } from './pick-program.ts'
import type { Found } from './found.ts'

export async function resolvePython(
  name: string,
  version: string | undefined,
  entry?: string,
): Promise<Found> {
  const wanted = version === undefined ? name : `${name}==${version}`
  return inTempFolder('wheel', async (folder) => {
    const info = await unpackedInfo(wanted, folder)
    const metadata = readFileSync(join(info, 'METADATA'), 'utf8')
    const commands = commandsOf(info)
    return {
      version: header(metadata, 'Version') ?? version ?? '',
      entry: pickProgram({
        label: wanted,
        programs: Object.fromEntries(commands.map((each) => [each, each])),
        preferred: commands.find((each) => canonical(each) === canonical(name)) ?? name,
        entry,
      }),
      description: header(metadata, 'Summary'),
      license: header(metadata, 'License-Expression'),
      source: repositoryUrl(metadata),
      serverName: /\bmcp-name:\s*([\w./-]+)/.exec(metadata)?.[1],
    }
  })
}

/** The folder of what a package says about itself. Nothing of it is run: its wheel is only unpacked. */
export async function unpackedInfo(wanted: string, folder: string): Promise<string> {
  await uv(
    [
      ...['pip', 'install', '--quiet', '--no-deps', '--python-version', PYTHON_VERSION, '--no-build'],
      ...['--no-compile-bytecode', '--target', folder, '--', wanted],
    ],
    folder,
  )
  const info = readdirSync(folder).find((each) => each.endsWith('.dist-info'))
  if (info === undefined) throw new ToolkitError(`${wanted} says nothing about itself`)
  return join(folder, info)
}

/** The section console_scripts of entry_points.txt. */
function commandsOf(info: string): string[] {
  if (!readdirSync(info).includes('entry_points.txt')) return []
  const [, section = ''] =
    /\[console_scripts\]([^[]*)/.exec(readFileSync(join(info, 'entry_points.txt'), 'utf8')) ?? []
  return section
    .split('\n')
    .map((line) => line.split('=')[0]?.trim() ?? '')
    .filter((name) => name !== '')
}

function header(metadata: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(metadata.split('\n\n')[0] ?? '')?.[1]
}

function repositoryUrl(metadata: string): string | undefined {
  return /^Project-URL: (?:Repository|Source|Source Code|Homepage), *(.*)$/im
    .exec(metadata)?.[1]
    ?.replace(/\.git$/, '')
}
