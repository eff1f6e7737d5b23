// resolve/named-variables: which settings a package's own documents name: only what stands where settings stand.
import { isSecretVariable } from '@mcp-bridge/client-file'
import type { Documents } from './documents.ts'

export interface NamedVariable {
  name: string
  description: string | undefined
  /** Only server.json says so for certain. */
  isRequired: boolean
  isSecret: boolean
}

/** A README that names more is a manual of something else. */
const MOST = 30
const NAME = '[A-Z][A-Z0-9_]{2,60}'

/** Of the system, of package managers and of clients: no settings of a tool. */
const FOREIGN =
  /^(PATH|HOME|USER|SHELL|PWD|TZ|LANG|CI|DEBIAN_FRONTEND|GITHUB_ACTIONS|APPDATA|LOCALAPPDATA|SYSTEMROOT|PROGRAMFILES|(HTTPS?|ALL|NO)_PROXY|(NODE|NPM|PNPM|UV|PIP|DOCKER|CLAUDE|CODEX|CURSOR|VSCODE|MCP_BRIDGE|SSL|LC|XDG|PYPI|CARGO|GO)_.*|MCP_(TOOL_)?TIMEOUT|MAX_MCP_OUTPUT_TOKENS|PYTHON.*|GOPATH|GOBIN|IMAGE_NAME|TARGETPLATFORM)$/

/** Chapters about something else than using it. */
const ELSEWHERE =
  /\b(develop|contribut|testing|tests?\b|unit test|integration test|benchmark|evaluat|release|publish|changelog|troubleshoot|debug|ci\b|build from|from source|acknowledg|licen[cs]e)/i
const SETTINGS = /environment|variable|config|setting|option|parameter/i

/** In the order in which they are named; what server.json says counts more. */
export function namedVariables({ readme, server }: Documents, pkg: string): NamedVariable[] {
  const found = new Map<string, NamedVariable>()
  for (const each of [...inServer(server, pkg), ...inReadme(readme)]) {
    if (!FOREIGN.test(each.name) && !found.has(each.name)) found.set(each.name, each)
  }
  return [...found.values()].slice(0, MOST)
}

interface Declared {
  name?: unknown
  description?: unknown
  isRequired?: unknown
  isSecret?: unknown
  is_required?: unknown
  is_secret?: unknown
}

/** @see https://static.modelcontextprotocol.io/schemas/2025-10-17/server.schema.json */
function inServer(text: string | undefined, pkg: string): NamedVariable[] {
  let packages: unknown
  try {
    packages = (JSON.parse(text ?? '{}') as { packages?: unknown } | null)?.packages
  } catch {
    return []
  }
  const all = listOf(packages)
  const own = all.filter(({ identifier, name }) => [identifier, name].includes(pkg))
  return (own.length > 0 ? own : all)
    .flatMap((each) => listOf(each['environmentVariables'] ?? each['environment_variables']))
    .flatMap(({ name, description, ...rest }: Declared): NamedVariable[] => {
      if (typeof name !== 'string' || !new RegExp(`^${NAME}$`).test(name)) return []
      const isSecret = (rest.isSecret ?? rest.is_secret) === true
      return [
        {
          name,
          description: typeof description === 'string' ? description : undefined,
          isRequired: (rest.isRequired ?? rest.is_required) === true,
          isSecret: isSecret || isSecretVariable(name, ''),
        },
      ]
    })
}

function listOf(value: unknown): Record<string, unknown>[] {
  const list: unknown[] = Array.isArray(value) ? value : []
  return list.filter((each): each is Record<string, unknown> => typeof each === 'object' && each !== null)
}

