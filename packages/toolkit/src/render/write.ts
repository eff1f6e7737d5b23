// render/write: rendered files into a folder, each whole or not at all, and never through a link that is there.
import { randomBytes } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ToolkitError } from '../errors.ts'

/** What is there and has no new text stays. @throws ToolkitError if a file cannot be written */
export function writeFiles(folder: string, files: Iterable<readonly [string, string | Buffer]>): void {
  for (const [name, content] of files) writeFile(join(folder, name), content)
}

/**
 * A file that is there goes as a whole, and what a link leads to stays as it is.
 *
 * @param mode from its first byte on; without it what the umask leaves
 * @throws ToolkitError if it cannot be written
 */
export function writeFile(path: string, content: string | Buffer, mode?: number): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(temporary, content, { flag: 'wx', mode: mode ?? 0o666 })
    // The umask may have taken some of it.
    if (mode !== undefined) chmodSync(temporary, mode)
    renameSync(temporary, path)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw new ToolkitError(
      `cannot write ${path}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`,
      { cause },
    )
  }
}

/** A folder that only its owner may enter; what is in it is read by containers, whoever they are. @throws ToolkitError for a link */
export function privateFolder(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true)
    throw new ToolkitError(`${path} is a link: secrets are written to a folder only`, {
      hint: 'remove the link',
    })
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
}
