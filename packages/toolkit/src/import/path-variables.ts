// import/path-variables: variables that hold a path of the client's machine → mounts, volumes, or the recipe's own place.
import { basename } from 'node:path'
import { ToolkitError } from '../errors.ts'
import type { Recipe } from '../recipe/schema.ts'
import { readText, type Reading } from './asked.ts'
import { isElsewhere, type Mounts } from './mounts.ts'
import { absolutePath, isWindowsPath } from './place.ts'

export interface PathOptions {
  recipe: Recipe | undefined
  mounts: Mounts
  /** The values are paths of a container already: `docker run`. */
  isInside: boolean
  reading: Reading
}

export interface PathVariables {
  env: Record<string, string>
  /** Folders that must last. */
  volumes: string[]
  files: Map<string, string>
  notes: string[]
}

/** What these hold is true of the client's machine only. */
const MACHINE =
  /^(PATH|HOME|USER|USERNAME|USERPROFILE|SHELL|PWD|TMPDIR|TEMP|TMP|APPDATA|LOCALAPPDATA|PROGRAMFILES|SYSTEMROOT|NODE_PATH|PYTHONPATH|PYTHONHOME|LD_LIBRARY_PATH|NVM_DIR|VIRTUAL_ENV)$/i
const STORE = /(PATH|FILE|FILENAME|DIR|DIRECTORY|FOLDER|DB|DATABASE|STORE|STORAGE|CACHE|HOME|ROOT)$/i
const PERSONAL = /^\/(home|Users|root|srv|mnt|media|Volumes|var|private|tmp)\//
/** The folder of what a tool keeps that has no recipe. */
const DATA = '/data'

export function pathVariables(env: Readonly<Record<string, string>>, options: PathOptions): PathVariables {
  const found: PathVariables = { env: {}, volumes: [], files: new Map(), notes: [] }
  const dropped = Object.keys(env).filter((name) => MACHINE.test(name))
  if (dropped.length > 0) found.notes.push(`of the client's machine, not carried over: ${dropped.join(', ')}`)
  const kept = Object.entries(env).filter(([name]) => !MACHINE.test(name))
  found.env = Object.fromEntries(
    kept.flatMap(([name, raw]) => {
      const value = options.isInside ? raw : valueOf(name, raw, options, found)
      return value === undefined ? [] : [[name, value]]
    }),
  )
  return found
}

/** Undefined where the recipe's own default stays. @throws ToolkitError for a folder that is nowhere */
function valueOf(name: string, raw: string, options: PathOptions, found: PathVariables): string | undefined {
  const { recipe, mounts, reading } = options
  const { place } = reading
  const { text } = readText(raw, reading)
  const path = text === undefined ? undefined : absolutePath(text, undefined, place.home)
  const here = path === undefined ? undefined : place.look(path)
  if (recipe?.secrets.some((secret) => secret.name === name && secret.file) === true) {
    if (here?.is !== 'file') return undefined
    found.files.set(name, path ?? '')
    mounts.expectOwner(here.uid)
    return undefined
  }
  const standard = recipe?.environment.find((each) => each.name === name)?.default
  const volume = recipe?.volumes.find((each) => standard?.startsWith(`${each.path}/`) === true)?.path
  if (volume !== undefined && standard !== undefined) {
    if (text?.startsWith(`${volume}/`) === true || text === standard) return raw
    found.notes.push(
      `${name} stays ${standard}, which outlives the container` +
        (here === undefined
          ? ''
          : `; to take over what is there: docker compose cp ${path} SERVICE:${standard}`),
    )
    return undefined
  }
  const inside = mounts.bindIfHere(raw)
  if (inside !== undefined) return inside
  const isFar = text !== undefined && (isWindowsPath(text) || PERSONAL.test(path ?? ''))
  if (text !== undefined && isFar && STORE.test(name)) {
    const target = `${DATA}/${basename(text.replaceAll('\\', '/'))}`
    if (!found.volumes.includes(DATA)) found.volumes.push(DATA)
    found.notes.push(`${name} is ${target} in a volume, because ${text} is not on this machine`)
    return target
  }
  if (text !== undefined && text !== raw && path !== undefined)
    throw new ToolkitError(
      `${name} is ${raw}, a path of the client's machine, and nothing is there on this one`,
    )
  if (text !== undefined && isElsewhere(text))
    found.notes.push(`${name} stays ${text}, which is not on this machine`)
  return raw
}
