// build/check: asks the tool of an image once what it offers: hardened, without a network, as `mcp-bridge check` does.
import { execa } from 'execa'
import { BRIDGE, program, TINI } from '../render/layout.ts'
import type { Recipe } from '../recipe/schema.ts'

export type Checked =
  | { ok: true; name: string; version: string; tools: string[]; warnings: string[] }
  | {
      ok: false
      /** What the bridge said, with what to do about it. */
      text: string
      /** What it lacks is there only where it will run: its variables, a network, a login. */
      isForItsPlace: boolean
    }

/** Missing at a build, and no fault of it. */
const OF_ITS_PLACE = new Set(['variable', 'network', 'login'])

export async function checkImage(tag: string, recipe: Recipe): Promise<Checked> {
  const { stdout, stderr, exitCode } = await execa(
    'docker',
    [
      ...['run', '--rm', ...hardened(recipe)],
      ...['--entrypoint', TINI, tag, '--', BRIDGE, 'check', '--format', 'json'],
      ...['--', ...program(recipe), ...recipe.args],
    ],
    { stdin: 'ignore', reject: false },
  )
  const answer = read(stdout)
  if (exitCode === 0 && answer?.tools !== undefined) {
    const { name = '', version = '', tools, warnings = [] } = answer
    return { ok: true, name, version, tools: tools.map((tool) => tool.name), warnings }
  }
  const wants = missingIn(recipe)
  return {
    ok: false,
    text: stderr.trim(),
    isForItsPlace: wants.length > 0 || OF_ITS_PLACE.has(answer?.error?.cause ?? ''),
  }
}

/** Options of `docker run`: what a tool has when nothing is given to it. */
export function hardened({ resources, volumes }: Recipe): string[] {
  return [
    ...['--network', 'none', '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ...['--tmpfs', '/tmp:mode=1777,size=256m'],
    ...['--memory', resources.memory, '--pids-limit', String(resources.pids)],
    ...volumes.flatMap(({ path }) => ['--volume', path]),
  ]
}

/** What a tool cannot do without, and an image does not have. */
function missingIn({ environment, secrets }: Recipe): string[] {
  return [...environment.filter((each) => each.default === undefined), ...secrets]
    .filter(({ required }) => required)
    .map(({ name }) => name)
}

interface Answer {
  name?: string
  version?: string
  tools?: { name: string }[]
  warnings?: string[]
  error?: { cause?: string }
}

/** What our own program wrote. */
function read(text: string): Answer | undefined {
  try {
    return JSON.parse(text) as Answer
  } catch {
    return undefined
  }
}
