// What tools remember in each mode: what is seen here is what docs/STATE.md says, cell by cell.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  cleanTemp,
  eventually,
  leftovers,
  startBridge,
  stopAll,
  tempDir,
  type RunningBridge,
} from '@mcp-bridge/testkit'
import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { afterAll, expect, test } from 'vitest'
import { connect, type Official } from '../e2e/wires.ts'
import { tools, type Found, type Stateful } from './stateful.ts'

const MODES = ['session', 'shared', 'pool --max-children 1', 'pool --max-children 2'] as const
const PAIRS = 8
/** A second process of a pool has started by then; until it has, the first answers everything. */
const FILL_MS = 30_000
const MAX_ROUNDS = 50

type Mode = (typeof MODES)[number]
/** Whether it is there; `by chance` where two that look at once do not find the same. */
type Seen = Found | 'by chance'

interface Row {
  'same session': Seen
  'next session': Seen
  'other client': Seen
  'calls at once': 'right' | 'may go wrong' | '–'
}

const documented = tableOf(readFileSync(new URL('../../docs/STATE.md', import.meta.url), 'utf8'))
const rows = tools.flatMap((tool) => MODES.map((mode) => ({ title: `${tool.name} | ${mode}`, tool, mode })))

/** In the environment of all that is started here: other files start browsers too, at the same time. */
const mark = `STATE_TEST=${randomUUID()}`

afterAll(async () => {
  await stopAll()
  cleanTemp()
})

test('docs/STATE.md has a row for each tool in each mode, with advice', () => {
  expect([...documented.keys()]).toEqual(rows.map(({ title }) => title))
  for (const row of documented.values()) expect(row['advice']).toMatch(/^[A-Z].*\.$/)
})

test.for(rows)('$title: as docs/STATE.md says', async ({ title, tool, mode }) => {
  const folder = tempDir()
  const env = Object.entries(tool.env(folder)).flatMap(([name, value]) => ['--env', `${name}=${value}`])
  const children = ['--children', ...mode.split(' '), '--env', mark, '--cwd', folder, ...env]
  const bridge = await startBridge([...children, '--', ...(await tool.command(folder))])

  const seen = await observe(tool, mode, bridge)
  expect(await bridge.stop()).toEqual({ code: 0, signal: null })
  expect(await leftovers({ mark, withinMs: 20_000 })).toEqual([])
  expect(documented.get(title)).toMatchObject(seen)
})

async function observe(tool: Stateful, mode: Mode, bridge: RunningBridge): Promise<Row> {
  const word = 'remembered'
  const first = await connect('Streamable HTTP', bridge)
  await tool.leave(first.client, word)
  const sameSession = await look(tool, first.client, word, mode === 'pool --max-children 2' ? FILL_MS : 0)

  // Alike: the same capabilities, name and environment, so that a pool gives it the same processes.
  const other = await connect('Streamable HTTP', bridge)
  const otherClient = await look(tool, other.client, word)
  const atOnce = await callsAtOnce(tool, [first.client, other.client])
  await end(tool, mode, bridge, other)
  await end(tool, mode, bridge, first)

  const next = await connect('Streamable HTTP', bridge)
  const nextSession = await look(tool, next.client, word)
  await end(tool, mode, bridge, next)
  return {
    'same session': sameSession,
    'next session': nextSession,
    'other client': otherClient,
    'calls at once': atOnce,
  }
}

/**
 * Two at once, several times: where only one process can answer, both find the same, always. In a pool of two they are
 * answered by different processes sooner or later, and what only one of those has is found once.
 */
async function look(tool: Stateful, client: Client, word: string, fillMs = 0): Promise<Seen> {
  const found = new Set<Found>()
  const filled = performance.now() + fillMs
  for (let pair = 0; found.size < 2 && (pair < PAIRS || performance.now() < filled); pair++) {
    const both = await Promise.all([tool.look(client, word), tool.look(client, word)])
    for (const each of both) found.add(each)
  }
  const [only = 'no', ...others] = found
  return others.length > 0 ? 'by chance' : only
}

/** Until something goes wrong: a mode that is right stays so, however often it is tried. */
async function callsAtOnce(tool: Stateful, clients: readonly Client[]): Promise<Row['calls at once']> {
  if (tool.atOnce === undefined) return '–'
  for (let round = 0; round < MAX_ROUNDS; round++) if (!(await tool.atOnce(clients))) return 'may go wrong'
  return 'right'
}

async function end(tool: Stateful, mode: Mode, bridge: RunningBridge, { client, leave }: Official) {
  const stopped = (): number => bridge.logs.filter(({ msg }) => msg === 'child stopped').length
  const before = stopped()
  await tool.finish?.(client)
  await leave()
  // Its process ends a moment later than its session, and holds files and profiles until then.
  if (mode === 'session') await eventually(() => stopped() > before, { what: 'the end of the process' })
}

/** The rows of the table, by tool and mode; each cell by the head of its column. */
/** The first one. */
function tableOf(markdown: string): Map<string, Record<string, string>> {
  const [first = ''] = /(?:^\|.*\n)+/m.exec(markdown) ?? []
  const lines = first.trimEnd().split('\n')
  const [head = [], , ...body] = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  return new Map(
    body.map((cells) => {
      const [tool = '', mode = ''] = cells
      const row = Object.fromEntries(head.map((name, at) => [name, cells[at] ?? '']))
      return [`${tool} | ${mode.replaceAll('`', '')}`, row]
    }),
  )
}
