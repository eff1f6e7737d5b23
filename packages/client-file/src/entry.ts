// entry: one entry → what it says, in the words of one client for all, and what is wrong with it alone.
import { fieldOf, type Meaning } from './fields.ts'
import { Fields, textOf, type Value } from './value.ts'
import { commandWords, wordsOf } from './words.ts'

export interface Entry {
  name: string
  /** `remote`: a server that runs elsewhere; `client`: a part of the client itself, whose `problem` says which. */
  transport: 'stdio' | 'remote' | 'client'
  /** The program and its arguments. */
  command: string[]
  env: Record<string, string>
  /** Of these variables the file names a source only: the client's environment, or its keyring. */
  secretNames: string[]
  envFile: string | undefined
  cwd: string | undefined
  url: string | undefined
  headers: Record<string, string>
  /** What the file says of the wire. */
  wire: 'sse' | 'http' | undefined
  isDisabled: boolean
  /** Tools that may be offered: empty for all. */
  allow: string[]
  deny: string[]
  /** Of which project of the client's file. */
  project: string | undefined
  /** Fields that say nothing here, and were read by nobody. */
  dropped: string[]
  notes: string[]
  /** Why nothing can be made of it. */
  problem: string | undefined
}

/** Keys that people write comments into. */
export function isComment(name: string): boolean {
  return /^(\/\/|#|_|\$comment)/.test(name)
}

export function entryOf(name: string, value: Value): Entry {
  const entry: Entry = {
    ...{ name, transport: 'stdio', command: [], env: {}, secretNames: [], envFile: undefined },
    ...{ cwd: undefined, url: undefined, headers: {}, wire: undefined, isDisabled: false },
    ...{ allow: [], deny: [], project: undefined, dropped: [], notes: [], problem: undefined },
  }
  if (!(value instanceof Fields)) return { ...entry, problem: 'it is no object' }
  try {
    const said = new Map<Meaning, Value>()
    for (const [key, inner] of value) {
      const means = fieldOf(key)?.means
      if (means !== undefined) said.set(means, inner)
      else if (!isComment(key)) entry.dropped.push(key)
    }
    if (value.twice.size > 0) entry.notes.push(`${list(value.twice)} stands twice: the last counts`)
    read(entry, said)
  } catch (error) {
    if (!(error instanceof Wrong)) throw error
    entry.problem = error.message
  }
  return entry
}

class Wrong extends Error {}

function read(entry: Entry, said: ReadonlyMap<Meaning, Value>): void {
  const text = (means: Meaning): string | undefined => textOf(said.get(means) ?? null)
  entry.isDisabled = text('disabled') === 'true' || text('enabled') === 'false'
  entry.env = texts(said.get('env'), 'env')
  for (const name of [...names(said.get('envNames')), ...names(said.get('secretNames'))])
    entry.env[name] ??= `\${env:${name}}`
  entry.secretNames = names(said.get('secretNames'))
  entry.envFile = text('envFile')
  entry.cwd = text('cwd')
  entry.headers = texts(said.get('headers'), 'headers')
  for (const [name, variable] of Object.entries(texts(said.get('headerNames'), 'headers')))
    entry.headers[name] = `\${env:${variable}}`
  const bearer = text('bearerName')
  if (bearer !== undefined) entry.headers['Authorization'] = `Bearer \${env:${bearer}}`
  entry.allow = names(said.get('allow'))
  entry.deny = names(said.get('deny'))
  readOptions(entry, said.get('options'))
  entry.command = commandOf(entry, said)
  place(entry, said)
}

/** A filter that was lost would offer what somebody has taken away. */
function readOptions(entry: Entry, options: Value | undefined): void {
  if (options === undefined || options === null) return
  if (!(options instanceof Fields)) throw new Wrong('options is no object')
  entry.dropped.push(
    ...[...options.keys()].filter((key) => key !== 'toolFilter').map((key) => `options.${key}`),
  )
  const filter = options.get('toolFilter')
  if (filter === undefined || filter === null) return
  if (!(filter instanceof Fields)) throw new Wrong('options.toolFilter is no object')
  const mode = (textOf(filter.get('mode')) ?? 'block').toLowerCase()
  if (mode !== 'allow' && mode !== 'block') throw new Wrong('options.toolFilter has a mode that is not known')
  entry[mode === 'allow' ? 'allow' : 'deny'].push(...names(filter.get('list')))
}

/** Where it runs, and over which wire it is reached. */
function place(entry: Entry, said: ReadonlyMap<Meaning, Value>): void {
  const type = (textOf(said.get('type') ?? null) ?? '').toLowerCase().replaceAll(/[-_]/g, '')
  const isHttp = ['http', 'streamablehttp'].includes(type)
  if (BUILT_IN.has(type)) return ofClient(entry, 'it is built into the client')
  if (!['', 'stdio', 'local', 'sse', 'remote'].includes(type) && !isHttp)
    throw new Wrong(`type ${textOf(said.get('type') ?? null)} is not known: write stdio, sse or http`)
  const httpUrl = textOf(said.get('httpUrl') ?? null)
  entry.url = httpUrl ?? textOf(said.get('url') ?? null)
  if (isHttp || httpUrl !== undefined) entry.wire = 'http'
  else if (type === 'sse') entry.wire = 'sse'
  const isRemote = isHttp || type === 'sse' || type === 'remote' || entry.command.length === 0
  if (!isRemote) {
    for (const [is, key] of [
      [entry.url, 'url'],
      [Object.keys(entry.headers)[0], 'headers'],
    ] as const)
      if (is !== undefined) entry.dropped.push(key)
    return
  }
  if (entry.url === undefined) {
    const isExtension =
      textOf(said.get('source') ?? null) === 'extension' || entry.dropped.includes('settings')
    if (isExtension) return ofClient(entry, 'it comes with an extension of the client')
    throw new Wrong('it has neither a command nor an address')
  }
  if (entry.command.length > 0) entry.dropped.push('command')
  entry.transport = 'remote'
  entry.command = []
}

/** Extensions of Goose that are code of its own, or of its configuration. */
const BUILT_IN: ReadonlySet<string> = new Set(['builtin', 'platform', 'frontend', 'inlinepython'])

function ofClient(entry: Entry, what: string): void {
  entry.transport = 'client'
  entry.problem = `${what}: there is no program to start elsewhere`
}

function commandOf(entry: Entry, said: ReadonlyMap<Meaning, Value>): string[] {
  const given = said.get('command')
  if (given instanceof Fields) {
    Object.assign(entry.env, texts(given.get('env'), 'command.env'))
    return [...commandWords(textOf(given.get('path') ?? null) ?? ''), ...words(entry, given.get('args'))]
  }
  const command = Array.isArray(given)
    ? given.map((each) => word(each, 'command'))
    : commandWords((textOf(given ?? null) ?? '').trim())
  return command.length === 0 || command[0] === '' ? [] : [...command, ...words(entry, said.get('args'))]
}

function words(entry: Entry, value: Value | undefined): string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.map((each) => word(each, 'args'))
  const text = textOf(value)
  if (text === undefined) throw new Wrong('args is no list')
  entry.notes.push('args is one text: read as a shell would')
  return wordsOf(text)
}

function word(value: Value, where: string): string {
  const text = textOf(value)
  if (text === undefined) throw new Wrong(`${where} holds something that is no text`)
  if (text === '' && value !== '') throw new Wrong(`${where} holds a fraction: put it in quotes`)
  return text
}

/** Null is an empty text, as in VS Code. */
function texts(value: Value | undefined, where: string): Record<string, string> {
  if (value === undefined || value === null) return {}
  if (!(value instanceof Fields)) throw new Wrong(`${where} is no object`)
  return Object.fromEntries(
    [...value]
      .filter(([name]) => !/^(\/\/|#|[_$]*comment)/i.test(name))
      .map(([name, inner]) => [name, inner === null ? '' : word(inner, `${where}.${name}`)]),
  )
}

/** Names, or objects with a name. */
function names(value: Value | undefined): string[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((each) => textOf(each instanceof Fields ? (each.get('name') ?? null) : each) ?? [])
}

function list(names: Iterable<string>): string {
  return [...names].join(', ')
}
