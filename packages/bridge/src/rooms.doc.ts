// rooms.doc: checks which room may know which, and writes the rooms into docs/LIFECYCLE.md; run by `pnpm run generate`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Folders, and what each is for, from the top down. A file imports from its own room and from floors below, types included;
 * rooms of one floor do not know each other. The files beside the folders are leaves: they import no room.
 */
const FLOORS: readonly Record<string, string>[] = [
  { cli: 'argv to exit code, and what a person reads' },
  {
    server: 'one listener: the paths, the order of the gates, the wiring',
    connect: 'the other way: an HTTP server as a stdio command',
  },
  {
    status: 'what a person or a monitor sees of it, and who may see what',
    metrics: 'what Prometheus counts of it',
    audit: 'who has called what, for whoever has to know later',
    traces: 'what OpenTelemetry hears of it',
  },
  { tool: 'one command: whether it works, its processes, its sessions' },
  {
    transport: 'one wire for each file, to a session',
    lease: 'who shares a process, and who gets the next',
    replica: 'one of several bridges behind a load balancer: the hop to another',
  },
  { exchange: 'one modern request, and the client that has no session' },
  { session: 'one legacy client from `initialize` to its end' },
  { access: 'who may enter, and as whom' },
  { relay: 'calls and what comes back, both directions through one chain' },
  {
    http: 'bodies in, responses out',
    child: 'a process as a message pipe, from its start to its last descendant',
    lock: 'what tools said of themselves when somebody accepted them, and what differs since',
  },
  {
    rpc: 'one JSON-RPC message as bytes and envelope',
    config: 'what the operator says, checked once',
    budget: 'who may have how much of what',
  },
  { telemetry: 'events, and the log that hears them' },
]

/** The public door: it looks into the rooms, and no room looks back. */
const DOOR = 'index'

/** A floor is not enough: these are handed what they need. */
const STRANGERS = [
  { room: 'session', to: ['child'] },
  { room: 'relay', to: ['child'] },
]

