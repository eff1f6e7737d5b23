// config/server-entry: one entry of a client's file, or of `servers:` in ours → the options of a server, or why there are none.
import { readFileSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { holdsSecret, redacted, secretArguments, type Entry } from '@mcp-bridge/client-file'
import { OPTIONS } from './options.ts'
import { homeOf, ServerTexts, type Reading } from './server-text.ts'
import { SWITCHED_OFF, type RawServer } from './servers.ts'
import { splitList } from './split.ts'

export interface EntryPlace extends Reading {
  /** Of its file. */
  folder: string
}

type Outcome = Omit<RawServer, 'origin'>

export function clientServer(entry: Entry, place: EntryPlace): Outcome {
  const notes = [...entry.notes]
  if (entry.project !== undefined) notes.push(`of ${entry.project}`)
  if (entry.dropped.length > 0) notes.push(`has no meaning here: ${entry.dropped.join(', ')}`)
  const shown = entry.command.length === 0 ? {} : { shown: shownCommand(entry.command) }
  const base = { ...shown, notes }
  if (entry.isDisabled) return { ...base, off: SWITCHED_OFF }
  if (entry.transport === 'client') return { ...base, clientOnly: entry.problem ?? '' }
  if (entry.problem !== undefined) return { ...base, wrong: entry.problem }
  if (entry.transport === 'remote') return { ...base, ...remote(entry.url ?? '') }
  const reading = { ...place, workspace: entry.project ?? place.workspace }
  const { allow, deny } = entry
  return {
    ...base,
    ...settled(
      {
        command: entry.command,
        ...(entry.cwd !== undefined && { cwd: entry.cwd }),
        ...(Object.keys(entry.env).length > 0 && { env: entry.env }),
        ...(entry.envFile !== undefined && { envFile: [entry.envFile] }),
        ...(allow.length > 0 && { toolsAllow: allow.map(literal) }),
        ...(deny.length > 0 && { toolsDeny: deny.map(literal) }),
      },
      reading,
    ),
  }
}

/** Options under all the names that they have in a config file; what is wrong with a value is found with the others. */
export function ownServer(value: unknown, place: EntryPlace): Outcome {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { wrong: 'write a map of options: { command: [npx, -y, server] }' }
  const options: Record<string, unknown> = {}
  for (const [name, each] of Object.entries(value)) {
    if (each === null) continue
    const isSwitch = name === 'enabled' && typeof each === 'boolean'
    const key = isSwitch ? 'disabled' : keyOf(name)
    if (Object.hasOwn(options, key)) return { wrong: `${name}: is there twice, under two names` }
    options[key] = isSwitch ? !each : each
  }
  const { command } = options
  const words = Array.isArray(command) ? command.map(String) : []
  const shown = words.length === 0 ? {} : { shown: shownCommand(words) }
  if (options['disabled'] === true) return { ...shown, off: SWITCHED_OFF }
  return { ...shown, ...settled(options, place) }
}

function keyOf(name: string): string {
  const camel = name.replaceAll(/[-_](.)/g, (_, letter: string) => letter.toUpperCase())
  return OPTIONS.find(({ fileKey, key }) => [name, camel].includes(key) || name === fileKey)?.key ?? camel
}

/** Texts as they are meant here, paths from where they are meant. */
function settled(given: Readonly<Record<string, unknown>>, place: EntryPlace): Outcome {
  const texts = new ServerTexts(place)
  const base = place.workspace ?? place.folder
  const path = (raw: string, from: string): string => absolute(texts.read(raw), from, homeOf(place.env))
  const options: Record<string, unknown> = { ...given }
  const { command, cwd, env, envFile } = given
  if (typeof given['toolsLock'] === 'string') options['toolsLock'] = path(given['toolsLock'], base)
  if (typeof cwd === 'string') options['cwd'] = path(cwd, base)
  else if (cwd === undefined && place.workspace !== undefined) options['cwd'] = place.workspace
  if (Array.isArray(command)) {
    const [program, ...args] = command.map((word) => (typeof word === 'string' ? texts.read(word) : word))
    const from = typeof options['cwd'] === 'string' ? options['cwd'] : base
    const isPath = typeof program === 'string' && /^(\.{1,2}|~)[\\/]/.test(program)
    if (command.length > 0)
      options['command'] = [isPath ? absolute(program, from, homeOf(place.env)) : program, ...args]
  }
  if (env !== undefined) options['env'] = mapTexts(env, (text) => texts.read(text))
  if (envFile !== undefined) {
    const list = typeof envFile === 'string' ? splitList(envFile) : envFile
    options['envFile'] = mapTexts(list, (file) => path(file, base))
  }
  if (texts.wrong !== undefined) return { wrong: texts.wrong }
  if (texts.off !== undefined) return { off: texts.off }
  const unreadable = unreadableIn(options['envFile'])
  return unreadable === undefined ? { options } : { wrong: unreadable }
}

/** The texts of a list or of a map; anything else is left to the check of the options. */
function mapTexts(value: unknown, read: (text: string) => string): unknown {
  const each = (inner: unknown): unknown => (typeof inner === 'string' ? read(inner) : inner)
  if (Array.isArray(value)) return value.map(each)
  if (typeof value !== 'object' || value === null) return each(value)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, each(inner)]))
}

function absolute(path: string, from: string, home: string): string {
  if (path === '~' || /^~[\\/]/.test(path)) return join(home, path.slice(1))
  return isAbsolute(path) ? path : resolve(from, path)
}

/** Nothing would start: better said now, and by name. */
function unreadableIn(files: unknown): string | undefined {
  for (const file of Array.isArray(files) ? files : []) {
    try {
      readFileSync(String(file))
    } catch (error) {
      return `its file of variables ${String(file)} cannot be read: ${(error as NodeJS.ErrnoException).code}`
    }
  }
}

function remote(url: string): Outcome {
  if (!/^(https?:\/\/|\$\{)/i.test(url)) return { wrong: 'its url is no address of http' }
  if (!holdsSecret(url)) return { remote: url }
  return { remote: URL.canParse(url) ? `${new URL(url).origin}/…` : '…' }
}

/** As it stands in the file, without what looks like a secret. */
function shownCommand(command: readonly string[]): string {
  return redacted(
    command.join(' '),
    secretArguments(command).map(({ secret }) => secret),
  )
}

/** A name of a tool is no glob, whatever is in it. */
function literal(name: string): string {
  return name.replaceAll(/[^\w./-]/gu, String.raw`\$&`)
}
