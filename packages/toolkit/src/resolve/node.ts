// resolve/node: asks npm what a package is, and which file its command is.
import { ToolkitError } from '../errors.ts'
import { exec } from '../exec.ts'
import { pickProgram } from './pick-program.ts'
import type { Found } from './found.ts'

/** Written by the package: every field may be missing or of another type. */
interface View {
  version?: unknown
  bin?: unknown
  description?: unknown
  license?: unknown
  mcpName?: unknown
  repository?: unknown
}

const FIELDS = ['version', 'bin', 'description', 'license', 'mcpName', 'repository']

export async function resolveNode(name: string, version: string | undefined, entry?: string): Promise<Found> {
  const wanted = version === undefined ? name : `${name}@${version}`
  const text = await exec(['npm', 'view', wanted, ...FIELDS, '--json'])
  if (text.trim() === '')
    throw new ToolkitError(`npm has no ${wanted}`, { hint: `its versions: npm view ${name} versions` })
  const answer = JSON.parse(text) as View | null | (View | null)[]
  const view = (Array.isArray(answer) ? answer.at(-1) : answer) ?? {}
  const found = textOf(view.version)
  if (found === undefined) throw new ToolkitError(`npm gives no version of ${wanted}`)
  const base = name.split('/').at(-1) ?? name
  const programs = typeof view.bin === 'string' ? { [base]: view.bin } : textsOf(view.bin)
  return {
    version: found,
    entry: pickProgram({ label: wanted, programs, preferred: base, entry }).replace(/^\.\//, ''),
    description: textOf(view.description),
    license: textOf(view.license),
    serverName: textOf(view.mcpName),
    source: repositoryUrl(view.repository),
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function textsOf(value: unknown): Record<string, string> {
  const entries = Object.entries(typeof value === 'object' ? (value ?? {}) : {})
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function repositoryUrl(repository: unknown): string | undefined {
  return (textOf(repository) ?? textsOf(repository)['url'])
    ?.replace(/^git\+/, '')
    .replace(/^(ssh|git):\/\/(git@)?/, 'https://')
    .replace(/\.git$/, '')
}
