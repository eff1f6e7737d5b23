// cli/compose: what `mcp-bridge compose from` does.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Assets } from '../build/base.ts'
import { parseClientFile } from '../import/client-file.ts'
import { GATEWAY, importFile, LITELLM_ENV, type Imported } from '../import/project.ts'
import { ToolkitError } from '../problem.ts'
import { writeFiles } from '../render/write.ts'
import type { Common, Io } from './image.ts'
import { json, table } from './text.ts'

export async function from(path: string, common: Common, assets: Assets, io: Io): Promise<void> {
  const folder = common.output ?? 'mcp-bridge-stack'
  const imported = await importFile(parseClientFile(readText(path), path), {
    assets,
    tokenOf: (service) => tokenIn(join(folder, 'secrets', `${service}.tokens`)),
    say: (text) => {
      if (common.format === 'table') io.err(`${text}\n`)
    },
  })
  if (imported.tools.length + imported.remote.length === 0)
    throw new ToolkitError(['there is nothing in it that can be wrapped:', ...reasons(imported)].join('\n  '))
  if (!common.dryRun) {
    writeFiles(folder, imported.files)
    chmodSync(join(folder, LITELLM_ENV), 0o600)
    for (const [name, text] of imported.secrets) writeSecret(join(folder, name), text)
  }
  const { tools, remote, leftOut } = imported
  const files = [...imported.files.keys(), ...imported.secrets.keys()]
  if (common.format === 'json')
    return io.out(json({ folder, tools, remote, leftOut, files, isDryRun: common.dryRun }))
  io.out(
    table([
      ['TOOL', 'IMAGE', 'NOTES'],
      ...tools.map(({ name, tag, notes }) => [name, tag, notes.join('; ')]),
    ]),
  )
  for (const name of remote) io.out(`${name} is served elsewhere: it is in litellm.yaml only\n`)
  for (const line of reasons(imported)) io.out(`left out: ${line}\n`)
  if (!common.dryRun) io.out(`${folder}: compose.yaml, litellm.yaml, images/, secrets/\n${next(folder)}`)
}

/** Others' keys are in it: the folder is for its owner, and the files in it for the uid of the container too. */
function writeSecret(path: string, text: string): void {
  if (existsSync(path)) return
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  writeFileSync(path, text, { mode: 0o644 })
}

function tokenIn(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  const line = readFileSync(path, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${GATEWAY}:`))
  return line?.slice(GATEWAY.length + 1).trim()
}

function next(folder: string): string {
  return (
    'next: fill in what is empty in secrets/*.env, then\n' +
    `  mcp-bridge image base && docker compose --project-directory ${folder} up --build --detach --wait\n`
  )
}

function reasons({ leftOut }: Imported): string[] {
  return leftOut.map(({ name, reason }) => `${name}: ${reason}`)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ToolkitError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
  }
}