/** Where a setting is written: the `env` of a client's file, an export, `-e`, in front of a command, a file of variables. */
const PLACES: readonly RegExp[] = [
  /\\?"env(?:ironment|s)?\\?"\s*:\s*\{((?:[^{}]|\$?\{[^{}]{0,200}\}){0,4000})\}/g,
  /\benv\s*=\s*\{([^{}]{0,4000})\}/g,
  /^\[mcp_servers\.[^\]\n]+\.env\]\n((?:[^[\n].*\n)+)/gm,
  /^[ \t]*envs?:[ \t]*\n((?:[ \t]+(?:- )?[A-Z][A-Z0-9_]+[ \t]*[:=].*\n?)+)/gm,
]
const KEY = new RegExp(String.raw`(?:^|[\s,{])(?:- )?\\?["']?(${NAME})\\?["']?\s*[:=]`, 'gm')
const SINGLE: readonly RegExp[] = [
  new RegExp(String.raw`^\s*(?:\$ |# )?export (${NAME})=`, 'gm'),
  new RegExp(String.raw`(?:^|\s)(?:-e|--env)[ =]\\?["']?(${NAME})(?=[=\s"'\\]|$)`, 'gm'),
  new RegExp(String.raw`"(?:-e|--env)"\s*,\s*"(${NAME})(?=[="])`, 'g'),
]
const IN_FRONT = new RegExp(
  String.raw`^\s*(?:\$ )?((?:${NAME}=\S*\s+){1,20})(?:\\\n\s*)?(?:npx|uvx?|node|python3?|docker|go|bunx?|pnpm)\b`,
  'gm',
)
const BLOCK = /^[ \t]*```[^\n]*\n([^]*?)^[ \t]*```/gm
const ROW = new RegExp(String.raw`^\s*(?:\||[-*]\s)\s*\**\x60(${NAME})(?:=[^\x60]*)?\x60\**\s*(.*)$`, 'gm')

function inReadme(readme: string): NamedVariable[] {
  const text = readme.slice(0, 400_000).replaceAll('\r\n', '\n')
  return chapters(text).flatMap(({ title, body }) => {
    if (ELSEWHERE.test(title)) return []
    const keys = PLACES.flatMap((place) => [...body.matchAll(place)].map(([, inner = '']) => inner))
    const files = [...body.matchAll(BLOCK)].map(([, inner = '']) => inner).filter(isFileOfVariables)
    const inFront = [...body.matchAll(IN_FRONT)].map(([, inner = '']) => inner.replaceAll(/\s+/g, '\n'))
    const names = [...keys, ...files, ...inFront].flatMap((inner) => [...inner.matchAll(KEY)])
    const singles = SINGLE.flatMap((single) => [...body.matchAll(single)])
    const rows = SETTINGS.test(title) ? [...body.matchAll(ROW)] : []
    return [...rows, ...names, ...singles].map(([, name = '', rest]) => ({
      name,
      description: rest === undefined || rest === '' ? undefined : sentenceIn(rest),
      isRequired: false,
      isSecret: isSecretVariable(name, ''),
    }))
  })
}

/** A heading counts for what stands below it, also in chapters of its own. */
function chapters(text: string): { title: string; body: string }[] {
  const path: string[] = []
  let isCode = false
  const found = [{ title: '', body: '' }]
  for (const line of text.split('\n')) {
    if (/^\s*```/.test(line)) isCode = !isCode
    const [, marks = '', title = ''] = (isCode ? undefined : /^(#{1,6})\s+(.*)$/.exec(line)) ?? []
    if (marks === '') {
      found.at(-1)!.body += `${line}\n`
      continue
    }
    path.length = marks.length - 1
    path[marks.length - 1] = title
    // Not the name of the whole.
    found.push({ title: path.slice(1).filter(Boolean).join(' / ') || title, body: '' })
  }
  return found
}

/** Lines of `NAME=value` and comments, nothing else. */
function isFileOfVariables(block: string): boolean {
  const lines = block.split('\n').filter((line) => line.trim() !== '' && !/^\s*#/.test(line))
  return lines.length > 0 && lines.every((line) => new RegExp(`^\\s*${NAME}=`).test(line))
}

/** The rest of a row of a table or of a list: its longest cell, without marks. */
function sentenceIn(rest: string): string | undefined {
  const [longest = ''] = rest
    .split('|')
    .map((cell) =>
      cell
        .replaceAll(/[*`]/g, '')
        .replace(/^[\s:–—-]+/, '')
        .trim(),
    )
    .toSorted((a, b) => b.length - a.length)
  return longest === '' ? undefined : longest
}
