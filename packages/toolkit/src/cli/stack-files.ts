// cli/stack-files: the files of a stack on the disk: what is secret for its owner alone, and nothing lost of an earlier stack.
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ToolkitError } from '../errors.ts'
import { privateFolder, writeFile, writeFiles } from '../files.ts'
import { completed, withVariable, type Listening } from '../import/dotenv.ts'
import { LITELLM_ENV, type Imported } from '../import/project.ts'
import { GATEWAY } from '../render/names.ts'
import { tokenOf } from '../token-file.ts'

/** What was filled in by hand in an earlier stack stays. */
export function writeStack(folder: string, { files, secrets }: Imported, listens: Listening): void {
  writeFiles(folder, files)
  const caddyfile = files.get('Caddyfile')
  // The container's root may read it, whatever the umask here: it has no capability to read all files.
  if (caddyfile !== undefined) writeFile(join(folder, 'Caddyfile'), caddyfile, 0o644)
  for (const [name, text] of secrets) writeSecret(folder, name, text, listens)
}

/** Only the owner may enter the folder; a file in it can be read by any user, because the container has a uid of its own. */
function writeSecret(folder: string, name: string, text: string, { bind, port }: Listening): void {
  const path = join(folder, name)
  const before = lstatSync(path, { throwIfNoEntry: false })
  if (!name.startsWith('secrets/')) {
    const old = before?.isFile() === true && name !== LITELLM_ENV ? readFileSync(path, 'utf8') : ''
    if (name !== '.env') return writeFile(path, name === LITELLM_ENV ? filledIn(path, text) : text, 0o600)
    const kept = withVariable(withVariable(completed(old, text), 'MCP_BIND', bind), 'MCP_PORT', String(port))
    return writeFile(path, old === '' ? text : kept, 0o600)
  }
  privateFolder(dirname(path))
  if (before !== undefined && !before.isFile())
    throw new ToolkitError(`${path} is no file: nothing is written through it`, { hint: 'remove it' })
  const old = before === undefined ? undefined : readFileSync(path, 'utf8')
  if (old === undefined) return writeFile(path, text, 0o644)
  writeFile(path, name.endsWith('.tokens') ? withNewTokens(old, text) : completed(old, text), 0o644)
}

/** Lines that LiteLLM's file asked somebody to fill in keep what was written there. */
function filledIn(path: string, text: string): string {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return text
  const before = readFileSync(path, 'utf8').split('\n')
  return text
    .split('\n')
    .map((line) => (/^\w+=$/.test(line) ? (before.find((each) => each.startsWith(line)) ?? line) : line))
    .join('\n')
}

/** Names that are known keep their token. */
function withNewTokens(before: string, text: string): string {
  const known = new Set(before.split('\n').map((line) => line.split(':')[0]))
  const isFormer = known.has(FORMER_GATEWAY)
  const added = text
    .split('\n')
    .filter(
      (line) =>
        line !== '' && !known.has(line.split(':')[0]) && !(isFormer && line.startsWith(`${GATEWAY}:`)),
    )
  if (added.length === 0) return before
  return `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${added.join('\n')}\n`
}

/** What LiteLLM was called in folders that an earlier version wrote. */
const FORMER_GATEWAY = 'litellm'

/** The token that somebody has already. */
export function tokenIn(folder: string, service: string, principal: string): string | undefined {
  const path = join(folder, 'secrets', `${service}.tokens`)
  if (!existsSync(path)) return undefined
  const text = readFileSync(path, 'utf8')
  return tokenOf(text, principal) ?? (principal === GATEWAY ? tokenOf(text, FORMER_GATEWAY) : undefined)
}
