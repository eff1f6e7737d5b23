// stack/folder: the files of the stack, by their path in its folder.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeFile } from '../files.ts'

/** Bridges run as another user and must read these files; the folder `people/` keeps other users of the host out. */
const READABLE = 0o644
const OWNER_ONLY = 0o600
const OWNER_ONLY_FOLDER = 0o700

export class Folder {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts)
  }

  has(...parts: string[]): boolean {
    return existsSync(this.path(...parts))
  }

  /** Empty if there is no such file. */
  read(...parts: string[]): string {
    return this.has(...parts) ? readFileSync(this.path(...parts), 'utf8') : ''
  }

  /** Names in a folder, sorted; none if it is missing. */
  list(...parts: string[]): string[] {
    return this.has(...parts) ? readdirSync(this.path(...parts)).toSorted() : []
  }

  /** Replaces a file that bridges read. They mount the folder: a mounted file would stay the old one after the rename. */
  write(content: string | Buffer, ...parts: string[]): void {
    writeFile(this.path(...parts), content, READABLE)
  }

  /** Replaces a file that only its owner may read. */
  writeSecret(content: string, ...parts: string[]): void {
    writeFile(this.path(...parts), content, OWNER_ONLY)
  }

  /** Makes a folder that only its owner may enter. */
  makePrivate(...parts: string[]): void {
    mkdirSync(this.path(...parts), { recursive: true })
    chmodSync(this.path(...parts), OWNER_ONLY_FOLDER)
  }

  /** Moves a folder or file; what stands at the target is removed. */
  move(from: readonly string[], to: readonly string[]): void {
    this.remove(...to)
    mkdirSync(dirname(this.path(...to)), { recursive: true })
    renameSync(this.path(...from), this.path(...to))
  }

  remove(...parts: string[]): void {
    rmSync(this.path(...parts), { recursive: true, force: true })
  }
}
