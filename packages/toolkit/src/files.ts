// files: read and written whole, and with a sentence where that fails.
import { randomBytes } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ToolkitError } from './errors.ts'

/** @throws ToolkitError if it cannot be read */
export function readText(path: string, options: { hint?: string } = {}): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ToolkitError(`cannot read ${path}: ${reasonOf(cause)}`, { ...options, cause })
  }
}

/** Files that are there and are not among these stay. @throws ToolkitError if one cannot be written */
export function writeFiles(folder: string, files: Iterable<readonly [string, string | Buffer]>): void {
  for (const [name, content] of files) writeFile(join(folder, name), content)
}

/**
 * Replaces the file by renaming a new one over it: nobody ever sees half of it, and a link is replaced instead of followed.
 *
 * @param mode from its first byte on; without it what the umask leaves
 * @throws ToolkitError if it cannot be written
 */
export function writeFile(path: string, content: string | Buffer, mode?: number): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(temporary, content, { flag: 'wx', mode: mode ?? 0o666 })
    // The umask may have taken some of the mode.
    if (mode !== undefined) chmodSync(temporary, mode)
    renameSync(temporary, path)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw new ToolkitError(`cannot write ${path}: ${reasonOf(cause)}`, { cause })
  }
}

/** A folder that only its owner may enter; containers read what is in it through mounts. @throws ToolkitError for a link */
export function privateFolder(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true)
    throw new ToolkitError(`${path} is a link: secrets are written to a folder only`, {
      hint: 'remove the link',
    })
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
}

function reasonOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? String(cause)
}
