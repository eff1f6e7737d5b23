// Each client with each tool: which revision it gets and what it can do, as docs/CLIENTS.md and README.md have it in tables.
import { readFileSync, writeFileSync } from 'node:fs'
import { eventually, ModernClient, startBridge, tempDir, type RunningBridge } from '@mcp-bridge/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nothingLeft } from '../e2e/nothing-left.ts'
import { CLIENTS, type Client } from './matrix/clients.ts'
import { install, type Installed } from './matrix/install.ts'
import { ANSWERS, FEATURES, TOOLS, type Feature, type Plan, type Seen, type Tool } from './matrix/plan.ts'
import { copied, Wiretap, type Posted } from './matrix/recorder.ts'
import { full, inserted, short, type Outcome } from './matrix/render.ts'

interface Cell {
  plan: Plan
  seen: Seen
  posted: readonly Posted[]
}

const PAGES = [
  ['docs/CLIENTS.md', full],
  ['README.md', short],
] as const
const outcomes = new Map(TOOLS.map((tool) => [tool, new Map<Client, Outcome>()]))

const cells = new Map<Tool, Map<Client, Cell>>()

let installed: Installed
// All at once: most of it is waiting for processes to start.
beforeAll(async () => {
  installed = await install()
  await Promise.all(TOOLS.map(async (tool) => cells.set(tool, await filled(tool))))
})
nothingLeft(afterAll)

/** What both have. */
function planOf(client: Client, row: number, tool: Tool): Plan {
  const steps = Object.entries(tool.plan(row))
  return Object.fromEntries(steps.filter(([feature]) => client.lacks[feature as Feature] === undefined))
}

async function startedWith(tool: Tool, folder: string): Promise<RunningBridge> {
  const bridge = await startBridge(['--', ...copied(tool.command(installed), folder)])
  await bridge.until(({ msg }) => msg === 'tool answers', 60_000)
  // Until it is known what the tool speaks, a client is told after some seconds that it is not, and one that insists gives up.
  const client = new ModernClient({ port: bridge.port })
  const asked = async (): Promise<boolean> => 'result' in (await client.request('server/discover')).response
  await eventually(asked, { what: 'what the tool speaks', withinMs: 60_000 })
  return bridge
}

async function fill(client: Client, row: number, tool: Tool, port: number, folder: string): Promise<Cell> {
  const wiretap = new Wiretap(port)
  const url = await wiretap.listen()
  const plan = planOf(client, row, tool)
  const seen = await client.see({ url, name: `client-${row}`, plan, folder, installed })
  await wiretap.close()
  return { plan, seen, posted: wiretap.posted }
}

async function filled(tool: Tool): Promise<Map<Client, Cell>> {
  const row = new Map<Client, Cell>()
  const groups = tool.isAlone ? CLIENTS.map((client) => [client]) : [CLIENTS]
  await Promise.all(
    groups.map(async (clients) => {
      const folder = tempDir()
      const bridge = await startedWith(tool, folder)
      const fillings = clients.map(async (client) => {
        row.set(client, await fill(client, CLIENTS.indexOf(client), tool, bridge.port, folder))
      })
      await Promise.all(fillings)
      await bridge.stop()
    }),
  )
  return row
}

describe.each(TOOLS)('$name', (tool) => {
  test.each(CLIENTS.map((client) => [client.name, client] as const))('%s', (_, client) => {
    const cell = cells.get(tool)?.get(client)
    if (cell === undefined) throw new Error('it was not tried')
    const { plan, seen, posted } = cell
    const saw = (feature: Feature): boolean => {
      const outcome = seen.features[feature]
      return outcome !== undefined && 'said' in outcome && outcome.said.includes(plan[feature]?.says ?? '')
    }
    const done = FEATURES.filter((feature) => plan[feature] !== undefined && saw(feature))
    const revision = posted.find(({ method }) => method === 'tools/list')?.revision ?? ''
    outcomes.get(tool)?.set(client, { revision, done })

    expect(revision).toBe(client.revision)
    expect(seen.revision ?? revision).toBe(revision)
    const missing = FEATURES.filter((feature) => plan[feature] !== undefined && !done.includes(feature))
    expect(missing.map((feature) => [feature, seen.features[feature]])).toEqual([])
    if (plan.elicitation !== undefined) expectAnswers(posted, plan.elicitation.name ?? '', revision)
  })
})

/** In 2026-07-28 a question costs one POST more; in a session the answer is a message of its own. */
function expectAnswers(posted: readonly Posted[], tool: string, revision: string): void {
  const calls = posted.filter(({ params }) => params?.name === tool)
  if (revision !== '2026-07-28') return expect(calls).toHaveLength(1)
  const [first, ...others] = calls.map(({ params }) => Object.values(params?.inputResponses ?? {}))
  expect(first).toEqual([])
  expect(others.filter((answers) => !isRoots(answers))).toEqual([
    [expect.objectContaining({ action: 'accept', content: { name: ANSWERS.name } })],
  ])
  expect(others.length).toBeLessThanOrEqual(2)
}

/** server-everything asks for the roots of its own, soon after its start: if it does so during a call, then that is one POST more. */
function isRoots([answer]: readonly unknown[]): boolean {
  return typeof answer === 'object' && answer !== null && 'roots' in answer
}

// `MCP_BRIDGE_TEST_WRITE_TABLE=1` writes it.
test.each(PAGES)('%s has the table of this run', (path, render) => {
  const url = new URL(`../../${path}`, import.meta.url)
  const page = readFileSync(url, 'utf8')
  const wanted = inserted(page, render(outcomes))
  if (process.env['MCP_BRIDGE_TEST_WRITE_TABLE'] === '1') writeFileSync(url, wanted)
  else expect(page).toBe(wanted)
})
