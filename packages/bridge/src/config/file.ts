// config/file: options in YAML or JSON.
import { dirname, resolve } from 'node:path'
import { isPair, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml'
import { readTextFile } from '../encoding.ts'
import { OPTIONS } from './options.ts'
import type { Origin, Source } from './source.ts'
import { splitList } from './split.ts'
import { suggestion } from './suggestion.ts'

const ALIAS = 'text that begins with * must be put in quotes'

/** What stands in a file beside the options. */
const UNFLAGGED = ['command', 'clients']

/** Where clients list theirs. */
const CLIENT_ROOTS = new Set(['mcpServers', 'mcp_servers', 'context_servers'])

/** Paths in a file are meant from where the file is. */
export function readConfigFile(path: string): Source {
  const origin: Origin = `file ${path}`
  const source: Source = { values: new Map(), problems: [] }
  const complain = (what: string) => source.problems.push(`${origin}${what}`)
  let content: unknown
  try {
    content = parseYaml(readTextFile(path), complain)
  } catch (error) {
    complain(` cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
  }
  if (source.problems.length > 0) return source
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    complain(' is not a map of options, such as "port: 8000"')
    return source
  }
  const known = [...UNFLAGGED, ...OPTIONS.map(({ fileKey }) => fileKey)]
  for (const [name, value] of Object.entries(content)) {
    const option = OPTIONS.find((row) => [row.fileKey, row.key, camelCase(row.fileKey)].includes(name))
    const key = UNFLAGGED.includes(name) ? name : option?.key
    if (CLIENT_ROOTS.has(name))
      complain(`, ${name}: is part of a client's file: give that with --servers ${path}`)
    else if (key === undefined) complain(`, ${name}: there is no such option${suggestion(name, known)}`)
    else if (source.values.has(key)) complain(`, ${name}: is there twice, under two names`)
    else if (value !== null) source.values.set(key, [fromFolder(dirname(path), key, value), origin])
  }
  return source
}

/** JSON too: the complaints of JSON.parse quote the text, which may hold a token; so do some of YAML's, at their end. */
function parseYaml(text: string, complain: (what: string) => void): unknown {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  for (const { code, message, pos } of document.errors) {
    const what = code === 'BAD_ALIAS' ? ALIAS : message.replace(/: ".*$/s, '')
    complain(`, line ${lineCounter.linePos(pos[0]).line}: ${what}`)
  }
  if (document.errors.length > 0) return undefined
  keepDigits(document)
  try {
    return document.toJS() ?? {}
  } catch {
    // An alias of nothing, or one of the bombs made of aliases.
    complain(`: ${ALIAS}`)
  }
}

function fromFolder(folder: string, key: string, value: unknown): unknown {
  if (key === 'clients' && typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, clientFromFolder(folder, each)]),
    )
  }
  if (key === 'envFile' || (key === 'servers' && !isMap(value))) {
    const files: unknown[] =
      typeof value === 'string' ? splitList(value) : Array.isArray(value) ? value : [value]
    return files.map((file) => (typeof file === 'string' ? resolve(folder, file) : file))
  }
  const isPath = (key === 'cwd' || key === 'tokenFile') && typeof value === 'string' && value !== ''
  return isPath ? resolve(folder, value) : value
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Of `servers` a version in `env` or among the arguments is what is written: 1.10, not 1.1. */
function keepDigits(document: Document): void {
  visit(document, {
    Scalar(_key, node, path) {
      if (typeof node.value !== 'number' || node.source === undefined) return
      const keys = path.flatMap((each) => (isPair(each) && isScalar(each.key) ? [each.key.value] : []))
      if (keys[0] === 'servers' && (keys[2] === 'env' || keys[2] === 'command')) node.value = node.source
    },
  })
}

function clientFromFolder(folder: string, client: unknown): unknown {
  if (typeof client !== 'object' || client === null) return client
  return Object.fromEntries(
    Object.entries(client).map(([key, value]) => [
      key,
      /^env[-_]?file$/i.test(key) ? fromFolder(folder, 'envFile', value) : value,
    ]),
  )
}

function camelCase(name: string): string {
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
