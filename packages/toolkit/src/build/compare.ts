// build/compare: what the tool of an image says of itself, against what was accepted; the bridge itself asks and compares.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { ToolkitError } from '../errors.ts'
import { writeFile } from '../files.ts'
import { program, TINI } from '../render/layout.ts'
import type { Recipe } from '../recipe/schema.ts'
import { TOOLS_LOCK } from '../recipe/tools-lock.ts'
import { inTempFolder } from '../temp.ts'
import { hardened } from './check.ts'

export interface Compared {
  changes: readonly ToolChange[]
  /** What there is now, as a lock. */
  now: Buffer
}

/** As `mcp-bridge tools diff --format json` has it. */
export interface ToolChange {
  tool: string
  change: 'changed' | 'added' | 'removed'
  lines: string[]
  odd: string[]
}

/**
 * Starts the tool of an image once, with what `checkImage` gives it.
 *
 * @param bundle the bridge in one file; its program is beside that folder
 * @param accepted what was; undefined where nothing was yet
 * @throws ToolkitError if it cannot be asked: it wants a variable, or a network
 */
export function compareTools(
  { tag, recipe }: { tag: string; recipe: Recipe },
  bundle: string,
  accepted: Buffer | undefined,
): Promise<Compared> {
  return inTempFolder('tools', async (folder) => {
    const path = join(folder, TOOLS_LOCK)
    if (accepted !== undefined) writeFile(path, accepted)
    const bridge = [
      join(dirname(bundle), '../bin/mcp-bridge.js'),
      'tools',
      'accept',
      '--format',
      'json',
      '--tools-lock',
      path,
    ]
    const found = JSON.parse(await asked(bridge, { tag, recipe })) as { servers: { changes: ToolChange[] }[] }
    return { changes: found.servers.flatMap((server) => server.changes), now: readFileSync(path) }
  })
}

/** For people, as `mcp-bridge tools diff` writes it. */
export function changesText(changes: readonly ToolChange[]): string {
  return changes
    .flatMap(({ tool, change, lines, odd }) => [
      `${SIGNS[change]} ${tool}: ${change}`,
      ...[...lines, ...odd.map((what) => `! ${what}`)].map((line) => `    ${line}`),
    ])
    .map((line) => `${line}\n`)
    .join('')
}

const SIGNS = { changed: '~', added: '+', removed: '-' } as const

/** Gives its stdout. */
async function asked(
  bridge: readonly string[],
  { tag, recipe }: { tag: string; recipe: Recipe },
): Promise<string> {
  const container = `mcp-bridge-ask-${randomBytes(6).toString('hex')}`
  try {
    const { stdout, stderr, exitCode } = await execa(
      process.execPath,
      [
        ...bridge,
        // Where the engine is, and with which rights.
        ...['--pass-env', 'DOCKER_*', '--', 'docker', 'run', '--rm', '--interactive', '--name', container],
        ...[...hardened(recipe), '--entrypoint', TINI, tag, '--', ...program(recipe), ...recipe.args],
      ],
      { stdin: 'ignore', reject: false },
    )
    if (exitCode === 0) return stdout
    throw new ToolkitError(
      `the tool of ${tag} cannot be asked what it offers:\n${stderr.trim().replaceAll(/^/gm, '  ')}`,
      {
        hint: 'give it what it needs: mcp-bridge tools accept, see docs/IMAGES.md',
      },
    )
  } finally {
    // One that is deaf to SIGTERM outlives the client that has started it.
    await execa('docker', ['rm', '--force', container], { stdin: 'ignore', reject: false })
  }
}
