// resolve/python: has uv fetch a package alone, and reads which commands it declares.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ToolkitError } from '../errors.ts'
import { uv } from '../exec.ts'
import { PYTHON_VERSION } from '../render/layout.ts'
import { canonical } from '../lock/lock.ts'
import { pickProgram } from './pick-program.ts'
import type { Found } from './found.ts'

export async function resolvePython(
  name: string,
  version: string | undefined,
  entry?: string,
): Promise<Found> {
  const wanted = version === undefined ? name : `${name}==${version}`
  const folder = mkdtempSync(join(tmpdir(), 'mcp-bridge-wheel-'))
  try {
    // Nothing of it is run: the wheel is only unpacked.
    await uv([
      ...['pip', 'install', '--quiet', '--no-deps', '--python-version', PYTHON_VERSION, '--no-build'],
      ...['--no-compile-bytecode', '--target', folder, '--', wanted],
    ])
    const info = readdirSync(folder).find((each) => each.endsWith('.dist-info'))
    if (info === undefined) throw new ToolkitError(`${wanted} says nothing about itself`)
    const metadata = readFileSync(join(folder, info, 'METADATA'), 'utf8')
    const commands = commandsOf(join(folder, info))
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
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
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
