// read: the file in which a client lists its MCP servers → entries, each by itself.
import { clientOf, CLIENTS, ROOTS, type Client, type ClientName } from './clients.ts'
import { entryOf, isComment, type Entry } from './entry.ts'
import { ClientFileError } from './error.ts'
import { FORMAT_NAMES, formatOf, Malformed, parseValue } from './formats.ts'
import { Fields, fieldsAt, textOf, type Value } from './value.ts'

export type { Entry } from './entry.ts'

/** A value that the client asks of its user: `${input:id}`. */
export interface Input {
  id: string
  description: string
  isSecret: boolean
  fallback: string | undefined
}

export interface ClientFile {
  client: ClientName
  entries: Entry[]
  inputs: Input[]
  /** The folder that the client has open, where its place in that folder tells. */
  workspace: string | undefined
}

/**
 * One bad entry stops no other: what is wrong with it is its `problem`.
 *
 * @param path its name tells the client, its end the format; nothing is read from it
 * @throws ClientFileError if the text is no such file; nothing of the text is repeated
 */
export function readClientFile(content: string, path: string): ClientFile {
  const label = path.split(/[\\/]/).at(-1) ?? path
  const format = formatOf(path)
  let file: Value
  try {
    file = parseValue(content, format)
  } catch (cause) {
    const where = cause instanceof Malformed ? `: ${cause.message}` : ''
    throw new ClientFileError(`${label} is no ${FORMAT_NAMES[format]}${where}`, { cause })
  }
  const roots = file instanceof Fields ? rootsOf(file) : []
  if (!(file instanceof Fields) || roots.length === 0)
    throw new ClientFileError(`${label} has none of ${ROOTS.map((root) => root.path.join('.')).join(', ')}`, {
      hint: 'name the file in which a client lists its tools',
    })
  const client = roots.find((root) => root.client !== undefined)?.client ?? clientOf(path) ?? guess(roots)
  const { wire }: Client = CLIENTS[client]
  const entries = roots.flatMap(({ servers, project }) =>
    [...servers]
      .filter(([name, value]) => !(isComment(name) && !(value instanceof Fields)))
      .map(([name, value]): Entry => {
        const entry = entryOf(name, value)
        if (servers.twice.has(name)) entry.notes.push('its name stands twice in the file: the last counts')
        return { ...entry, project, wire: entry.wire ?? wire }
      }),
  )
  return { client, entries, inputs: inputsOf(file), workspace: workspaceOf(path) }
}

interface Root {
  servers: Fields
  client: ClientName | undefined
  project: string | undefined
}

function rootsOf(file: Fields): Root[] {
  const own = ROOTS.flatMap(({ path, client }): Root[] => {
    const servers = fieldsAt(file, path)
    return servers === undefined ? [] : [{ servers, client, project: undefined }]
  })
  // Claude Code keeps those of each project in one file.
  const projects = [...(fieldsAt(file, ['projects']) ?? [])].flatMap(([project, value]): Root[] => {
    const servers = value instanceof Fields ? fieldsAt(value, ['mcpServers']) : undefined
    return servers === undefined || servers.size === 0 ? [] : [{ servers, client: 'claude-code', project }]
  })
  return [...own, ...projects]
}

/** Of `mcpServers` in a file that could be anybody's: by what only one of them has. */
function guess(roots: readonly Root[]): ClientName {
  const keys = new Set(
    roots.flatMap(({ servers }) =>
      [...servers.values()].flatMap((server) => (server instanceof Fields ? [...server.keys()] : [])),
    ),
  )
  if (['httpUrl', 'trust', 'includeTools', 'excludeTools'].some((key) => keys.has(key))) return 'gemini'
  if (keys.has('serverUrl')) return 'windsurf'
  if (keys.has('autoApprove')) return 'cline'
  return keys.has('alwaysAllow') ? 'roo' : 'claude-code'
}

function inputsOf(file: Fields): Input[] {
  const lists = [file.get('inputs'), fieldsAt(file, ['mcp'])?.get('inputs')]
  return lists
    .flatMap((inputs) => (Array.isArray(inputs) ? inputs : []))
    .flatMap((each): Input[] => {
      if (!(each instanceof Fields)) return []
      const text = (key: string): string | undefined => textOf(each.get(key) ?? null)
      const id = text('id')
      if (id === undefined) return []
      const isSecret = each.get('password') === true
      return [{ id, description: text('description') ?? '', isSecret, fallback: text('default') }]
    })
}

/** `/project` of `/project/.vscode/mcp.json` and of `/project/.mcp.json`. */
function workspaceOf(path: string): string | undefined {
  const [, folder] =
    /^(|.*?[^\\/])[\\/]*(?<![^\\/])\.(?:(?:vscode|cursor|roo|gemini|junie|idea|air|codex|zed)[\\/](?:mcp[\\/])?[^\\/]+|mcp\.json)$/s.exec(
      path,
    ) ?? []
  return folder
}
