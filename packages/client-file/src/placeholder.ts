// placeholder: `${input:key}`, `${env:NAME}`, `${NAME:-default}`, `${workspaceFolder}` → what is meant.

export type Part =
  | { kind: 'text'; text: string }
  /** The client asks its user. */
  | { kind: 'input'; id: string }
  /** Of the environment that the client was started in. */
  | { kind: 'variable'; name: string; fallback: string | undefined }
  | { kind: 'folder'; folder: Folder }
  /** Of the environment too, but with another value on every machine: `${PATH}`. */
  | { kind: 'machine'; name: string; text: string }
  /** Known to the client alone: `${command:…}`, `${config:…}`, `${file}`. */
  | { kind: 'foreign'; text: string }

export type Folder = 'workspace' | 'home'

const PLACEHOLDER = /\$\{([^{}]*)\}/g
/** Gemini expands these, too; for all others they are text. */
const BARE = /\$\{([^{}]*)\}|\$([A-Za-z_]\w*)/g

const FOLDERS: Record<string, Folder> = {
  workspaceFolder: 'workspace',
  workspaceRoot: 'workspace',
  cwd: 'workspace',
  PWD: 'workspace',
  CLAUDE_PROJECT_DIR: 'workspace',
  userHome: 'home',
  HOME: 'home',
  USERPROFILE: 'home',
}
/** What these hold on the client's machine means nothing elsewhere. */
const MACHINE = new Set(['PATH', 'SHELL', 'TMPDIR', 'TEMP', 'TMP', 'USER', 'USERNAME', 'LOGNAME', 'HOSTNAME'])

/** The variable that is set in place of the folder that a client has open. */
export const WORKSPACE_VARIABLE = 'WORKSPACE_FOLDER'

/** The variable that is set in place of what a client asks its user: `INPUT_API_KEY` for `${input:api-key}`. */
export function inputVariable(id: string): string {
  return `INPUT_${id.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`
}

export function partsOf(text: string, { isBare = false } = {}): Part[] {
  const parts: Part[] = []
  let end = 0
  for (const match of text.matchAll(isBare ? BARE : PLACEHOLDER)) {
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) })
    parts.push(meaningOf(match[1] ?? match[2] ?? '', match[0]))
    end = match.index + match[0].length
  }
  if (end < text.length || parts.length === 0) parts.push({ kind: 'text', text: text.slice(end) })
  return parts
}

function meaningOf(inner: string, whole: string): Part {
  if (inner === '/' || inner === 'pathSeparator') return { kind: 'text', text: '/' }
  const [, kind, rest = ''] = /^(\w+):(?!-)(.*)$/s.exec(inner) ?? []
  if (kind === 'input' && rest !== '') return { kind: 'input', id: rest }
  if (kind === 'workspaceFolder') return { kind: 'folder', folder: 'workspace' }
  const [, name, fallback] = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(kind === 'env' ? rest : inner) ?? []
  if (name === undefined || (kind !== undefined && kind !== 'env')) return { kind: 'foreign', text: whole }
  const folder = Object.hasOwn(FOLDERS, name) ? FOLDERS[name] : undefined
  if (folder !== undefined) return { kind: 'folder', folder }
  // VS Code's own words begin with a small letter; variables of people hardly ever have capitals inside.
  if (MACHINE.has(name)) return { kind: 'machine', name, text: whole }
  if (kind === undefined && fallback === undefined && /^[a-z]+[A-Z]|^file$/.test(name))
    return { kind: 'foreign', text: whole }
  return { kind: 'variable', name, fallback }
}
