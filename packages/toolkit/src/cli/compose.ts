// cli/compose: what `mcp-bridge compose from` does.
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Assets } from '../build/base.ts'
import { parseClientFile } from '../import/client-file.ts'
import { importFile, LITELLM_ENV, type Imported } from '../import/project.ts'
import { ToolkitError } from '../errors.ts'
import { GATEWAY } from '../render/names.ts'
import { privateFolder, readText, writeFile, writeFiles } from '../files.ts'
import { tokenOf } from '../token-file.ts'
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
    for (const [name, text] of imported.secrets) writeSecret(folder, name, text)
  }
  const { tools, remote, remoteSecret, leftOut } = imported
  const files = [...imported.files.keys(), ...imported.secrets.keys()]
  if (common.format === 'json')
    return io.out(json({ folder, tools, remote, remoteSecret, leftOut, files, isDryRun: common.dryRun }))
  io.out(
    table([
      ['TOOL', 'IMAGE', 'NOTES'],
      ...tools.map(({ name, tag, notes }) => [name, tag, notes.join('; ')]),
    ]),
  )
  for (const name of remote) {
    const address = remoteSecret.includes(name)
      ? `, and its address, which holds a secret, in ${LITELLM_ENV}`
      : ''
    io.out(`${name} is served elsewhere: it is in litellm.yaml only${address}\n`)
  }
  for (const line of reasons(imported)) io.out(`left out: ${line}\n`)
  if (!common.dryRun) io.out(`${folder}: compose.yaml, litellm.yaml, images/, secrets/\n${next(folder)}`)
}

/** Only the owner may enter the folder; a file in it can be read by any user, because the container has a uid of its own. */
function writeSecret(folder: string, name: string, text: string): void {
  const path = join(folder, name)
  if (name === LITELLM_ENV) return writeFile(path, text, 0o600)
  privateFolder(dirname(path))
  const before = lstatSync(path, { throwIfNoEntry: false })
  if (before !== undefined && !before.isFile())
    throw new ToolkitError(`${path} is no file: nothing is written through it`, { hint: 'remove it' })
  writeFile(path, before === undefined ? text : completed(readFileSync(path, 'utf8'), text), 0o644)
}

/** Every line of `before` stays; variables that it does not have, not even commented out, are appended. */
function completed(before: string, text: string): string {
  const known = new Set(before.split('\n').map(variableOf))
  const added = text
    .split('\n')
    .filter((line) => variableOf(line) !== undefined && !known.has(variableOf(line)))
  if (added.length === 0) return before
  return `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${added.join('\n')}\n`
}

function variableOf(line: string): string | undefined {
  return /^(?:# )?([A-Z_][A-Z0-9_]*)=/.exec(line)?.[1]
}

/** What LiteLLM was called in folders that an earlier version wrote. */
const FORMER_GATEWAY = 'litellm'

/** The token that LiteLLM has already. */
function tokenIn(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  const text = readFileSync(path, 'utf8')
  return tokenOf(text, GATEWAY) ?? tokenOf(text, FORMER_GATEWAY)
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