/** What is found in these places alone. */
const HOMES = [
  { what: 'express', pattern: /from 'express'/, in: ['server/'] },
  { what: 'commander', pattern: /from 'commander'/, in: ['cli/'] },
  { what: 'pino', pattern: /(?:from |import\()'pino(?:-pretty)?'/, in: ['telemetry/'] },
  { what: 'prom-client', pattern: /(?:from |import\()'prom-client'/, in: ['metrics/'] },
  { what: 'OpenTelemetry', pattern: /(?:from |import\()'@opentelemetry\//, in: ['traces/', 'metrics/'] },
  { what: 'node:child_process', pattern: /from 'node:child_process'/, in: ['child/'] },
  { what: 'zod', pattern: /from 'zod'/, in: ['config/'] },
  { what: 'yaml', pattern: /from 'yaml'/, in: ['config/'] },
  {
    what: 'an HTTP response',
    pattern: /\bServerResponse\b/,
    in: ['http/', 'transport/', 'replica/', 'status/', 'metrics/', 'server/'],
  },
  { what: 'process.env', pattern: /(?<![#.])\bprocess\.env\b/, in: ['config/', 'child/environment'] },
  { what: 'process.exit', pattern: /(?<![#.])\bprocess\.exit\(/, in: ['cli/'] },
]

/** By its path without `.ts`. */
interface Source {
  path: string
  /** The folder directly in `src`; empty for a file beside the folders. */
  room: string
  caption: string | undefined
  /** Paths of the files of this package that it imports. */
  imports: string[]
  /** Without comments that have a line of their own. */
  code: string
}

function readSources(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.(?:test|doc)\.ts$/.test(file))
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted()
    .map((file) => readSource(folder, file))
}

function readSource(folder: string, file: string): Source {
  const text = readFileSync(join(folder, file), 'utf8')
  const path = withoutEnding(file)
  const [first = ''] = text.split('\n', 1)
  const [, named, caption] = /^\/\/ (\S+): (.*\S)$/.exec(first) ?? []
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '')
  return {
    path,
    room: path.includes('/') ? path.slice(0, path.indexOf('/')) : '',
    caption: named === path ? caption : undefined,
    imports: [...code.matchAll(/(?:\bfrom|\bimport\(?)\s*'(\.[^']*\.ts)'/g)].map(([, target = '']) =>
      withoutEnding(normalize(join(dirname(file), target)).replaceAll('\\', '/')),
    ),
    code,
  }
}

function withoutEnding(file: string): string {
  return file.slice(0, -'.ts'.length)
}

/** One line for each. Rooms that know each other in a circle have an arrow upwards in it, so that none is looked for. */
function violationsIn(sources: readonly Source[]): string[] {
  return [...sources.flatMap(violationsOf), ...circlesIn(sources)]
}

function violationsOf({ path, room, caption, imports, code }: Source): string[] {
  const found: string[] = []
  if (caption === undefined) found.push(`${path}: the first line is no caption: // ${path}: what it is`)
  if (room !== '' && floorOf(room) === undefined) found.push(`${path}: the room ${room} is on no floor`)
  for (const target of imports) {
    const problem = path === DOOR ? undefined : problemOf(room, target)
    if (problem !== undefined) found.push(`${path} → ${target}: ${problem}`)
  }
  for (const { what, pattern, in: homes } of HOMES) {
    if (pattern.test(code) && !homes.some((home) => path.startsWith(home)))
      found.push(`${path}: ${what} is for ${homes.join(', ')} alone`)
  }
  return found
}

function problemOf(room: string, target: string): string | undefined {
  if (target === DOOR) return 'the door is for others'
  if (!target.includes('/')) return undefined
  const to = target.slice(0, target.indexOf('/'))
  if (to === room) return undefined
  if (room === '') return 'a file beside the rooms imports none of them'
  const [from, below] = [floorOf(room) ?? 0, floorOf(to) ?? 0]
  if (below < from) return `${to} is above ${room}`
  if (below === from) return `${to} and ${room} are on one floor`
  if (STRANGERS.some((each) => each.room === room && each.to.includes(to)))
    return `${room} is handed what it needs of ${to}`
  return undefined
}

function floorOf(room: string): number | undefined {
  const at = FLOORS.findIndex((floor) => room in floor)
  return at === -1 ? undefined : at
}

/** Files that import each other in a circle: each circle once, from the file at which it was entered. */
function circlesIn(sources: readonly Source[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const isDone = new Set<string>()
  const circles: string[] = []
  const visit = (path: string, road: readonly string[]): void => {
    const at = road.indexOf(path)
    if (at !== -1) return void circles.push(`${[...road.slice(at), path].join(' → ')}: a circle`)
    if (isDone.has(path)) return
    for (const target of byPath.get(path)?.imports ?? []) visit(target, [...road, path])
    isDone.add(path)
  }
  for (const { path } of sources) visit(path, [])
  return circles
}

function picture(): string {
  const floors = FLOORS.map((floor) => Object.keys(floor).join('   '))
  const leaves = 'the files beside the rooms'
  const width = Math.max(...floors.map(({ length }) => length), leaves.length)
  const lines = [...floors, leaves].map((text) => `│ ${centred(text, width)} │`)
  const line = '─'.repeat(width + 2)
  return [`┌${line}┐`, lines.join(`\n├${line}┤\n`), `└${line}┘`].join('\n')
}

function centred(text: string, width: number): string {
  return text.padStart(Math.floor((width + text.length) / 2)).padEnd(width)
}

function listOf(sources: readonly Source[]): string {
  const rooms = [...FLOORS.flatMap((floor) => Object.entries(floor)), ['', 'the leaves, and the door']]
  return rooms
    .map(([room = '', is]) => {
      const title = room === '' ? 'Beside the rooms' : `\`${room}\``
      const files = sources.filter((source) => source.room === room)
      return `**${title}**: ${is}.\n\n${files.map(({ path, caption }) => `- \`${path}\`: ${caption}`).join('\n')}`
    })
    .join('\n\n')
}

/** What stands between the marks is replaced. */
function writeInto(page: string, block: string): void {
  const marks = /(<!-- rooms: .*? -->\n)[^]*?(<!-- \/rooms -->)/
  const text = readFileSync(page, 'utf8')
  if (!marks.test(text)) throw new Error(`${page} has no marks for the rooms`)
  const written = text.replace(marks, (_all, begin: string, end: string) => `${begin}\n${block}\n\n${end}`)
  if (written !== text) writeFileSync(page, written)
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const [folder = here('.'), page = here('../../../docs/LIFECYCLE.md')] = process.argv.slice(2)
const sources = readSources(folder)
const violations = violationsIn(sources)
if (violations.length > 0) {
  process.stderr.write(`${violations.join('\n')}\n`)
  process.exitCode = 1
} else writeInto(page, `\`\`\`\n${picture()}\n\`\`\`\n\n${listOf(sources)}`)
