// resolve/node: asks npm what a package is, and which file its command is.
import { ToolkitError } from '../problem.ts'
import { runTool } from '../run.ts'
import { chosen } from './choose.ts'
import type { Found } from './draft.ts'

interface View {
  version?: string
  bin?: string | Record<string, string>
  description?: string
  license?: string
  mcpName?: string
  repository?: string | { url?: string }
}

const FIELDS = ['version', 'bin', 'description', 'license', 'mcpName', 'repository']

export async function resolveNode(name: string, version: string | undefined, entry?: string): Promise<Found> {
  const wanted = version === undefined ? name : `${name}@${version}`
  const text = await runTool(['npm', 'view', wanted, ...FIELDS, '--json'])
  if (text.trim() === '')
    throw new ToolkitError(`npm has no ${wanted}`, { hint: `its versions: npm view ${name} versions` })
  const answer = JSON.parse(text) as View | View[]
  const view = (Array.isArray(answer) ? answer.at(-1) : answer) ?? {}
  if (view.version === undefined) throw new ToolkitError(`npm gives no version of ${wanted}`)
  const base = name.split('/').at(-1) ?? name
  const programs = typeof view.bin === 'string' ? { [base]: view.bin } : (view.bin ?? {})
  return {
    version: view.version,
    entry: chosen({ label: wanted, programs, preferred: base, entry }).replace(/^\.\//, ''),
    description: view.description,
    license: view.license,
    serverName: view.mcpName,
    source: repositoryUrl(view.repository),
  }
}

function repositoryUrl(repository: View['repository']): string | undefined {
  const raw = typeof repository === 'string' ? repository : repository?.url
  return raw
    ?.replace(/^git\+/, '')
    .replace(/^(ssh|git):\/\/(git@)?/, 'https://')
    .replace(/\.git$/, '')
}
