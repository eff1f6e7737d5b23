// import/mounts: folders and files of this machine that a tool is told of → mounts, and the user who may write there.
import { basename, dirname } from 'node:path'
import { forCompose, insisted, readText, type Question, type Reading } from './asked.ts'
import { absolutePath, isReserved, isTooMuch, isWindowsPath } from './place.ts'

export interface Mount {
  kind: 'bind' | 'volume'
  /** For Compose. */
  source: string
  target: string
  isReadOnly: boolean
}

/** Collects what one tool gets to see of this machine. */
export class Mounts {
  readonly list: Mount[] = []
  readonly notes: string[] = []
  readonly questions: Question[] = []
  readonly #owners = new Set<number>()
  readonly #reading: Reading
  /** What relative paths begin at. */
  readonly #base: string | undefined
  readonly #own: (name: string) => string

  constructor(reading: Reading, base: string | undefined, own: (name: string) => string) {
    this.#reading = reading
    this.#base = base
    this.#own = own
  }

  /** Under which user files that the tool writes belong to who owns the folder. Root is nobody's user here. */
  get user(): string | undefined {
    const [uid] = this.#owners
    return uid === undefined ? undefined : `${uid}:0`
  }

  /** For a text that names a folder or file, whatever it looks like; there or not. */
  bind(raw: string, target: (name: string) => string, isReadOnly = false): string {
    const read = readText(raw, this.#reading)
    const path = read.text === undefined ? undefined : this.#absolute(read.text)
    if (path !== undefined)
      return this.#add(forCompose(path), target(basename(path) || 'root'), isReadOnly, path)
    if (read.text === undefined) {
      this.questions.push(...read.questions)
      this.expectOwner()
      return this.#add(read.compose, target(lastName(raw)), isReadOnly)
    }
    const question = {
      name: this.#own(this.list.length === 0 ? 'FOLDER' : `FOLDER_${this.list.length + 1}`),
      description: `the folder on this machine in place of ${read.text}`,
      ...{ fallback: undefined, isSecret: false },
    }
    this.questions.push(question)
    this.expectOwner()
    return this.#add(insisted(question), target(lastName(read.text)), isReadOnly)
  }

  /** For a text that may be a path: undefined unless it is there. In the container it has the same path if it can. */
  bindIfHere(raw: string): string | undefined {
    const read = readText(raw, this.#reading)
    if (read.text === undefined) {
      if (!/^\$\{(workspaceFolder|workspaceRoot|PWD)/.test(raw)) return undefined
      return this.bind(raw, (name) => `/mnt/${name}`)
    }
    if (!isPathLike(read.text) && raw === read.text) return undefined
    const { place } = this.#reading
    const path = this.#absolute(read.text)
    const found = path === undefined ? undefined : place.look(path)
    if (path === undefined || found === undefined) return undefined
    if (isTooMuch(path, place.home)) {
      this.notes.push(`${path} is not mounted, because it holds more than a tool needs`)
      return undefined
    }
    // A database writes files beside its own.
    const parent = dirname(path)
    const isDatabase = found.is === 'file' && /\.(db|sqlite3?|duckdb|jsonl)$/i.test(path)
    const shown = isDatabase && !isTooMuch(parent, place.home) ? parent : path
    const mountPoint = isReserved(shown) ? `/mnt/${basename(shown)}` : shown
    const target = this.#add(forCompose(shown), mountPoint, false, shown)
    return shown === path ? target : `${target}/${basename(path)}`
  }

  /** A volume of the stack. */
  volume(name: string, target: string, isReadOnly = false): void {
    this.list.push({ kind: 'volume', source: name, target, isReadOnly })
  }

  #absolute(text: string): string | undefined {
    return isWindowsPath(text) && process.platform !== 'win32'
      ? undefined
      : absolutePath(text, this.#base, this.#reading.place.home)
  }

  #add(source: string, target: string, isReadOnly: boolean, path?: string): string {
    const same = this.list.find((each) => each.source === source && each.kind === 'bind')
    if (same !== undefined) return same.target
    let free = target
    for (let n = 2; this.list.some((each) => each.target === free); n += 1) free = `${target}-${n}`
    this.list.push({ kind: 'bind', source, target: free, isReadOnly })
    const uid = path === undefined ? undefined : this.#reading.place.look(path)?.uid
    if (path !== undefined && uid === undefined)
      this.notes.push(`${path} is not here: Compose starts nothing until it is`)
    if (uid === 0 && !isReadOnly)
      this.notes.push(`${path} belongs to root: the tool can only read it, until you chown it to yourself`)
    else if (uid !== undefined && uid !== 0) this.#owners.add(uid)
    return free
  }

  /** What is named later will be one's own. */
  expectOwner(uid = this.#reading.place.uid): void {
    if (uid !== 0) this.#owners.add(uid)
  }
}

/** A path that means something on the client's machine only. */
export function isElsewhere(text: string): boolean {
  return isWindowsPath(text) || /^((~|\/[^/]+)\/.|\.{1,2}(\/|$))/.test(text)
}

function isPathLike(text: string): boolean {
  return /^(~|\.{1,2})?\/[^/]|^\.{1,2}$|^~$/.test(text) || isWindowsPath(text)
}

/** What a folder is called that is not known yet. */
function lastName(text: string): string {
  const [name = ''] = /[\w.-]+(?=[\\/]?$)/.exec(text.replaceAll(/\$\{[^}]*\}/g, '')) ?? []
  return /^[\w][\w.-]*$/.test(name) ? name : 'folder'
}
