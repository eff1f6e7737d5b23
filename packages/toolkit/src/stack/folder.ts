// stack/folder: the files of the stack, by their path in its folder.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
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

  bytes(...parts: string[]): Buffer {
    return readFileSync(this.path(...parts))
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

  /** Copies a folder or file; modes stay, and so does what is at the target and not here. */
  copy(from: readonly string[], to: readonly string[]): void {
    cpSync(this.path(...from), this.path(...to), { recursive: true, preserveTimestamps: true })
  }

  /** Makes a folder hold exactly these files, by path. What is in both is there at all times: Compose may read it meanwhile. */
  replaceAll(files: ReadonlyMap<string, string | Buffer>, ...parts: string[]): void {
    for (const [path, content] of files) this.write(content, ...parts, ...path.split('/'))
    const kept = [...files.keys()]
    for (const path of this.within(...parts))
      if (!kept.some((each) => each === path || each.startsWith(`${path}/`))) this.remove(...parts, path)
  }

  /** Paths of all that is in a folder, from there; none if it is a file, or missing. */
  within(...parts: string[]): string[] {
    const path = this.path(...parts)
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
    return isFolder ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : []
  }

  isFile(...parts: string[]): boolean {
    return statSync(this.path(...parts), { throwIfNoEntry: false })?.isFile() === true
  }

  remove(...parts: string[]): void {
    rmSync(this.path(...parts), { recursive: true, force: true })
  }
}
